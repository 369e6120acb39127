"""The till API (level T) under `/v1/loyalty`: identify, quote, reserve, commit, reverse - the order of a sale.

Made for a till's own program on the store's network: amounts are decimal strings, lines are counted from 0, every
answer carries `message` for the cashier. What changes anything asks for an `Idempotency-Key`: the same key is answered
the same, after a kill too; another request under a used key is refused. A reservation ends by itself, so a till that
never commits costs nothing; when in doubt whether a commit arrived, send it again.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header
from pydantic import BaseModel, Field

from kiosk.bodies import PROBLEMS, Body, Identifier, Source
from kiosk.ports import ContentPort, CorePort, JsonObject
from kiosk.views import require_place

LINES_MAX = 500  # of one basket: four full trolleys; such a body is 60 KB
COUPONS_MAX = 20
CODE_CHARACTERS_MAX = 512
POINTS_MAX = 1_000_000_000
DECIMAL = r"^-?[0-9]{1,9}(\.[0-9]{1,4})?$"

Key = Annotated[
    str, Header(alias="Idempotency-Key", min_length=1, max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]*$")
]
Reservation = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]*$")]
Text = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Code = Annotated[str, Field(min_length=1, max_length=CODE_CHARACTERS_MAX, pattern=r"^[!-~]+$")]


class Line(Body):
    """One line of the basket, as the till has it."""

    description: Text = ""
    item_id: Annotated[str, Field(max_length=64, pattern=r"^[ -~]*$")] = ""
    gtin: Annotated[str, Field(max_length=14, pattern=r"^[0-9]*$")] = ""
    quantity: Annotated[str, Field(pattern=r"^[0-9]{1,6}(\.[0-9]{1,4})?$")] = "1"
    amount: Annotated[str, Field(pattern=DECIMAL)]


class IdentifyRequest(Body):
    """Somebody held out a card, a phone number or a code at this workstation."""

    workstation_id: Identifier
    code: Code
    symbology: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,32}$")] = "unknown"


class Customer(BaseModel):
    """Who it is, as far as a till may know."""

    first_name: str
    tier: str
    points: int
    points_expiring: int
    points_expire_on: str | None
    employee: bool
    language: str


class IdentifyAnswer(BaseModel):
    """`scan_id` names the customer in what follows, and takes the scan back (`DELETE /v1/scans/{scan_id}`)."""

    scan_id: str
    known: bool
    customer: Customer | None


class BasketRequest(Body):
    """The open sale: its basket, the coupons held out, the points that the customer wants to spend.

    Without `scan_id` it is whoever is known for the workstation's open sale.
    """

    workstation_id: Identifier
    scan_id: Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9]*$")] = ""
    lines: Annotated[list[Line], Field(max_length=LINES_MAX, default_factory=list)]
    coupons: Annotated[list[Code], Field(max_length=COUPONS_MAX, default_factory=list)]
    points: Annotated[int, Field(ge=0, le=POINTS_MAX)] = 0


class ReservationRequest(Body):
    """Which reservation."""

    reservation_id: Reservation


class PriceEffect(BaseModel):
    """What comes off one line of the till's basket (counted from 0); `amount` is negative."""

    line: int
    campaign_id: str
    amount: str


class CouponTold(BaseModel):
    """What became of one coupon: accepted, or why not."""

    serial: str
    campaign_id: str
    accepted: bool
    code: str
    message: str = ""


class OfferTold(BaseModel):
    """An offer that acts in this basket, and why."""

    campaign_id: str
    why: list[str]


class PointsQuoted(BaseModel):
    """The balance as the store knows it, and how many points could be spent now and what for."""

    balance: int
    redeemable: int
    amount: str


class PointsReserved(BaseModel):
    """Points that are held, and what they take off."""

    reserved: int
    amount: str


class PointsBurned(BaseModel):
    """Points that are spent, and what they took off."""

    burned: int
    amount: str


class Stamp(BaseModel):
    """What a decision without asking the hub was made on."""

    mirror_age_s: int | None
    mirror_version: str
    limits_version: str


class QuoteAnswer(Stamp):
    """What the basket would cost; nothing is held."""

    known: bool
    currency: str
    offers: list[OfferTold]
    price_effects: list[PriceEffect]
    discount: str
    coupons: list[CouponTold]
    message: str
    points: PointsQuoted


class ReserveAnswer(Stamp):
    """Everything is held until `expires_at`; commit it when the customer has paid."""

    reservation_id: str
    expires_at: str
    known: bool
    currency: str
    offers: list[OfferTold]
    price_effects: list[PriceEffect]
    discount: str
    coupons: list[CouponTold]
    message: str
    points: PointsReserved


class CommitAnswer(Stamp):
    """It is burned, on disk."""

    reservation_id: str
    committed: bool
    discount: str
    points: PointsBurned
    coupons: list[str]


class ReverseAnswer(BaseModel):
    """It was given back, as far as it still stood."""

    reservation_id: str
    reversed: bool


def till_routes(*, core: CorePort, content: ContentPort) -> APIRouter:
    """Return the routes of the till API."""
    router = APIRouter(prefix="/v1/loyalty", responses=PROBLEMS, tags=["till"])

    async def ask(op: str, **values: Any) -> JsonObject:
        return await core.loyalty(op, **values)

    def at(workstation_id: str) -> None:
        require_place(content, Source.API.place(workstation_id))

    @router.post("/identify", response_model=IdentifyAnswer)
    async def identify(request: IdentifyRequest) -> JsonObject:
        """Say whose sale it is. A repeat is another scan of the same card."""
        at(request.workstation_id)
        return await ask("identify", **request.model_dump())

    @router.post("/quote", response_model=QuoteAnswer)
    async def quote(request: BasketRequest) -> JsonObject:
        """Ask what offers, coupons and points would take off a basket. Changes nothing."""
        at(request.workstation_id)
        return await ask("quote", workstation_id=request.workstation_id, body=_body(request))

    @router.post("/reserve", response_model=ReserveAnswer)
    async def reserve(request: BasketRequest, key: Key) -> JsonObject:
        """Hold coupons and points for the open sale. Refused as a whole when one of them is not to be had."""
        at(request.workstation_id)
        return await ask("reserve", workstation_id=request.workstation_id, body=_body(request), key=key)

    @router.post("/commit", response_model=CommitAnswer)
    async def commit(request: ReservationRequest, key: Key) -> JsonObject:
        """Burn what a reservation holds; on return it is on disk, and the discount is the customer's."""
        return await ask("commit", reservation_id=request.reservation_id, key=key)

    @router.post("/reverse", response_model=ReverseAnswer)
    async def reverse(request: ReservationRequest, key: Key) -> JsonObject:
        """Give back what a reservation holds or its commit burned: the sale was not paid, or was voided."""
        return await ask("reverse", reservation_id=request.reservation_id, key=key)

    return router


def _body(request: BasketRequest) -> dict[str, Any]:
    return request.model_dump(exclude={"workstation_id"})
