"""The questions of setup: each answered by its flag, by what stands in the file, or by the person; nothing is done.

Attended, a wrong answer is asked again; unattended, whatever has neither flag nor default is listed as missing, all at
once. A flag that makes no sense ends setup at once, whoever is there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from agent.config import AgentConfig, PrintProfile, WorkstationSection
from agent.setup import answers
from agent.setup.answers import Given, Parser
from agent.setup.countries import countries, country_code
from agent.setup.finding import FoundPrinter, own_networks, small_network, subnet, without_twins
from agent.setup.printer_facts import PrinterFacts, model_named, model_of_width
from agent.setup.scans import Heard
from agent.setup.talk import PromptKind, Question, Talk
from receipt.printers import DEFAULT_MODEL
from retail.errors import ConfigurationError

Options = Sequence[tuple[str, str]]

MEMBER_CODES = "qr:tillstream"  # a code of our own; whatever is on plastic, the chain knows


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What the questions look at, handed in: a test gives its own printers and scanners."""

    find: Callable[[], list[FoundPrinter]]
    ask_printer: Callable[[str], PrinterFacts]
    hear_scan: Callable[[], Heard]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """All answers, in the sections of `agent.toml`."""

    store: dict[str, object]
    hub: str
    member: list[str]
    lane: dict[str, Any]
    tap: dict[str, Any]
    scanners: list[dict[str, object]]
    printer: dict[str, str]


