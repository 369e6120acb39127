"""The marketer's texts: jinja2 templates that can choose and insert words, and nothing else.

Only conditions, comparisons and a handful of filters are allowed, checked on the parsed template before it is ever
run: there is no loop, no multiplication, no attribute and no call, so that no text can run away, grow without bound or
look at anything but the words it is given. `check_texts` refuses bad ones when a feed brings campaigns (on the hub and
in desk); core compiles a text when it is first needed, once, because 1,000 campaigns at once would hold up a till.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from retail.errors import ConfigurationError
from retail.identifiers import CampaignId
from retail.offers.campaign import Campaign

OUTPUT_CHARS_MAX = 400
"""Longest text of one offer: ten lines of a narrow printer; longer ones are not read."""

WORDS = (
    *("first_name", "valid_until", "store", "points", "tier", "segments", "value", "money", "language"),
    *("program", "goods", "today", "serial"),
)
"""What a template may name; a word that nobody knows in the case at hand is empty, and so is false in a condition."""

_FILTERS = frozenset(("upper", "lower", "capitalize", "title", "trim", "default"))
_TESTS = frozenset(("defined", "in"))
_ALLOWED = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.CondExpr),
    *(nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Filter, nodes.Test, nodes.Concat),
    *(nodes.Tuple, nodes.List),
)

TemplateKey = tuple[CampaignId, str, str]
"""Campaign, language, channel."""


class TemplateShelf:
    """The texts of one version of the campaigns, each compiled when it is first rendered. Not shared by threads."""

    def __init__(self, campaigns: Iterable[Campaign] = ()) -> None:
        """Take the texts; nothing is compiled or refused yet."""
        self._environment = _environment()
        self._sources = dict(_texts(campaigns))
        self._compiled: dict[TemplateKey, Template] = {}
        self._languages: dict[tuple[CampaignId, str], tuple[str, ...]] = {}
        for campaign, language, channel in self._sources:
            known = self._languages.get((campaign, channel), ())
            self._languages[campaign, channel] = (*known, language)

    def languages(self, campaign_id: CampaignId, channel: str) -> tuple[str, ...]:
        """Return the languages in which a campaign has a text for a channel."""
        return self._languages.get((campaign_id, channel), ())

    def render(self, key: TemplateKey, words: Mapping[str, object]) -> str | None:
        """Return the text, None when the campaign has none in that language for that channel.

        ConfigurationError when it cannot be rendered or is too long: nothing half-said is printed.
        """
        if key not in self._sources:
            return None
        template = self._template(key)
        known = dict.fromkeys(WORDS, "") | dict(words)
        try:
            text = template.render(known).strip()
        except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
            raise _refused(key, str(error)) from error
        if len(text) > OUTPUT_CHARS_MAX:
            raise _refused(key, f"makes {len(text)} characters, {OUTPUT_CHARS_MAX} fit")
        return text

    def _template(self, key: TemplateKey) -> Template:
        template = self._compiled.get(key)
        if template is None:
            template = self._compiled[key] = _compiled(self._environment, self._sources[key], key)
        return template


def check_texts(campaigns: Iterable[Campaign]) -> None:
    """Compile every text. ConfigurationError names campaign, language, channel, line and what is wrong."""
    environment = _environment()
    for key, text in _texts(campaigns):
        _compiled(environment, text, key)


def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, cache_size=0)
    environment.globals.clear()
    environment.filters = {name: environment.filters[name] for name in _FILTERS}
    environment.tests = {name: environment.tests[name] for name in _TESTS}
    return environment


def _texts(campaigns: Iterable[Campaign]) -> Iterator[tuple[TemplateKey, str]]:
    for campaign in campaigns:
        for language, channels in campaign.texts.items():
            for channel, text in channels.items():
                yield (campaign.campaign_id, language, channel), text


def _compiled(environment: ImmutableSandboxedEnvironment, text: str, key: TemplateKey) -> Template:
    try:
        tree = environment.parse(text)
    except (RecursionError, SyntaxError, MemoryError) as error:
        raise _refused(key, "conditions are nested too deep") from error
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        raise _refused(key, f"{error}" + (f" (line {line})" if line else "")) from error
    for node in tree.find_all(nodes.Node):
        _check(node, key)
    try:
        return environment.from_string(tree)
    except (RecursionError, SyntaxError, MemoryError) as error:
        raise _refused(key, "conditions are nested too deep") from error


def _check(node: nodes.Node, key: TemplateKey) -> None:
    if not isinstance(node, _ALLOWED):
        raise _refused(key, f"{type(node).__name__} is not allowed (line {node.lineno})")
    if isinstance(node, nodes.Name) and node.name not in WORDS:
        near = get_close_matches(node.name, WORDS, n=1)
        fix = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(WORDS)}"
        raise _refused(key, f"there is no word {node.name!r} (line {node.lineno})", fix=fix)
    if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
        raise _refused(key, f"there is no filter {node.name!r}", fix=f"known are {', '.join(sorted(_FILTERS))}")
    if isinstance(node, nodes.Test) and node.name not in _TESTS:
        raise _refused(key, f"there is no test {node.name!r}", fix=f"known are {', '.join(sorted(_TESTS))}")


def _refused(key: TemplateKey, problem: str, *, fix: str = "") -> ConfigurationError:
    campaign, language, channel = key
    return ConfigurationError(
        f"campaign {campaign}, text.{language}.{channel}: {problem}",
        fix=fix or "a text may hold words in {{ }} and conditions in {% if %}, nothing else",
        code="campaign_text",
    )
