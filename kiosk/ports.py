"""What the pages need from the rest of the agent, declared by the pages (style rule 2).

`agent/desk/` fulfils these over `control.sock`; tests fulfil them with a fake that passes the same contract suite.

What core pushes, and every page understands. `data` is a JSON object; every member but `as_of` may be absent, and a
page ignores members it does not know. Times are ISO 8601 with offset, amounts decimal strings, dates ISO dates.

customer   somebody's code was recognised, or was not, at this place
    as_of, scan_id, source ("scanner" when core read the scanner itself, else as in the request), known (bool),
    code_kind ("member coupon product phone unknown"), code_shown (masked, "…4711"), first_name, tier,
    member_since (date), points (int), points_expiring {"points", "on"}, birthday_soon (bool), employee (bool),
    language, permissions {"purpose": bool}, coupons [{"serial", "title", "valid_until"}], last_visit (date),
    receipts [{"day", "total", "currency", "lines"}]
offers     what was decided for that scan
    as_of, scan_id, offers [{"offer_id", "campaign_id", "title", "text", "cashier", "valid_until", "picture", "why"}],
    sentences [str] (already in the store's language, most important first), paper [str] (what the slip will carry)
sale       the basket of this place, as far as the till lets us see it
    as_of, state ("open" "completed" "voided"), lines [{"description", "quantity", "amount"}], total, currency,
    transaction_id, points_earned, paper [{"campaign_id", "outcome"}] (what became of the slip), qr (a thank-you's
    payload), again (bool: told before; now with what became of its paper)
trouble    something a person can do something about; `resolved` takes it back
    as_of, code, message, fix, resolved (bool), passing (bool: it is a remark about what just happened, not a state)
clear      whoever was here is gone: pages forget the person at once
    as_of, reason ("undone" "completed" "voided" "expired" "replaced")
stale      how old the mirror and the link are
    as_of, stale (bool), mirror_age_s, hub_last_contact (time or null), backlog (records)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from retail.errors import OnSiteError

JsonObject = Mapping[str, Any]
"""A JSON object as `json.loads` gives it; what is in it is checked by whoever reads it."""


class Clock(Protocol):
    """The time, passed in: aware time of day for people, monotonic seconds for ages."""

    def now(self) -> datetime:
        """Return the aware time of day."""
        ...

    def monotonic_s(self) -> float:
        """Return seconds that never go backwards; only differences mean anything."""
        ...


class CorePort(Protocol):
    """What a page may ask of core.

    Every method raises TryAgainError with code `core_away` when core cannot be reached or does not answer in time, and
    RefusedError (code `not_found` where the thing is unknown) when core says no; nothing else.
    """

    async def scan(self, *, workstation_id: str, code: str, symbology: str, source: str) -> str:
        """Say that `code` was presented at this workstation or kiosk and return the scan's id.

        A repeat is a new scan: core decides what the second presentation of one code means. `source` is `cashier`,
        `kiosk`, `display` or `api`. What was recognised follows as an event, not as an answer.
        """
        ...

    async def undo(self, scan_id: str) -> None:
        """Take a scan back; the scan before it counts again. Undoing twice changes nothing."""
        ...

    async def paper(self, workstation_id: str) -> None:
        """Say that the customer of the open sale wants our paper (profile `on_request`). Twice is as good as once."""
        ...

    async def append(self, *, kind: str, workstation_id: str, payload: JsonObject) -> JsonObject:
        """Journal something that was born on a page (visit, consent, survey answer); return core's answer.

        On return it is on disk. `payload["request_id"]` makes a repeat harmless.
        """
        ...

    async def hand_over(self, *, scan_id: str, kiosk_id: str) -> JsonObject:
        """Return `{"url", "ends_at"}`: a code for the telephone of whoever is known by a scan; each is another.

        What they saw is journalled under it. Also raises ConfigurationError where the hub has no such page.
        """
        ...

    async def loyalty(self, op: str, **values: Any) -> JsonObject:
        """Ask core for a till: `identify quote reserve commit reverse` with the members of `kiosk/till.py`'s requests.

        On return what was reserved, burned or given back is on disk; the same `key` is answered the same.
        """
        ...

    async def status(self) -> JsonObject:
        """Return core's status in the shape of `tillstream status --json`, without the desk's own part."""
        ...


class PaperOutcome(StrEnum):
    """What became of a paper of our own; printed means that the printer said so."""

    PRINTED = "printed"
    UNCONFIRMED = "unconfirmed"
    NOT_SENT = "not_sent"


class PrinterPort(Protocol):
    """The printer beside the kiosk, where there is one."""

    @property
    def is_there(self) -> bool:
        """Whether this store has such a printer."""
        ...

    async def print_coupons(self, *, scan_id: str, kiosk_id: str) -> PaperOutcome:
        """Print the coupons of whoever is known by a scan; a repeat is another paper with the same coupons.

        Raises OnSiteError without a printer, RefusedError where there is nothing to print, TryAgainError without core.
        """
        ...

    async def print_pairing(self, code: str) -> PaperOutcome:
        """Print the code that a screen shows. Never raises; a second one soon after the first is not printed."""
        ...


class NoPrinter:
    """A store without a printer beside its kiosk."""

    is_there = False

    async def print_coupons(self, *, scan_id: str, kiosk_id: str) -> PaperOutcome:
        """Raise OnSiteError: there is none."""
        del scan_id, kiosk_id
        raise OnSiteError("this kiosk has no printer", fix="[desk] printer in agent.toml", code="no_printer")

    async def print_pairing(self, code: str) -> PaperOutcome:
        """Print nothing."""
        del code
        return PaperOutcome.NOT_SENT


class SealPort(Protocol):
    """Closes what a person tells of themselves, so that only the hub can read it."""

    def seal(self, told: JsonObject) -> JsonObject:
        """Return the object that is journalled instead of `told`. Never raises."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One permission a customer may give: the whole text that is shown or read aloud, by language.

    `version` changes whenever a word of it does; `purpose` is a stable word: `membership` (the programme's own terms,
    without which nobody is a member), `receipts`, `offers`, `profiling`.
    """

    purpose: str
    channel: str
    version: str
    text: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question of the short survey: a stable id, its wording and its answers by language."""

    question_id: str
    text: Mapping[str, str]
    answers: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Poster:
    """One offer to everybody, for the kiosk that nobody stands before; texts by language."""

    title: Mapping[str, str]
    text: Mapping[str, str]
    picture: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContent:
    """What pages show that concerns no person: the store, its places, its posters, its consent texts.

    `hands_over`: the hub has a page that a customer's telephone may open; `prints_coupons`: the kiosk has a printer.
    """

    store_name: str
    currency: str
    languages: Sequence[str]
    language: str
    timezone: str
    country: str
    workstations: Sequence[str]
    kiosks: Sequence[str]
    paper_on_request: bool = False
    posters: Sequence[Poster] = ()
    consents: Sequence[Consent] = ()
    survey: Sequence[Question] = ()
    theme: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    hands_over: bool = False
    prints_coupons: bool = False


class ContentPort(Protocol):
    """Where the pages' content comes from; it changes when the feed brings a new bundle."""

    def current(self) -> PageContent:
        """Return what to show now. Never raises: a damaged bundle leaves the last good one."""
        ...