class Interview:
    """See the module's contract.

    `config` is what stands in the file, whole or not (`parse_unfinished`); None where there is no file yet.
    """

    def __init__(
        self,
        given: Given,
        *,
        config: AgentConfig | None,
        around: Around,
        talk: Talk,
        attended: bool,
        speak: str,
    ) -> None:
        self._given, self._config, self._around = given, config, around
        self._talk, self._attended, self._speak = talk, attended, speak
        self._missing: list[str] = []
        self._facts: dict[str, str] = {}

    def run(self) -> Told:
        """Ask everything. Raises LeftError, ConfigurationError (missing or senseless answers)."""
        if self._given.subnet is not None:
            self._parsed("--subnet", small_network, self._given.subnet)
        store = self._store()
        hub = self._answer("--hub", "hub", answers.hub, self._standing("hub", "url") or "")
        member = self._answer("--member", "member", answers.member_codes, self._standing_member()).split()
        lane, tap = self._lane()
        scanners = self._scanners(lane["id"])
        if self._missing:
            words = " ".join(f"{flag} ..." for flag in self._missing)
            raise ConfigurationError(
                f"not told: {', '.join(self._missing)}", fix=f"tillstream setup --yes {words}", code="missing_answers"
            )
        return Told(store=store, hub=hub, member=member, lane=lane, tap=tap, scanners=scanners, printer=self._facts)

    def _store(self) -> dict[str, object]:
        given, known = self._given, countries()
        store: dict[str, object] = {
            "business_unit_id": self._answer(
                "--store", "store", answers.word, self._standing("store", "business_unit_id")
            ),
            "name": self._answer("--name", "name", str, self._standing("store", "name") or ""),
        }
        code = self._answer("--country", "country", country_code, self._standing("store", "country") or None)
        proposed = known.get(code)
        asked: tuple[tuple[str, Parser, str], ...] = (
            ("language", answers.two_letters, proposed.language if proposed else "en"),
            ("timezone", answers.zone, proposed.timezone if proposed else ""),
            ("currency", answers.currency, proposed.currency if proposed else ""),
        )
        store["country"] = code
        same_country = code == self._standing("store", "country")
        for name, parse, default in asked:
            kept = self._standing("store", name) if same_country else None
            store[name] = self._answer(f"--{name}", name, parse, kept or default or None)
        law = proposed.print_profile if proposed else None
        if proposed is not None and law is not None:
            self._say("profile_reason", country=code, profile=law.value, reason=proposed.reason[self._speak])
        elif code and not given.print_profile:
            self._say("profile_unknown", country=code)
        kept = self._standing("store", "print_profile") if same_country else None
        default = kept or (law.value if law else "off")
        profiles = [(each.value, self._talk.text(f"profile_{each.value}")) for each in PrintProfile]
        store["print_profile"] = self._answer("--print-profile", "profile", answers.profile, default, options=profiles)
        return store

    def _lane(self) -> tuple[dict[str, Any], dict[str, Any]]:
        first = self._config.workstation[0].id if self._config and self._config.workstation else None
        lane_id = self._answer("--workstation", "workstation", answers.word, first or "1")
        there = self._there(lane_id)
        tap = there.tap if there else None
        listen = self._answer(
            "--listen", "listen", answers.listen, (tap.listen if tap else None) or self._free_listen()
        )
        address = self._printer(tap.printer if tap else None)
        facts = self._around.ask_printer(address) if address else PrinterFacts(reached=False)
        model = self._model(address, facts, tap.model if tap and tap.printer == address else None)
        self._facts = {"address": address, "model": model, "told": facts.model, "maker": facts.maker}
        return {"id": lane_id}, {"listen": listen, "printer": address, "model": model}

    def _printer(self, standing: str | None) -> str:
        if self._given.printer is not None or not self._attended or not self._given.find:
            return self._answer("--printer", "printer", answers.printer, standing)
        self._say("looking")
        found = self._around.find() + self._knocked()
        found = [each for each in without_twins(found) if each.address]
        if not found:
            self._say("found_none")
            return self._answer("--printer", "printer", answers.printer, standing)
        options = [f"{each.address}  {each.name} ({each.way})" for each in found]
        at = next((number for number, each in enumerate(found) if each.address == standing), 0)
        chosen = self._talk.choose("found", [*options, self._talk.text("found_other")], default=at)
        if chosen < len(found):
            return found[chosen].address
        return self._answer("--printer", "printer", answers.printer, standing)

    def _knocked(self) -> list[FoundPrinter]:
        """Knock at the network, where somebody agreed."""
        networks = [self._given.subnet] if self._given.subnet else [str(each) for each in own_networks()]
        found: list[FoundPrinter] = []
        for network in networks:
            agreed = self._given.scan_subnet
            if agreed is None:
                agreed = bool(self._given.subnet) or self._talk.agree("ask_subnet", default=False, network=network)
            if agreed:
                found += subnet(network)
        return found

    def _model(self, address: str, facts: PrinterFacts, standing: str | None) -> str:
        said = " ".join(filter(None, (facts.maker, facts.model)))
        named = model_named(facts.model)
        if address and not facts.reached:
            self._say("not_reached", address=address)
        elif named is not None:
            self._say("told", told=said, model=named.name, columns=named.columns)
        elif address:
            self._say("told_unknown" if said else "told_nothing", told=said)
        if self._given.columns is not None and self._given.model is None:
            return self._parsed("--columns", lambda text: model_of_width(int(text)), self._given.columns)
        default = standing or (named.name if named else DEFAULT_MODEL)
        return self._answer("--model", "model", answers.model, default)

    def _scanners(self, lane_id: str) -> list[dict[str, object]]:
        found = [self._parsed("--scanner", answers.scanner, each) for each in self._given.scanners]
        there = self._there(lane_id)
        wanted = self._given.scan if self._given.scan is not None else not (found or (there and there.scanner))
        if wanted and self._attended:
            self._say("scan")
            heard = self._around.hear_scan()
            if heard.unreadable:
                self._say("scan_unreadable", devices=", ".join(heard.unreadable))
            if heard.address:
                self._say("scan_heard", address=heard.address)
                found.append(heard.address)
            elif not heard.skipped:
                self._say("scan_none")
        return [{"port": each} for each in found]

    def _answer(
        self, flag: str, key: str, parse: Callable[[str], str], default: str | None, *, options: Options = ()
    ) -> str:
        """Return an answer: the flag's, the default where nobody is asked, else the person's."""
        name = flag.removeprefix("--").replace("-", "_")
        told = getattr(self._given, name)
        if told is not None:
            return self._parsed(flag, parse, told)
        if self._attended:
            kind = PromptKind.CHOICE if options else PromptKind.TEXT
            question = Question(flag=flag, key=key, parse=parse, default=default, kind=kind, options=options)
            return str(self._talk.ask(question))
        if default is None:
            self._missing.append(flag)
            return ""
        return default

    def _parsed(self, flag: str, parse: Callable[[str], str], text: str) -> str:
        try:
            return parse(text)
        except ValueError as error:
            raise ConfigurationError(
                f"{flag} {text!r} does not fit: {error}", fix="tillstream setup --help", code="usage"
            ) from error

    def _standing(self, section: str, name: str) -> str | None:
        """Return what stands in the file now."""
        part = getattr(self._config, section, None) if self._config else None
        value = getattr(part, name, None)
        return None if value is None else str(value)

    def _there(self, lane_id: str) -> WorkstationSection | None:
        """Return what stands in the file of a workstation; one without an id is the one that is asked about."""
        lanes = self._config.workstation if self._config else ()
        return next((each for each in lanes if each.id in {lane_id, None}), None)

    def _standing_member(self) -> str:
        """Return the rules that stand in the file, as they are written there; else what phones show of us."""
        if self._config is None or not self._config.codes.member:
            return MEMBER_CODES
        return " ".join(
            f"{rule.symbology}:{rule.prefix}" if rule.prefix else rule.symbology for rule in self._config.codes.member
        )

    def _free_listen(self) -> str:
        taken = {
            each.tap.listen.rpartition(":")[2]
            for each in (self._config.workstation if self._config else ())
            if each.tap and each.tap.listen
        }
        port = next(port for port in range(9100, 9200) if str(port) not in taken)
        return f"0.0.0.0:{port}"

    def _say(self, key: str, **words: object) -> None:
        self._talk.say(key, **words)
