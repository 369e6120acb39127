"""What of a scanner's bytes may go on to the till at once, and what waits for core's word. Pure.

Everything passes at once and unchanged, except a code that begins like one of ours: its bytes are kept back from the
first on which it could be one, until it ends. As soon as it cannot be ours any more, what was kept back passes in one
piece. Nobody decides here: `Held` says what waits, the caller passes it, something else, or nothing - in time.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from pos_adapters.scanners.code_reader import CODE_BYTES_MAX, ENDS, STX, without_aim

_AIM = b"]"
_AIM_BYTES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """Bytes for the till, now."""

    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A whole code of ours, with what stands around it: `head + code + tail` is exactly what the scanner sent."""

    head: bytes
    code: bytes
    tail: bytes
    symbology: str = ""

    @property
    def data(self) -> bytes:
        """What the scanner sent."""
        return self.head + self.code + self.tail


class CodeGate:
    """`prefixes`: how codes begin that core is to be asked about; none lets everything pass."""

    def __init__(self, prefixes: Collection[bytes]) -> None:
        self._prefixes = tuple(prefix for prefix in prefixes if prefix)
        self._kept = bytearray()
        self._passes = not self._prefixes  # the rest of this code is not ours

    @property
    def holds(self) -> bool:
        """Whether bytes wait."""
        return bool(self._kept)

    def feed(self, data: bytes) -> list[Pass | Held]:
        """Take bytes; return what becomes of them, in order. Every byte comes out once, or waits."""
        if not self._prefixes:
            return [Pass(data=data)] if data else []
        out: list[Pass | Held] = []
        passing = bytearray()
        for byte in data:
            ended = byte in ENDS
            if self._passes:
                passing.append(byte)
                self._passes = not ended
                continue
            self._kept.append(byte)
            if ended and self._is_ours():
                if passing:
                    out.append(Pass(data=bytes(passing)))
                    passing.clear()
                out.append(self._release_held())
            elif ended or not self._may_be_ours():
                passing += self._kept
                self._kept.clear()
                self._passes = not ended
        if passing:
            out.append(Pass(data=bytes(passing)))
        return out

    def silence(self) -> list[Pass | Held]:
        """End what is open: the scanner has sent nothing for a while."""
        self._passes = not self._prefixes
        if not self._kept:
            return []
        if self._is_ours():
            return [self._release_held()]
        kept, self._kept = bytes(self._kept), bytearray()
        return [Pass(data=kept)]

    def _may_be_ours(self) -> bool:
        if len(self._kept) > CODE_BYTES_MAX:
            return False
        body = self._body()
        return body is None or any(prefix.startswith(body) or body.startswith(prefix) for prefix in self._prefixes)

    def _is_ours(self) -> bool:
        body = self._body()
        return body is not None and any(body.startswith(prefix) for prefix in self._prefixes)

    def _body(self) -> bytes | None:
        """Return the code without what stands before it; None while that is not whole."""
        kept = bytes(self._kept).lstrip(bytes([STX]))
        if kept.startswith(_AIM):
            return without_aim(kept)[1] if len(kept) >= _AIM_BYTES else None
        return kept

    def _release_held(self) -> Held:
        kept, self._kept = bytes(self._kept), bytearray()
        tail_bytes = len(kept) - len(kept.rstrip(bytes(ENDS)))
        whole = kept[: len(kept) - tail_bytes]
        symbology, code = without_aim(whole.lstrip(bytes([STX])))
        return Held(head=whole[: len(whole) - len(code)], code=code, tail=kept[len(whole) :], symbology=symbology)
