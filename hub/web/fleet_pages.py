"""The fleet's page with its buttons, and the audit log. Plain forms; what a form does stands in the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, RedirectResponse, Response

from hub.bootstrap import Hub
from hub.feed.erasing import Erasing
from hub.feed.stopping import PressedStop, StopBoard, StopOrder
from hub.fleet import FleetView, Trouble, fleet_view
from hub.users.accounts import User
from hub.users.audit import AuditLog
from hub.users.proposals import Proposals
from hub.users.roles import STOP_RIGHTS, Right, may
from hub.web.door import Door, NotSignedInError
from hub.web.forms import place_of, read_form
from hub.web.rendering import SECURITY_HEADERS, Pages, age_text, span_text
from receipt.qr_svg import qr_svg
from retail.errors import ConfigurationError, RefusedError, TillstreamError
from retail.stops import StopKind
from sync.protocol.invitation import Invitation, invitation_text

PER_PAGE = 200  # stores that one person looks through; 10,000 lines are no page
AUDIT_SHOWN = 500


def fleet_routes(hub: Hub, pages: Pages) -> APIRouter:
    """Return the routes of people who look after stores."""
    routes = APIRouter(include_in_schema=False)
    door = Door(hub)

    @routes.get("/fleet")
    def fleet(request: Request, q: str = "", page: int = 1) -> Response:
        return door.refuse_reader(request) or _fleet(hub, pages, request, Asked(q, max(1, page)))

    @routes.get("/v1/fleet")
    def fleet_data(request: Request, q: str = "", page: int = 1) -> Response:
        if refused := door.refuse(request):
            return refused
        view = _view(hub, Asked(q, max(1, page)))
        told = {
            "stores": view.stores,
            "in_trouble": view.in_trouble,
            "by_trouble": view.by_trouble,
            "by_program": view.by_program,
            "lines": [line.to_json() for line in view.lines],
        }
        return JSONResponse(told, headers=dict(SECURITY_HEADERS))

    @routes.post("/fleet/{what}")
    async def act(request: Request, what: str) -> Response:
        if what not in _ACTS:
            return RedirectResponse(place_of(request, "/fleet"), status_code=303)
        try:
            typed = await read_form(request)
            code = await run_in_threadpool(lambda: _ACTS[what](hub, door.actor(request), typed))
        except NotSignedInError:
            return RedirectResponse(place_of(request, "/sign-in"), status_code=303)
        except TillstreamError as error:
            status = 403 if isinstance(error, RefusedError) else 422
            return await run_in_threadpool(_fleet, hub, pages, request, Asked(problem=error), status=status)
        if code is None:
            return RedirectResponse(place_of(request, "/fleet"), status_code=303)
        return await run_in_threadpool(_fleet, hub, pages, request, Asked(code=code))

    @routes.get("/audit")
    def audit(request: Request) -> Response:
        return door.refuse_reader(request) or _audit(hub, pages, door, request)

    return routes


class Asked:
    """What a reader of the fleet's page asked for, and what came of the form that was sent before."""

    __slots__ = ("code", "page", "problem", "wanted")

    def __init__(
        self,
        wanted: str = "",
        page: int = 1,
        *,
        problem: TillstreamError | None = None,
        code: Mapping[str, str] | None = None,
    ) -> None:
        self.wanted, self.page, self.problem, self.code = wanted, page, problem, code


def _view(hub: Hub, asked: Asked) -> FleetView:
    return fleet_view(
        hub.reports.stores(hub.config.tenant, troubles_only=True),
        now=hub.clock(),
        through=Erasing(hub.database, hub.files, hub.feed).through(hub.config.tenant),
        wanted=asked.wanted,
        first=(asked.page - 1) * PER_PAGE,
        count=PER_PAGE,
    )


