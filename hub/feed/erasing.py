"""Forgetting people at the chain: rows, tokens, journal records, mirror files; first of all the order to the stores.

The order goes out before anything slow is done here: stores find it in their next manifest, ahead of every other file.
What is left of a person is an erasure: their ID and the first halves of their tokens, without which no store could be
told whom to forget and no old export could be refused. It opens nothing and names nobody.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.claims.joining import member_id_of
from hub.feed.files import MIRROR_KINDS, FeedFiles, KeptFile
from hub.feed.order_book import ErasureOrder, OrderBook
from hub.feed.service import FeedService
from hub.ingest.contents import content_of, read_content
from hub.storage.ports import Database, Session
from retail.errors import RefusedError
from sync.protocol.feed_messages import ErasuresFile, ErasuresProof, FeedKind
from sync.protocol.manifest import BadManifestError, open_manifest
from sync.protocol.mirror_file import erase as erase_from_file
from sync.protocol.persons import names_person, token_halves
from sync.protocol.tokens import locator_of

JOINED = '%"enrolment!_id"%'
"""LIKE pattern of the records that tell of somebody who joined at a screen."""

DROPS = (
    "drop_codes_of", "drop_segments_of", "drop_bought_of", "drop_contacts_of", "drop_changes_of", "drop_stores_of",
    "drop_merges_of", "drop_standing_of", "drop_customer",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the chain knows of one person before they are erased."""

    customer_id: str
    is_known: bool
    erased_at: str
    codes: int
    records: int
    accounts: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the person's line of a report; it names nothing but the ID that was asked for."""
        return {
            "customer_id": self.customer_id,
            "known": self.is_known,
            "erased_at": self.erased_at or None,
            "codes": self.codes,
            "journal_records": self.records,
            "merged_accounts": len(self.accounts),
        }


