"""What requests and answers of the local API have in common: ids, places, the one shape of a problem."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from kiosk.events import Place, PlaceKind

Identifier = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]*$")]


class Source(StrEnum):
    """Which page, or whose program, a request comes from; it decides whether its place is a kiosk."""

    CASHIER = "cashier"
    KIOSK = "kiosk"
    DISPLAY = "display"
    API = "api"

    def place(self, place_id: str) -> Place:
        """Return the place that an id of this source means."""
        kind = PlaceKind.KIOSK if self is Source.KIOSK else PlaceKind.WORKSTATION
        return Place(kind=kind, place_id=place_id)


class Problem(BaseModel):
    """Every error of this API: a stable word, what happened, what to do."""

    code: str
    message: str
    fix: str


class Body(BaseModel):
    """What all request bodies share: unknown members are refused, texts are trimmed."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem} for status in (403, 404, 409, 413, 415, 422, 503)
}
"""The errors that every operation may answer with, for OpenAPI."""
