"""The mirror as recognition uses it: a token in, an account out, and never an exception."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from retail.errors import TillstreamError
from retail.loyalty import Account
from sync.mirror import Mirror
from sync.protocol.mirror_account import account_of


class AccountMirror:
    """Fulfils `recognition.MirrorPort`; opens its files when they can be, and knows nobody until then."""

    def __init__(self, folder: Path, *, on_trouble: Callable[[TillstreamError], None]) -> None:
        self._folder = folder
        self._on_trouble = on_trouble
        self._mirror: Mirror | None = None

    @property
    def version(self) -> str:
        """The version in use, empty for none."""
        return str(self._mirror.current.version) if self._mirror and self._mirror.current else ""

    @property
    def as_of(self) -> str | None:
        """How new the data in use is, ISO 8601; None for none."""
        return self._mirror.current.as_of.isoformat() if self._mirror and self._mirror.current else None

    @property
    def is_slice(self) -> bool:
        """Whether only those who shop here or near are in it."""
        return bool(self._mirror and self._mirror.current and self._mirror.current.is_slice)

    @property
    def customers(self) -> int:
        """How many codes are known."""
        return self._mirror.customers if self._mirror else 0

    def swap(self) -> None:
        """Go over to the newest files. Raises RefusedError when they cannot be used: the old ones stay."""
        if self._mirror is None:
            self._mirror = Mirror(self._folder)
        else:
            self._mirror.swap()

    def look_up_account(self, token: bytes) -> Account | None:
        """Return the holder; a damaged page is told and knows nobody."""
        if self._mirror is None:
            return None
        try:
            record = self._mirror.look_up(token)
        except TillstreamError as error:
            self._on_trouble(error)
            return None
        return account_of(record) if record is not None else None
