"""A message as bytes: zlib over JSON, with a bound on everything that a hostile body can grow.

The receiver's bounds are named here because the sender must keep to them. Inflation stops at the first byte beyond
the bound: a bomb of 200 kB costs what it may cost, not the 200 MB it holds.
"""

from __future__ import annotations

import zlib
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import from_json

from retail.errors import RefusedError
from sync.protocol.messages import WIRE_ACCEPTED, Message

BODY_BYTES_MAX = 2 * 1024 * 1024
"""One body as it travels: about 5,000 receipts, or five minutes of a 64 kbit line."""

INFLATED_BYTES_MAX = 16 * 1024 * 1024
"""One body inflated; receipts deflate to about a tenth."""

DEFLATE_LEVEL = 6  # zlib's default: level 9 costs twice the CPU for 1 % fewer bytes on receipts

MessageT = TypeVar("MessageT", bound=Message)


class BodyRefusedError(RefusedError):
    """A body that is not taken; `status` is the HTTP status that says so."""

    def __init__(self, message: str, *, code: str, status: int, fix: str) -> None:
        super().__init__(message, fix=fix, code=code)
        self.status = status


def encode(message: Message) -> bytes:
    """Return a message as deflated JSON; fields that hold their default are left out."""
    return zlib.compress(message.model_dump_json(exclude_none=True).encode(), DEFLATE_LEVEL)


def inflate(body: bytes, *, inflated_bytes_max: int = INFLATED_BYTES_MAX) -> bytes:
    """Return the inflated body. Raises BodyRefusedError: no zlib, cut short, bytes behind its end, or too large."""
    inflater = zlib.decompressobj()
    try:
        inflated = inflater.decompress(body, inflated_bytes_max)
    except zlib.error as error:
        raise BodyRefusedError(
            "the body is no zlib stream",
            code="not_deflate",
            status=400,
            fix="send content-encoding: deflate (RFC 1950)",
        ) from error
    if inflater.unconsumed_tail or (not inflater.eof and len(inflated) >= inflated_bytes_max):
        raise BodyRefusedError(
            f"the body inflates beyond {inflated_bytes_max} bytes",
            code="too_large",
            status=413,
            fix="send fewer records at once",
        )
    if not inflater.eof or inflater.unused_data:
        raise BodyRefusedError(
            "the zlib stream is cut short or has bytes behind it", code="not_deflate", status=400, fix="send it again"
        )
    return inflated


def parse(model: type[MessageT], text: bytes) -> MessageT:
    """Return the message in a JSON text.

    Raises BodyRefusedError: `not_json` (also for nesting deeper than the parser's 200), `wire_unknown`, `invalid`
    with the place of the first field that is wrong, never its value.
    """
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        raise _refusal_of(error, text, model) from error


def _refusal_of(error: ValidationError, text: bytes, model: type[Message]) -> BodyRefusedError:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    if first["type"] == "json_invalid":
        return BodyRefusedError("the body is no JSON", code="not_json", status=400, fix="send JSON")
    told = from_json(text)
    wire = told.get("wire") if isinstance(told, dict) else None
    if isinstance(wire, int) and wire not in WIRE_ACCEPTED:
        return BodyRefusedError(
            f"wire form {wire} is not known to this program",
            code="wire_unknown",
            status=415,
            fix=f"send wire form {max(WIRE_ACCEPTED)}, or update this program",
        )
    where = ".".join(str(step) for step in first["loc"]) or model.__name__
    return BodyRefusedError(f"{where}: {first['msg']}", code="invalid", status=422, fix="see docs/wire-protocol.md")
