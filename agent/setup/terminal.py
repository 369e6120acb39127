"""Questions in plain lines, on any terminal: a serial console, a remote desktop, a test's PTY.

The default stands in brackets, options have numbers; Ctrl-C and the end of the input leave.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

from agent.setup.talk import LeftError, Prompt, PromptKind


class Terminal:
    """The channel of a terminal. `out` takes what a person reads; `read` returns a line, EOFError at the end."""

    def __init__(self, *, read: Callable[[], str], out: TextIO) -> None:
        self._read, self._out = read, out

    def show(self, text: str) -> None:
        """Show lines as they are."""
        self._out.write(text + "\n")
        self._out.flush()

    def wrong(self, text: str) -> None:
        """Show why the last answer does not fit."""
        self.show(text)

    def line(self, prompt: Prompt) -> str:
        """Ask, wait, and return what was typed, without its ends. Raises LeftError."""
        if prompt.kind is PromptKind.CHOICE:
            for number, (_, label) in enumerate(prompt.options, start=1):
                self.show(f"  {number}  {label}")
        shown = f" [{prompt.default}]" if prompt.default else ""
        self._out.write(f"{prompt.text}{shown}: ")
        self._out.flush()
        try:
            typed = self._read()
        except (EOFError, KeyboardInterrupt) as left:
            self._out.write("\n")
            raise LeftError from left
        return "".join(letter for letter in typed if letter.isprintable()).strip()

    def waits_enough(self) -> bool:
        """Return False: who has waited enough at a terminal presses Ctrl-C."""
        return False
