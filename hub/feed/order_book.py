"""Whom a chain was told to forget, in a file beside its database: a database put back from a copy is told again.

A copy of yesterday holds people who were forgotten today, and not the order to do so. `erasures.jsonl` lies with the
feed's files, is only ever appended to and synced before an order counts; it holds what the database's own list of
erasures holds - IDs and first halves of tokens - and nothing else of anybody.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from retail.errors import OnSiteError

BOOK = "erasures.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureOrder:
    """One person who must be forgotten; `locators` are the first halves of their tokens, hexadecimal."""

    customer_id: str
    locators: tuple[str, ...]

    def is_in(self, done: Mapping[str, Collection[str]]) -> bool:
        """Return whether these orders (customer ID to tokens' halves) include this one."""
        return self.customer_id in done and set(self.locators).issubset(done[self.customer_id])


@dataclass(frozen=True, slots=True)
class OrderBook:
    """The orders of one chain, in its folder of feed files."""

    folder: Path

    def orders(self) -> tuple[ErasureOrder, ...]:
        """Return every order, oldest first. Raises OnSiteError; half a last line, of a power cut, is passed over."""
        try:
            lines = (self.folder / BOOK).read_text("utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise _unreadable(self.folder, error) from error
        return tuple(dict.fromkeys(order for line in lines if (order := _order(line)) is not None))

    def note(self, orders: Sequence[ErasureOrder]) -> None:
        """Keep orders, synced on return; a repeat adds nothing. Raises OnSiteError."""
        known = frozenset(self.orders())
        lines = [_line(order) for order in dict.fromkeys(orders) if order not in known]
        if not lines:
            return
        try:
            fd = os.open(self.folder / BOOK, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(fd, "ab") as book:
                book.write(b"\n" + b"".join(lines))  # a new line first: the last one may have been cut short
                book.flush()
                os.fsync(book.fileno())
            directory = os.open(self.folder, os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)
        except OSError as error:
            raise _unreadable(self.folder, error) from error


def _line(order: ErasureOrder) -> bytes:
    told = {"customer_id": order.customer_id, "locators": order.locators}
    return json.dumps(told, ensure_ascii=False).encode() + b"\n"


def _order(line: str) -> ErasureOrder | None:
    try:
        told = json.loads(line)
        return ErasureOrder(customer_id=str(told["customer_id"]), locators=tuple(map(str, told["locators"])))
    except (ValueError, KeyError, TypeError):
        return None


def _unreadable(folder: Path, error: OSError) -> OnSiteError:
    return OnSiteError(f"{folder / BOOK}: {error.strerror}", fix="free space on the disk, make it writable")
