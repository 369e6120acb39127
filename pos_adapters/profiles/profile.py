r"""A profile: how one make of till prints, declared. Read from TOML, written by `learn`, corrected by a person.

    name = "corner-till"
    [identify]                       # every expression must match some line; exactly one profile may claim a job
    lines = ["(?i)^\\s*corner shop"]
    [words]                          # role -> what this till prints for it
    total = ["grd ttl"]
    [kinds]                          # kind -> words that refuse a sale
    training = ["probe"]
    [ignore]                         # lines that say nothing (expressions)
    lines = ["^Ref "]
    [fields]                         # field -> an expression whose first group is the value
    document_number = "Bon (\\d+)"
    [store]
    currency = "EUR"

What a profile teaches is words and places; what the arithmetic must prove stays the same.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from pos_adapters.reading.lexicon import Lexicon, Role
from pos_adapters.reading.lines import LineReader
from pos_adapters.reading.reader import read_text
from pos_adapters.reading.values import Reading, ReceiptText, StoreFacts
from retail.errors import ConfigurationError
from retail.transaction import DocumentKind

EXPRESSIONS_MAX = 50  # per list: a profile is a page that a person can read
FIELDS = frozenset(("document_number", "cashier", "workstation", "member"))
_SECTIONS = ("name", "identify", "words", "kinds", "ignore", "fields", "store")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How one make of till prints."""

    name: str
    identify: tuple[re.Pattern[str], ...]
    words: Mapping[Role, tuple[str, ...]] = field(default_factory=dict)
    kinds: Mapping[DocumentKind, tuple[str, ...]] = field(default_factory=dict)
    ignore: tuple[re.Pattern[str], ...] = ()
    fields: Mapping[str, re.Pattern[str]] = field(default_factory=dict)
    currency: str | None = None

    def claims(self, text: ReceiptText) -> bool:
        """Return whether every identifying expression matches a line of the document."""
        return bool(self.identify) and all(
            any(expression.search(line) for line in text.lines) for expression in self.identify
        )

    def reader(self, lexicon: Lexicon) -> LineReader:
        """Return a reader that knows this till's words beside those of `lexicon`."""
        taught = [(text, role, None) for role, texts in self.words.items() for text in texts]
        refused = [(text, Role.KIND, kind) for kind, texts in self.kinds.items() for text in texts]
        return LineReader(lexicon.taught((*taught, *refused)))

    def read(
        self, text: ReceiptText, reader: LineReader, *, store: StoreFacts | None = None, explain: bool = False
    ) -> Reading:
        """Read a claimed document: ignored lines blanked, this till's words known, its fields taken."""
        lines = tuple("" if any(one.search(line) for one in self.ignore) else line for line in text.lines)
        facts = store or StoreFacts()
        if facts.currency is None and self.currency is not None:
            facts = replace(facts, currency=self.currency)
        reading = replace(
            read_text(replace(text, lines=lines), store=facts, reader=reader, explain=explain), profile=self.name
        )
        return self._with_fields(reading, text)

    def _with_fields(self, reading: Reading, text: ReceiptText) -> Reading:
        found = {name: _first_group(expression, text.lines) for name, expression in self.fields.items()}
        if reading.transaction is not None:
            reading = replace(
                reading,
                transaction=replace(
                    reading.transaction,
                    sequence_number=found.get("document_number") or reading.transaction.sequence_number,
                    loyalty_code_printed=found.get("member") or reading.transaction.loyalty_code_printed,
                ),
            )
        return replace(
            reading,
            cashier_printed=found.get("cashier") or reading.cashier_printed,
            workstation_printed=found.get("workstation") or reading.workstation_printed,
        )


def _first_group(expression: re.Pattern[str], lines: Sequence[str]) -> str | None:
    for line in lines:
        match = expression.search(line)
        if match is not None:
            return match.group(1) if expression.groups else match.group()
    return None


def claimed_by(profiles: Sequence[Profile], text: ReceiptText) -> Profile | None:
    """Return the one profile that claims a document, None when none does. Raises ConfigurationError for two."""
    claimants = [profile for profile in profiles if profile.claims(text)]
    if len(claimants) > 1:
        names = ", ".join(profile.name for profile in claimants)
        raise ConfigurationError(
            f"{names} claim the same document",
            fix="make the [identify] of one of them narrower, so that exactly one claims it",
            code="two_profiles",
        )
    return claimants[0] if claimants else None


