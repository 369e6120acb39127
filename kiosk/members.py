"""The local API's part that a person's wishes go through: joining, permissions, survey, visits, interest.

Every operation carries a `request_id` of the page's own making: a repeat with the same one is journalled once. What
is personal goes through `SealPort` before it leaves this module.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import AfterValidator, BaseModel, Field, field_validator

from kiosk.bodies import PROBLEMS, Body, Identifier, Source
from kiosk.events import Place, PlaceKind
from kiosk.gate import require_source
from kiosk.ledger import (
    MEMBERSHIP,
    Circumstances,
    ShownHow,
    consent_shown,
    given,
    survey_answered,
    withdrawn,
)
from kiosk.ports import Clock, Consent, ContentPort, CorePort, JsonObject, SealPort
from kiosk.views import require_place
from retail.errors import RefusedError

NAME_CHARACTERS_MAX = 60
PHONE = re.compile(r"^\+?[0-9][0-9 ()/.-]{5,24}$")
EMAIL = re.compile(r"^[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)+$")
PHONE_DIGITS_MIN = 7  # the shortest national numbers
OFFERS_MAX = 50  # more cards than a kiosk shows


def _a_moment(text: str) -> str:
    """Return a time as it came. Raises ValueError where no calendar or clock has it: it is evidence."""
    datetime.fromisoformat(text)
    return text


Name = Annotated[str, Field(max_length=NAME_CHARACTERS_MAX, pattern=r"^[^\x00-\x1f\x7f<>]*$")]
Word = Annotated[str, Field(max_length=32, pattern=r"^[a-z0-9_]*$")]
Time = Annotated[
    str,
    Field(max_length=40, pattern=r"^\d{4}-\d\d-\d\dT[0-9:.]+(Z|[+-]\d\d:\d\d)$"),
    AfterValidator(_a_moment),
]


class Asked(Body):
    """Where somebody was asked, and by which page."""

    request_id: Identifier
    workstation_id: Identifier
    source: Source
    shown_how: ShownHow = ShownHow.SCREEN
    shown_at: Time
    scan_id: Annotated[str, Field(max_length=64)] = ""


class Permission(Body):
    """One purpose with the words that were shown; sent only where the person said yes."""

    purpose: Word
    channel: Word
    version: Annotated[str, Field(max_length=32)]
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")]
    text: Annotated[str, Field(min_length=1, max_length=4000)]


class JoinRequest(Asked):
    """A new member: name, contact, card; what they allowed; what they told."""

    first_name: Name = ""
    contact: Annotated[str, Field(max_length=100)] = ""
    code: Annotated[str, Field(max_length=512)] = ""
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")]
    permissions: Annotated[list[Permission], Field(max_length=16)]
    survey: Annotated[dict[Word, Word], Field(max_length=16, default_factory=dict)]

    @field_validator("contact")
    @classmethod
    def _is_contact(cls, contact: str) -> str:
        if contact and contact_kind(contact) == "":
            raise ValueError("neither a phone number nor an e-mail address")
        return contact


class JoinAnswer(BaseModel):
    """The new member's enrolment; `confirm_by` is the channel over which the hub will ask for a second yes."""

    enrolment_id: str
    confirm_by: str


class PermissionRequest(Asked):
    """Somebody who is known gives one more permission."""

    permission: Permission


class WithdrawalRequest(Asked):
    """Somebody who is known takes a permission back, or asks to be erased altogether."""

    purpose: Word
    erasure: bool = False


class VisitRequest(Body):
    """Somebody checked in at a kiosk and saw these campaigns, which count from now on."""

    request_id: Identifier
    workstation_id: Identifier
    scan_id: Identifier
    campaigns: Annotated[list[Identifier], Field(max_length=OFFERS_MAX, default_factory=list)]


class InterestRequest(Body):
    """Somebody wishes for a product, or waits for it; `scan_id` is empty for a person who is not known."""

    request_id: Identifier
    workstation_id: Identifier
    scan_id: Annotated[str, Field(max_length=64)] = ""
    code: Annotated[str, Field(min_length=1, max_length=64)]
    wish: Annotated[str, Field(pattern=r"^(wished|waiting)$")]


class Noted(BaseModel):
    """It is on disk."""

    noted: bool = True


def contact_kind(contact: str) -> str:
    """Return `email` or `phone`, empty for what is neither."""
    if EMAIL.match(contact):
        return "email"
    digits = sum(each.isdigit() for each in contact)
    return "phone" if PHONE.match(contact) and digits >= PHONE_DIGITS_MIN else ""


def member_routes(*, core: CorePort, content: ContentPort, seal: SealPort, clock: Clock) -> APIRouter:
    """Return the routes of joining, permissions, visits and interest."""
    router = APIRouter(prefix="/v1", responses=PROBLEMS, tags=["members"])
    desk = _Wishes(core=core, content=content, seal=seal, clock=clock)

    @router.post("/members", status_code=201)
    async def join(request: JoinRequest, asker: Request) -> JoinAnswer:
        """Make somebody a member: consents first, each with its whole text, then what they told of themselves."""
        require_source(asker, request.source)
        return await desk.join(request)

    @router.post("/consents", status_code=201)
    async def allow(request: PermissionRequest, asker: Request) -> Noted:
        """Record one more permission of somebody who is known here by a scan."""
        require_source(asker, request.source)
        await desk.allow(request)
        return Noted()

    @router.post("/withdrawals", status_code=201)
    async def withdraw(request: WithdrawalRequest, asker: Request) -> Noted:
        """Record that a permission was taken back, or that somebody asks to be erased; works without the hub."""
        require_source(asker, request.source)
        await desk.withdraw(request)
        return Noted()

    @router.post("/visits", status_code=201)
    async def visit(request: VisitRequest) -> Noted:
        """Record a check-in at a kiosk and the offers that were shown and thereby activated."""
        await desk.visit(request)
        return Noted()

    @router.post("/interests", status_code=201)
    async def interest(request: InterestRequest) -> Noted:
        """Record that somebody wishes for a product or waits for it."""
        await desk.interest(request)
        return Noted()

    return router


