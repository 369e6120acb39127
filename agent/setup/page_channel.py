"""The channel of a browser page: the wizard's thread asks and waits here, the page looks and answers when it likes.

A page that was reloaded, or lost its line to this PC for a minute, gets everything again from the first line. An answer
names its question's number: one that comes twice, or too late, is taken for no other question.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from typing import Any

from agent.setup.talk import LeftError, Prompt

LINES_MAX = 5_000  # a diff and two sheets are 300; what is older than that nobody scrolls to
ANSWER_LETTERS_MAX = 500
WAIT_KIND = "wait"


class PageChannel:
    """See the module's contract. Everything may be called from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._lines: list[str] = []
        self._asked: dict[str, Any] | None = None
        self._number = 0
        self._answer: str | None = None
        self._wrong = ""
        self._left = False
        self._result = ""
        self._told_the_end = threading.Event()
        self._enough = False
        self._enough_out, self._enough_in = os.pipe()
        os.set_blocking(self._enough_out, False)

    # The wizard's side

    def show(self, text: str) -> None:
        """Show lines as they are."""
        with self._changed:
            self._lines += text.split("\n")[: LINES_MAX - len(self._lines)]

    def wrong(self, text: str) -> None:
        """Show why the last answer does not fit: beside the question, which comes again."""
        with self._changed:
            self._wrong = text.strip()

    def line(self, prompt: Prompt) -> str:
        """Ask, wait, and return the answer. Raises LeftError."""
        with self._changed:
            self._number += 1
            self._asked = {
                "number": self._number, "kind": prompt.kind.value, "key": prompt.key, "text": prompt.text,
                "default": prompt.default or "", "help": prompt.help, "wrong": self._wrong,
                "options": [{"value": value, "label": label} for value, label in prompt.options],
            }  # fmt: skip
            self._answer, self._wrong = None, ""
            self._changed.wait_for(lambda: self._left or self._answer is not None)
            if self._left or self._answer is None:
                raise LeftError
            self._lines.append(f"{prompt.text}: {self._answer or prompt.default or ''}")
            self._asked = None
            return self._answer

    def waits_enough(self) -> bool:
        """Return whether the page's button that ends this waiting was pressed. Raises LeftError."""
        self.begin_wait("receipts")
        with self._changed:
            if self._left:
                raise LeftError
            return self._enough

    def begin_wait(self, key: str) -> int:
        """Show that something else is awaited than an answer; return what becomes readable when it is enough."""
        with self._changed:
            if self._asked is None or (self._asked.get("kind"), self._asked["key"]) != (WAIT_KIND, key):
                self._drain()
                self._number += 1
                self._asked = {"number": self._number, "kind": WAIT_KIND, "key": key}
        return self._enough_out

    def end(self, result: str) -> None:
        """Say that the wizard is through: `done`, `left` or `failed`."""
        with self._changed:
            self._asked, self._result = None, result

    def wait_until_told(self, within_s: float) -> None:
        """Wait until a page has read the end, or the time is over."""
        self._told_the_end.wait(within_s)

    # The page's side

    def told(self, seen: int) -> dict[str, Any]:
        """Return the lines behind the first `seen`, what is asked now, and how it ended (empty: it has not)."""
        with self._changed:
            if self._result:
                self._told_the_end.set()
            return {"lines": self._lines[seen:], "asked": self._asked, "result": self._result}

    def answer(self, number: int, text: str) -> bool:
        """Take the answer to question `number`; False where that question is no longer asked."""
        with self._changed:
            if self._asked is None or self._asked["number"] != number:
                return False
            if self._asked["kind"] == WAIT_KIND:
                self._enough = True
                os.write(self._enough_in, b".")
                return True
            kept = "".join(letter for letter in text if letter.isprintable())
            self._answer = kept.strip()[:ANSWER_LETTERS_MAX]
            self._changed.notify_all()
            return True

    def leave(self) -> None:
        """Let the wizard end where it is: whoever asks next hears that the person has left."""
        with self._changed:
            self._left = True
            self._told_the_end.set()
            os.write(self._enough_in, b".")
            self._changed.notify_all()

    def _drain(self) -> None:
        self._enough = False
        with suppress(BlockingIOError):
            os.read(self._enough_out, 64)