def parse_profile(text: str, *, source: str) -> Profile:
    """Return the profile in a TOML text; `source` names it in messages. Raises ConfigurationError."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{source}: no TOML: {error}", fix="correct the line that it names") from error
    _refuse_unknown(table, _SECTIONS, source)
    for section, known in _KEYS.items():
        _refuse_unknown(_section(table, section, source), known, f"{source}: {section}")
    name, currency = table.get("name"), table.get("store", {}).get("currency")
    identify = _expressions(table.get("identify", {}).get("lines", []), f"{source}: identify.lines")
    if not isinstance(name, str) or not name or not identify:
        raise ConfigurationError(
            f"{source}: a profile needs a name and identify.lines",
            fix='add name = "..." and [identify] lines = ["..."]',
            code="bad_profile",
        )
    if currency is not None and (not isinstance(currency, str) or not re.fullmatch("[A-Z]{3}", currency)):
        raise ConfigurationError(
            f"{source}: store.currency: `{currency}` is no currency",
            fix='write three capitals: "EUR"',
            code="bad_profile",
        )
    return Profile(
        name=name,
        identify=identify,
        words={
            _ROLES[role]: _texts(texts, f"{source}: words.{role}") for role, texts in table.get("words", {}).items()
        },
        kinds={
            _KINDS[kind]: _texts(texts, f"{source}: kinds.{kind}") for kind, texts in table.get("kinds", {}).items()
        },
        ignore=_expressions(table.get("ignore", {}).get("lines", []), f"{source}: ignore.lines"),
        fields={
            key: _expressions([expression], f"{source}: fields.{key}")[0]
            for key, expression in table.get("fields", {}).items()
        },
        currency=currency,
    )


_ROLES = {role.value: role for role in Role}
_KINDS = {kind.value: kind for kind in DocumentKind}
_KEYS: Mapping[str, Sequence[str]] = {
    "identify": ("lines",),
    "words": tuple(_ROLES),
    "kinds": tuple(_KINDS),
    "ignore": ("lines",),
    "fields": tuple(sorted(FIELDS)),
    "store": ("currency",),
}


def _section(table: Mapping[str, object], name: str, source: str) -> Mapping[str, object]:
    section = table.get(name, {})
    if not isinstance(section, dict):
        raise ConfigurationError(f"{source}: `{name}` is no section", fix=f"write [{name}]", code="bad_profile")
    return section


def _texts(told: object, where: str) -> tuple[str, ...]:
    if not isinstance(told, list) or not all(isinstance(text, str) for text in told):
        raise ConfigurationError(f"{where}: no list of texts", fix='write ["...", "..."]', code="bad_profile")
    return tuple(told)


def _refuse_unknown(table: Mapping[str, object], known: Sequence[str] | Mapping[str, object], where: str) -> None:
    for key in table:
        if key not in known:
            near = get_close_matches(key, list(known), n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"use one of: {', '.join(sorted(known))}"
            raise ConfigurationError(f"{where}: nobody knows `{key}`", fix=hint, code="unknown_key")


def _expressions(told: object, where: str) -> tuple[re.Pattern[str], ...]:
    texts = _texts(told, where)
    if len(texts) > EXPRESSIONS_MAX:
        raise ConfigurationError(f"{where}: more than {EXPRESSIONS_MAX} expressions", fix="keep the telling ones")
    try:
        return tuple(re.compile(text) for text in texts)
    except re.error as error:
        raise ConfigurationError(
            f"{where}: {error.pattern!r} is no regular expression: {error.msg}", fix="correct it", code="bad_expression"
        ) from error


def profile_toml(profile: Profile) -> str:
    """Return a profile as the TOML that `parse_profile` reads."""
    lines = [f"name = {_quoted(profile.name)}", "", "[identify]"]
    lines.append(f"lines = {_list(one.pattern for one in profile.identify)}")
    for title, table in (("words", profile.words), ("kinds", profile.kinds)):
        if table:
            lines += ["", f"[{title}]", *(f"{key.value} = {_list(texts)}" for key, texts in table.items())]
    if profile.ignore:
        lines += ["", "[ignore]", f"lines = {_list(one.pattern for one in profile.ignore)}"]
    if profile.fields:
        lines += ["", "[fields]", *(f"{key} = {_quoted(one.pattern)}" for key, one in profile.fields.items())]
    if profile.currency:
        lines += ["", "[store]", f"currency = {_quoted(profile.currency)}"]
    return "\n".join(lines) + "\n"


def _list(texts: object) -> str:
    return "[" + ", ".join(_quoted(text) for text in texts) + "]"  # type: ignore[attr-defined]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