class _Wishes:
    """Turns requests into records, one by one and in order; a request that fails half-way may be sent again whole."""

    def __init__(self, *, core: CorePort, content: ContentPort, seal: SealPort, clock: Clock) -> None:
        self._core = core
        self._content = content
        self._seal = seal
        self._clock = clock

    async def join(self, request: JoinRequest) -> JoinAnswer:
        consents = [(self._shown(each), each.language) for each in request.permissions]
        if MEMBERSHIP not in [consent.purpose for consent, _ in consents]:
            raise RefusedError(
                "nobody is made a member without having agreed to the programme's terms",
                fix=f"show the text of purpose {MEMBERSHIP!r} and send the answer",
                code="no_membership_consent",
            )
        kind = contact_kind(request.contact)
        how = self._circumstances(request, enrolment_id=request.request_id)
        for consent, language in sorted(consents, key=lambda each: each[0].purpose != MEMBERSHIP):
            is_membership = consent.purpose == MEMBERSHIP
            payload = given(
                consent,
                language=language,
                how=how,
                request_id=request.request_id,
                confirmed_by="" if is_membership else kind,
            )
            member = {"member": self._member(request, kind)} if is_membership else {}
            await self._append("consent.given", how.place, {**payload, **member})
        if request.survey:
            answers = self._known_answers(request.survey)
            await self._append(
                "survey.answered", how.place, survey_answered(answers, how=how, request_id=request.request_id)
            )
        return JoinAnswer(enrolment_id=request.request_id, confirm_by=kind)

    async def allow(self, request: PermissionRequest) -> None:
        how = self._of_known_person(request)
        consent = self._shown(request.permission)
        payload = given(consent, language=request.permission.language, how=how, request_id=request.request_id)
        await self._append("consent.given", how.place, payload)

    async def withdraw(self, request: WithdrawalRequest) -> None:
        how = self._of_known_person(request)
        purpose = MEMBERSHIP if request.erasure else request.purpose
        payload = withdrawn(purpose, how=how, request_id=request.request_id, erasure=request.erasure)
        await self._append("consent.withdrawn", how.place, payload)

    async def visit(self, request: VisitRequest) -> None:
        place = self._place(Source.KIOSK, request.workstation_id)
        shared = {"scan_id": request.scan_id, "place": {"kind": place.kind.value, "id": place.place_id}}
        await self._append("visit", place, {"request_id": f"{request.request_id}:visit", **shared})
        if request.campaigns:
            offers = [{"campaign_id": each} for each in request.campaigns]
            for kind in ("offer.shown", "offer.activated"):
                await self._append(
                    kind,
                    place,
                    {"request_id": f"{request.request_id}:{kind}", "channel": "kiosk", "offers": offers, **shared},
                )

    async def interest(self, request: InterestRequest) -> None:
        place = self._place(Source.KIOSK, request.workstation_id)
        await self._append(
            "interest",
            place,
            {
                "request_id": request.request_id,
                "scan_id": request.scan_id,
                "code": request.code,
                "wish": request.wish,
                "place": {"kind": place.kind.value, "id": place.place_id},
            },
        )

    def _place(self, source: Source, place_id: str) -> Place:
        place = source.place(place_id)
        require_place(self._content, place)
        return place

    def _shown(self, permission: Permission) -> Consent:
        return consent_shown(
            self._content.current(),
            purpose=permission.purpose,
            channel=permission.channel,
            version=permission.version,
            language=permission.language,
            text=permission.text,
        )

    def _circumstances(self, request: Asked, *, enrolment_id: str = "") -> Circumstances:
        return Circumstances(
            place=self._place(request.source, request.workstation_id),
            by="cashier" if request.source is Source.CASHIER else "self",
            shown_how=request.shown_how,
            shown_at=request.shown_at,
            answered_at=self._clock.now().isoformat(timespec="milliseconds"),
            scan_id=request.scan_id,
            enrolment_id=enrolment_id,
        )

    def _of_known_person(self, request: Asked) -> Circumstances:
        if not request.scan_id:
            raise RefusedError("nobody is known here", fix="scan the card first", code="nobody")
        return self._circumstances(request)

    def _known_answers(self, survey: Mapping[str, str]) -> list[tuple[str, str]]:
        """Return the answers to questions that this store asks. Raises RefusedError for any other."""
        asked = {each.question_id: each for each in self._content.current().survey}
        for question, answer in survey.items():
            if question not in asked or answer not in asked[question].answers:
                raise RefusedError(
                    f"nobody asks {question!r} here, or not with that answer",
                    fix="reload the page",
                    code="text_changed",
                )
        return list(survey.items())

    def _member(self, request: JoinRequest, kind: str) -> JsonObject:
        """Return what the member told, sealed to the hub: the store keeps no phone and no e-mail."""
        return self._seal.seal(
            {
                "first_name": request.first_name,
                "contact": request.contact,
                "contact_kind": kind,
                "code": request.code,
                "language": request.language,
            }
        )

    async def _append(self, kind: str, place: Place, payload: JsonObject) -> None:
        workstation_id = place.place_id if place.kind is PlaceKind.WORKSTATION else ""
        await self._core.append(kind=kind, workstation_id=workstation_id, payload=payload)