def _fleet(hub: Hub, pages: Pages, request: Request, asked: Asked, *, status: int = 200) -> Response:
    view, now, text = _view(hub, asked), hub.clock(), pages.text(request)
    person = Door(hub).person(request)
    pressed = _board(hub).pressed(hub.config.tenant)
    return pages.html(
        request,
        "fleet.html",
        status=status,
        person=person,
        view=view,
        asked=asked,
        last_page=max(1, -(-view.stores // PER_PAGE)),
        waits={
            line.store_id: span_text(line.backlog_age_s, text) for line in view.lines if line.backlog_age_s is not None
        },
        ages={line.store_id: age_text(line.last_contact_at, now, text) for line in view.lines},
        stops=[each for each in pressed if not each.is_over(now)],
        proposals=_proposals(hub).waiting(),
        kinds=[kind for kind in StopKind if person is not None and may(person.role, STOP_RIGHTS[kind])],
        may_erase=person is not None and may(person.role, Right.ERASE),
        may_enrol=person is not None and may(person.role, Right.ENROL),
        troubles=[trouble for trouble in Trouble if trouble.value in view.by_trouble],
        stop_rights={kind.value: STOP_RIGHTS[kind] for kind in StopKind},
        may=may,
    )


def _audit(hub: Hub, pages: Pages, door: Door, request: Request) -> Response:
    person = door.person(request)
    if person is not None and not may(person.role, Right.SEE_AUDIT):
        return RedirectResponse(place_of(request, "/fleet"), status_code=303)
    log = AuditLog(hub.database)
    entries = log.entries(hub.config.tenant)
    shown = entries[-AUDIT_SHOWN:][::-1]
    broken = log.check(hub.config.tenant)
    return pages.html(request, "audit.html", person=person, entries=shown, count=len(entries), broken=broken)


def _stop(hub: Hub, person: User, typed: Mapping[str, str]) -> None:
    kind = typed.get("what", "")
    if kind not in set(StopKind):
        raise ConfigurationError(f"{kind!r} cannot be stopped", fix=f"say one of {', '.join(StopKind)}")
    person.need(STOP_RIGHTS[StopKind(kind)])
    order = StopOrder(
        kind=StopKind(kind),
        campaign_id=typed.get("campaign", "").strip() if kind == StopKind.CAMPAIGN else "",
        scope=_scope(typed),
        until=_until(typed.get("until", ""), hub.clock()),
        why=typed.get("why", "").strip(),
    )
    _board(hub).press(hub.config.tenant, order, who=person.name, now=hub.clock())


def _resume(hub: Hub, person: User, typed: Mapping[str, str]) -> None:
    """Take a stop back, or ask a second person where it acts in many stores: then money flows again."""
    stop = _acting(hub, typed.get("stop", ""))
    person.need(STOP_RIGHTS[stop.kind])
    if not _needs_two(hub, stop):
        _board(hub).resume(hub.config.tenant, stop.stop_no, who=person.name, now=hub.clock())
        return
    what = f"{stop.kind.value} {stop.campaign_id}".strip()
    _proposals(hub).propose(
        action="resume", subject=str(stop.stop_no), detail=f"{what} in {stop.scope or 'the chain'}", who=person.name
    )


def _decide(hub: Hub, person: User, typed: Mapping[str, str]) -> None:
    """Allow what somebody else wants, or refuse it."""
    number, allowed = typed.get("proposal", ""), typed.get("allowed") == "yes"
    proposal = next((each for each in _proposals(hub).waiting() if str(each.proposal_no) == number), None)
    if proposal is None:
        raise ConfigurationError("this does not wait any more", fix="look at the page again", code="no_proposal")
    if allowed:
        person.need(STOP_RIGHTS[_acting(hub, proposal.subject).kind])
    _proposals(hub).decide(proposal.proposal_no, by=person, allowed=allowed)
    if allowed:
        who = f"{proposal.proposed_by} and {person.name}"
        _board(hub).resume(hub.config.tenant, int(proposal.subject), who=who, now=hub.clock())


def _acting(hub: Hub, number: str) -> PressedStop:
    for stop in _board(hub).pressed(hub.config.tenant):
        if str(stop.stop_no) == number:
            return stop
    raise ConfigurationError("this stop does not act any more", fix="look at the page again", code="no_stop")


def _needs_two(hub: Hub, stop: PressedStop) -> bool:
    limit = int(hub.config.four_eyes_stores)
    if not limit:
        return False
    what, _, name = stop.scope.partition(":")
    stores = hub.reports.stores(hub.config.tenant, troubles_only=True)
    return sum(not what or name == (store.store_id if what == "store" else store.region) for store in stores) >= limit


def _board(hub: Hub) -> StopBoard:
    return StopBoard(hub.database, hub.files)


def _proposals(hub: Hub) -> Proposals:
    return Proposals(hub.database, hub.config.tenant, hub.clock)


def _code(hub: Hub, person: User, typed: Mapping[str, str]) -> Mapping[str, str]:
    person.need(Right.ENROL)
    store_id, now = typed.get("store", "").strip(), hub.clock()
    made = hub.registry.issue_code(hub.config.tenant, store_id, name=typed.get("name", "").strip(), now=now)
    AuditLog(hub.database).note(hub.config.tenant, who=person.name, did="code.made", subject=store_id, now=now)
    scanned = invitation_text(
        Invitation(code=made.code, store=store_id, hub=hub.config.public_url or hub.config.oidc_public_url)
    )
    picture = Markup(qr_svg(scanned.encode()).decode())  # noqa: S704 - our own picture: digits, letters, no word of anybody
    return {"code": made.code, "store": store_id, "until": made.expires_at.isoformat(timespec="minutes"), "qr": picture}


def _erase(hub: Hub, person: User, typed: Mapping[str, str]) -> None:
    """Forget a customer for ever, here and in every store; typed twice, because nothing brings them back."""
    person.need(Right.ERASE)
    customer_id = typed.get("customer", "").strip()
    if not customer_id or customer_id != typed.get("again", "").strip():
        raise ConfigurationError("the two customer ids differ", fix="type the same id twice", code="differ")
    erasing, now = Erasing(hub.database, hub.files, hub.feed), hub.clock()
    (found,) = erasing.look(hub.config.tenant, [customer_id])
    if not (found.is_known or found.records or found.erased_at):
        raise ConfigurationError("nobody here has this customer id", fix="look it up again", code="unknown")
    erasing.erase(hub.config.tenant, [found], now=now)
    AuditLog(hub.database).note(hub.config.tenant, who=person.name, did="erased", subject="1 customers", now=now)


_ACTS: Mapping[str, Callable[[Hub, User, Mapping[str, str]], Mapping[str, str] | None]] = MappingProxyType(
    {"stop": _stop, "resume": _resume, "decide": _decide, "code": _code, "erase": _erase}
)
"""What the forms do; what they return is shown once."""


def _scope(typed: Mapping[str, str]) -> str:
    where, name = typed.get("where", ""), typed.get("place", "").strip()
    if where not in {"chain", "region", "store"}:
        raise ConfigurationError("where?", fix="choose the chain, a region or a store", code="where")
    return "" if where == "chain" else f"{where}:{name}"


def _until(told: str, now: datetime) -> datetime | None:
    if not told:
        return None
    try:
        moment = datetime.fromisoformat(told)
    except ValueError as error:
        raise ConfigurationError(f"{told!r} is no time", fix="e.g. 2026-12-01T08:00", code="until") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)
