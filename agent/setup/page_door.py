"""Who may answer setup's questions in a browser: whoever typed the code that stands in the terminal, once.

Setup writes a store's configuration and may run as root, so that nearness proves nothing: any program on this PC, any
page in a stranger's tab reaches loopback. The code opens one session; a second browser is refused, even with it.
"""

from __future__ import annotations

import hmac
import secrets
from enum import Enum

LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that is read as another
CODE_LETTERS = 12  # 58 bits against WRONG_MAX guesses
GROUP_LETTERS = 4
WRONG_MAX = 10  # a person mistypes twice; a program guesses


class Opened(Enum):
    """What became of a code."""

    OPEN = "open"
    WRONG = "wrong"
    USED = "used"
    CLOSED = "closed"


class PageDoor:
    """See the module's contract. The code and the session live in memory alone."""

    def __init__(self) -> None:
        self._code = "".join(secrets.choice(LETTERS) for _ in range(CODE_LETTERS))
        self._session = ""
        self._wrong = 0

    @property
    def code(self) -> str:
        """The code as it is shown: in groups."""
        starts = range(0, CODE_LETTERS, GROUP_LETTERS)
        return "-".join(self._code[start : start + GROUP_LETTERS] for start in starts)

    def open(self, typed: str) -> tuple[Opened, str]:
        """Try a code; return the session's secret where it opens."""
        if self._wrong >= WRONG_MAX:
            return Opened.CLOSED, ""
        told = "".join(letter for letter in typed.upper() if letter.isalnum())
        if not hmac.compare_digest(told.encode(), self._code.encode()):
            self._wrong += 1
            return Opened.WRONG, ""
        if self._session:
            return Opened.USED, ""
        self._session = secrets.token_urlsafe(32)
        return Opened.OPEN, self._session

    def knows(self, session: str) -> bool:
        """Return whether this is the session that was opened."""
        return bool(self._session) and hmac.compare_digest(session.encode(), self._session.encode())
