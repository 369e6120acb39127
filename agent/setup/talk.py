"""Setup's questions, one engine for terminal and browser: how it asks, and what it tells of a wrong answer.

A wrong answer is told what is wrong and asked again; `?` shows help; an empty one takes the default. Leaving (Ctrl-C,
the end of the input) is LeftError: whoever asks has done nothing that cannot be done again.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from importlib.resources import files
from typing import Protocol

from retail.errors import ConfigurationError

LANGUAGES = ("en", "ru")
TRIES_MAX = 25  # a program that answers nonsense for ever is no technician
TYPED_SHOWN = 60

YES = frozenset({"y", "yes", "j", "ja", "д", "да", "1"})
NO = frozenset({"n", "no", "nein", "н", "нет", "0"})


class LeftError(Exception):
    """The person has left: Ctrl-C, or the input ended."""


class HintError(ValueError):
    """What is wrong with an answer, in English; `key` says it in the words of the person who is asked."""

    def __init__(self, key: str, said: str) -> None:
        super().__init__(said)
        self.key = key


class PromptKind(Enum):
    """What kind of answer is awaited; a terminal needs it little, a page draws by it."""

    TEXT = "text"
    CHOICE = "choice"
    YES_NO = "yes_no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A question as a channel shows it. `options` are (what is answered, what is read)."""

    kind: PromptKind
    key: str
    text: str
    default: str | None = None
    help: str = ""
    options: Sequence[tuple[str, str]] = ()


class Channel(Protocol):
    """Where a person reads and answers: a terminal, or a page."""

    def show(self, text: str) -> None:
        """Show lines as they are."""
        ...

    def wrong(self, text: str) -> None:
        """Show why the last answer does not fit; the same question is asked again."""
        ...

    def line(self, prompt: Prompt) -> str:
        """Ask, wait, and return what was typed, without its ends. Raises LeftError."""
        ...

    def waits_enough(self) -> bool:
        """Return whether the person has said that the waiting that goes on now is enough."""
        ...


def words_of(language: str) -> Mapping[str, str]:
    """Return setup's own words; English where there are none."""
    name = language if language in LANGUAGES else LANGUAGES[0]
    told: Mapping[str, str] = tomllib.loads(
        files("agent.setup").joinpath("texts", f"{name}.toml").read_text(encoding="utf-8")
    )
    return told


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question. `parse` raises ValueError with what is wrong; `default` is shown and parsed, too."""

    flag: str
    key: str
    parse: Callable[[str], object] = str
    default: str | None = None
    words: Mapping[str, str] | None = None
    kind: PromptKind = PromptKind.TEXT
    options: Sequence[tuple[str, str]] = field(default=())


class Talk:
    """Asks and tells, in one language, over a channel."""

    def __init__(self, channel: Channel, *, words: Mapping[str, str]) -> None:
        self._channel, self._words = channel, words

    def text(self, key: str, **words: object) -> str:
        """Return a text in the person's language."""
        return self._words[key].format(**words)

    def say(self, key: str, **words: object) -> None:
        """Tell something."""
        self.show(self.text(key, **words))

    def show(self, text: str) -> None:
        """Show lines as they are."""
        self._channel.show(text.rstrip("\n"))

    def waits_enough(self) -> bool:
        """Return whether the person has said that the waiting that goes on now is enough."""
        return self._channel.waits_enough()

    def ask(self, question: Question) -> object:
        """Ask until an answer makes sense. Raises LeftError."""
        words = question.words or {}
        prompt = Prompt(
            kind=question.kind, key=question.key, text=self.text(question.key, **words), default=question.default,
            help=self._words.get(f"{question.key}_help", "").format_map(words), options=question.options,
        )  # fmt: skip
        for _ in range(TRIES_MAX):
            typed = self._channel.line(prompt)
            if typed == "?":
                self.show("  " + (prompt.help or self._words["no_help"]))
                continue
            if not typed and question.default is None:
                self._channel.wrong(self.text("needed"))
                continue
            try:
                return question.parse(typed or question.default or "")
            except ValueError as error:
                hint = self.text(error.key, said=str(error)) if isinstance(error, HintError) else str(error)
                self._channel.wrong(self.text("wrong", typed=typed[:TYPED_SHOWN], hint=hint))
        raise ConfigurationError(
            f"no answer after {TRIES_MAX} tries: {question.key}", fix=f"give it as {question.flag}", code="no_answer"
        )

    def choose(self, key: str, options: Sequence[str], *, default: int = 0) -> int:
        """Let one of numbered options be chosen; return its index. Raises LeftError."""

        def index(typed: str) -> int:
            if not (typed.isdecimal() and 1 <= int(typed) <= len(options)):
                raise ValueError(f"1-{len(options)}")
            return int(typed) - 1

        numbered = [(str(number), option) for number, option in enumerate(options, start=1)]
        told = self.ask(
            Question(flag="", key=key, parse=index, default=str(default + 1), kind=PromptKind.CHOICE, options=numbered)
        )
        assert isinstance(told, int)
        return told

    def agree(self, key: str, *, default: bool, **words: str) -> bool:
        """Ask for yes or no, in any language we speak. Raises LeftError."""

        def parse(typed: str) -> bool:
            if typed.casefold() in YES:
                return True
            if typed.casefold() in NO:
                return False
            raise ValueError(self._words["yes_or_no"])

        shown = self._words["yes"] if default else self._words["no"]
        both = [(self._words[each], self._words[each]) for each in ("yes", "no")]
        return bool(
            self.ask(
                Question(
                    flag="", key=key, parse=parse, default=shown, words=words, kind=PromptKind.YES_NO, options=both
                )
            )
        )
