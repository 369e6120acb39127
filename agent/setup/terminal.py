"""Questions in plain lines, on any terminal: a serial console, a remote desktop, a test's PTY.

A wrong answer is told what is wrong and asked again; `?` shows help; an empty one takes the default in brackets.
Ctrl-C and the end of the input leave as LeftError: whoever asks has done nothing that cannot be done again.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import TextIO

from retail.errors import ConfigurationError

LANGUAGES = ("en", "ru")
TRIES_MAX = 25  # a program that answers nonsense for ever is no technician


class LeftError(Exception):
    """The person has left: Ctrl-C, or the input ended."""


def words_of(language: str) -> Mapping[str, str]:
    """Return setup's own words; English where there are none."""
    name = language if language in LANGUAGES else LANGUAGES[0]
    told: Mapping[str, str] = tomllib.loads(
        files("agent.setup").joinpath("texts", f"{name}.toml").read_text(encoding="utf-8")
    )
    return told


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question. `parse` raises ValueError with what is wrong; `default` is shown in brackets and parsed, too."""

    flag: str
    key: str
    parse: Callable[[str], object] = str
    default: str | None = None
    words: Mapping[str, str] | None = None


class Terminal:
    """Asks and tells. `out` takes what a person reads; `read` returns a line and raises EOFError at the end."""

    def __init__(self, *, read: Callable[[], str], out: TextIO, words: Mapping[str, str]) -> None:
        self._read, self._out, self._words = read, out, words

    def text(self, key: str, **words: object) -> str:
        """Return a text in the person's language."""
        return self._words[key].format(**words)

    def say(self, key: str, **words: object) -> None:
        """Tell something."""
        self._out.write(self.text(key, **words) + "\n")
        self._out.flush()

    def show(self, text: str) -> None:
        """Show lines as they are."""
        self._out.write(text.rstrip("\n") + "\n")
        self._out.flush()

    def ask(self, question: Question) -> object:
        """Ask until an answer makes sense. Raises LeftError."""
        shown = f" [{question.default}]" if question.default else ""
        prompt = self.text(question.key, **(question.words or {})) + shown + ": "
        for _ in range(TRIES_MAX):
            typed = self.line(prompt)
            if typed == "?":
                self.show("  " + self._words.get(f"{question.key}_help", self._words["no_help"]))
                continue
            if not typed and question.default is None:
                self.say("needed")
                continue
            try:
                return question.parse(typed or question.default or "")
            except ValueError as error:
                self.say("wrong", typed=typed[:60], hint=str(error))
        raise ConfigurationError(
            f"no answer after {TRIES_MAX} tries: {question.key}", fix=f"give it as {question.flag}", code="no_answer"
        )

    def choose(self, key: str, options: Sequence[str], *, default: int = 0) -> int:
        """Let one of numbered options be chosen; return its index. Raises LeftError."""
        for number, option in enumerate(options, start=1):
            self.show(f"  {number}  {option}")

        def index(typed: str) -> int:
            if not (typed.isdecimal() and 1 <= int(typed) <= len(options)):
                raise ValueError(f"1-{len(options)}")
            return int(typed) - 1

        told = self.ask(Question(flag="", key=key, parse=index, default=str(default + 1)))
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
        return bool(self.ask(Question(flag="", key=key, parse=parse, default=shown, words=words)))

    def line(self, prompt: str) -> str:
        """Return one typed line without its ends. Raises LeftError."""
        self._out.write(prompt)
        self._out.flush()
        try:
            typed = self._read()
        except (EOFError, KeyboardInterrupt) as left:
            self._out.write("\n")
            raise LeftError from left
        return "".join(letter for letter in typed if letter.isprintable()).strip()


YES = frozenset({"y", "yes", "j", "ja", "д", "да", "1"})
NO = frozenset({"n", "no", "nein", "н", "нет", "0"})