@dataclass(frozen=True, slots=True)
class Erasing:
    """Erasures of one hub. Doing one twice erases nothing more, and what came meanwhile."""

    database: Database
    files: FeedFiles
    feed: FeedService

    def look(self, tenant_id: str, customer_ids: Sequence[str]) -> list[Known]:
        """Return what would be erased; nothing is changed."""
        with self.database.reading() as session:
            return [self._known(session, tenant_id, each) for each in dict.fromkeys(customer_ids)]

    def erase(
        self, tenant_id: str, people: Sequence[Known], *, now: datetime, more: Mapping[str, Sequence[str]] | None = None
    ) -> int:
        """Erase people; return the number of the last erasure. The order to the stores is published first.

        `more` are locators of people whose codes the database does not have any more.
        """
        ids = {customer_id for person in people for customer_id in (person.customer_id, *person.accounts)}
        joined = self._joined_as(tenant_id, ids)
        locators: dict[str, list[str]] = {}
        book = OrderBook(self.files.folder(tenant_id))
        for person in people:
            with self.database.writing() as session:
                session.row("next_change", tenant_id=tenant_id, what="erasures")  # numbers are given one by one
                accounts = (person.customer_id, *person.accounts)
                for customer_id in accounts:
                    known = [*(more or {}).get(customer_id, ()), *joined.get(customer_id, ())]
                    locators[customer_id] = _order(session, tenant_id, customer_id, now=now, more=known)
                book.note([ErasureOrder(customer_id=each, locators=tuple(locators[each])) for each in accounts])
        self.feed.publish_erasures(tenant_id, now=now)
        for customer_id, each in locators.items():
            self._erase_records(tenant_id, customer_id, each)
        through = self.through(tenant_id)
        wanted = [half for several in locators.values() for half in token_halves(several)]
        for kept in self.files.all(tenant_id):
            if kept.file.kind in MIRROR_KINDS and wanted:
                self._erase_from_file(tenant_id, kept, wanted, through=through)
        self.database.scrub()
        return through

    def redo(self, tenant_id: str, *, now: datetime) -> int:
        """Erase whom a database that was put back from a copy has again; return how many they were."""
        orders = OrderBook(self.files.folder(tenant_id)).orders()
        if not orders:
            return 0
        done = self._done(tenant_id)
        again: dict[str, list[str]] = {}
        for order in orders:
            if not order.is_in(done):
                again.setdefault(order.customer_id, []).extend(order.locators)
        if again:
            people = [Known(customer_id=each, is_known=False, erased_at="", codes=0, records=0) for each in again]
            self.erase(tenant_id, people, now=now, more=again)
        return len(again)

    def take_back(self, tenant_id: str, proof: ErasuresProof) -> int:
        """Note orders that this hub gave once and does not know any more; return how many. `redo` carries them out.

        A store's word counts for nothing here, the chain's own signature does. Raises RefusedError (bad_manifest,
        message) for what this chain never signed.
        """
        manifest = open_manifest(proof.signed, self.feed.keys.tenant(tenant_id).feed.private.public_key())
        digest = hashlib.sha256(proof.erasures.encode()).hexdigest()
        if manifest.tenant != tenant_id or digest not in {
            file.sha256 for file in manifest.files if file.kind is FeedKind.ERASURES
        }:
            raise BadManifestError("the manifest names no such list of this chain", fix="nothing: it is not needed")
        book, done = OrderBook(self.files.folder(tenant_id)), self._done(tenant_id)
        told = ErasuresFile.model_validate_json(proof.erasures)
        orders = [ErasureOrder(customer_id=each.customer_id, locators=tuple(each.locators)) for each in told.erasures]
        lost = [order for order in orders if not order.is_in(done)]
        book.note(lost)
        return len(lost)

    def _done(self, tenant_id: str) -> dict[str, frozenset[str]]:
        """Return who was ordered to be forgotten, and by which tokens: those of all orders that name the person."""
        with self.database.reading() as session:
            rows = session.rows("erasures", tenant_id=tenant_id)
        done: dict[str, frozenset[str]] = {}
        for _, customer_id, locators, _ in rows:
            done[customer_id] = done.get(customer_id, frozenset()).union(json.loads(locators))
        return done

    def stores(self, tenant_id: str) -> tuple[int, list[dict[str, Any]]]:
        """Return the number of the last erasure, and how far each store is."""
        with self.database.reading() as session:
            marks = session.rows("erased_marks", tenant_id=tenant_id)
        through = self.through(tenant_id)
        lines = [
            {
                "store_id": store_id,
                "erased_through": mark,
                "behind": through - mark if agent_id else 0,
                "last_contact_at": last_contact_at,
            }
            for store_id, mark, last_contact_at, agent_id in marks
        ]
        return through, lines

    def _known(self, session: Session, tenant_id: str, customer_id: str) -> Known:
        who = {"tenant_id": tenant_id, "customer_id": customer_id}
        erased = session.row("erasure_of", **who)
        tokens = session.rows("tokens_of", **who)
        accounts = tuple(str(row[0]) for row in session.rows("merged_from", tenant_id=tenant_id, into_id=customer_id))
        locators = [locator_of(bytes(row[0])).hex() for row in tokens]
        return Known(
            customer_id=customer_id,
            is_known=session.row("known_customer", **who) is not None,
            erased_at=str(erased[1]) if erased else "",
            codes=len(tokens),
            records=len(_records_of(session, tenant_id, customer_id, locators)),
            accounts=accounts,
        )

    def _joined_as(self, tenant_id: str, customer_ids: Collection[str]) -> dict[str, list[str]]:
        """Return the enrolments under which people joined at a screen: their records there know no customer id yet."""
        keys = self.feed.keys.tenant(tenant_id)
        with self.database.reading() as session:
            rows = session.each("records_naming", tenant_id=tenant_id, pattern=JOINED)
            payloads = [content for row in rows if (content := content_of(row[4])) is not None]
        found: dict[str, list[str]] = {}
        for enrolment_id in {str(each.get("enrolment_id") or "") for each in payloads} - {""}:
            if (customer_id := member_id_of(keys, enrolment_id)) in customer_ids:
                found.setdefault(customer_id, []).append(enrolment_id)
        return found

    def _erase_records(self, tenant_id: str, customer_id: str, locators: list[str]) -> None:
        with self.database.reading() as session:
            places = _records_of(session, tenant_id, customer_id, locators)
        with self.database.writing() as session:
            session.many("erase_journal_record", sets=places)

    def _erase_from_file(self, tenant_id: str, kept: KeptFile, locators: list[bytes], *, through: int) -> None:
        try:
            served = self.files.open(tenant_id, kept.file.sha256)
        except RefusedError:
            return  # a database put back from a copy names files that were replaced since; they are gone
        draft = self.files.folder(tenant_id) / f".erased.{secrets.token_hex(4)}"
        shutil.copyfile(served.path, draft)
        if not erase_from_file(draft, locators):
            draft.unlink()
            return
        file = kept.file.model_copy(update={"erased_through": through})
        self.files.put_in_place_of(tenant_id, kept, draft=draft, file=file)

    def through(self, tenant_id: str) -> int:
        """Return the number of the last erasure that was ordered; 0 before the first."""
        with self.database.reading() as session:
            row = session.row("last_erasure", tenant_id=tenant_id)
        return int(row[0]) if row and row[0] is not None else 0


def _order(session: Session, tenant_id: str, customer_id: str, *, now: datetime, more: Sequence[str] = ()) -> list[str]:
    """Order an erasure and forget the person's rows; return the locators of all their codes.

    Ordered once: a repeat finds what came since - a code, a row - and orders again only then.
    """
    who = {"tenant_id": tenant_id, "customer_id": customer_id}
    before = session.rows("erasure_of", **who)
    ordered = [str(each) for row in before for each in json.loads(row[2])]
    tokens = [locator_of(bytes(row[0])).hex() for row in session.rows("tokens_of", **who)]
    locators = list(dict.fromkeys((*tokens, *more)))
    dropped = sum(session.run(statement, **who) for statement in DROPS)
    session.run("blank_claims_of", nothing=b"", **who)
    for locator in (*locators, ""):
        session.run("drop_unknown_codes_of", locator=locator, **who)
    if not before or dropped or not set(more).issubset(ordered):
        row = session.row("highest_erasure", tenant_id=tenant_id)
        session.run(
            "put_erasure",
            erasure_no=(int(row[0]) if row and row[0] is not None else 0) + 1,
            locators=json.dumps(locators),
            now=now.isoformat(),
            **who,
        )
        return locators
    return list(dict.fromkeys(ordered))


def _records_of(session: Session, tenant_id: str, customer_id: str, locators: Sequence[str]) -> list[dict[str, Any]]:
    """Return the places of the journal records that name a person."""
    needles = [json.dumps(customer_id, ensure_ascii=False), *(f'"{each}"' for each in locators)]
    places: dict[tuple[str, int, int, int], None] = {}
    for needle in needles:
        for *place, payload in session.each("records_naming", tenant_id=tenant_id, pattern=f"%{_plain(needle)}%"):
            if _names(payload, customer_id, locators):
                places[tuple(place)] = None
    names = ("agent_id", "epoch", "branch", "seq")
    return [dict(zip(names, place, strict=True)) for place in places]


def _names(payload: str, customer_id: str, locators: Sequence[str]) -> bool:
    """Return whether a payload that holds somebody's ID or token names them; in doubt it does."""
    try:
        return names_person(read_content(payload), {customer_id}, set(locators))
    except ValueError:
        return True  # no record of ours: what cannot be read cannot be kept either


def _plain(text: str) -> str:
    """Return a text for LIKE with `!` as escape."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
