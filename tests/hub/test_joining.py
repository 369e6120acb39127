"""Who joined at a store's screen becomes a member at the hub, and their contact theirs when they have answered from it."""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from hub.claims.consents import sentences
from hub.claims.joining import ERASURE_ASKED
from hub.claims.ledger import asked_for_erasure, consent_ledger
from hub.feed.erasing import Erasing
from hub.feed.learning import Learner
from sync.protocol.enrolment import seal_to, to_base64
from sync.protocol.feed_messages import FeedKind
from tests.hub.claim_house import Mailbox
from tests.hub.rig import Device, HubRig
from tests.hub.test_upload import deliver_all

pytestmark = [pytest.mark.anyio, pytest.mark.real]

CARD = "2900000000017"
MAIL = "vera@example.org"


def joins(rig: HubRig, device: Device, enrolment_id: str = "e1", *, sealed: bool = True, **told: str) -> None:
    """Journal what a kiosk does when somebody joins (`kiosk/members.py`), with offers allowed and a question answered."""
    who = {"first_name": "Vera", "contact": MAIL, "contact_kind": "email", "code": CARD, "language": "ru"} | told
    key = rig.hub.keys.tenant(rig.config.tenant).contact.public_key()
    box = {"sealed": True, "box": to_base64(seal_to(key, json.dumps(who).encode()))}
    member = box if sealed else {"sealed": False, "told": who}
    shared = {"enrolment_id": enrolment_id, "scan_id": "", "by": "self", "shown_how": "screen"}
    for each in sentences("ru")[:3]:
        waits = each.purpose != "membership" and bool(who["contact"])
        content = {
            **each.evidence(datetime.now(UTC)),
            "given": True,
            "double_opt_in": {"state": "requested" if waits else "not_needed", "channel": who["contact_kind"]},
            **shared,
        }
        device.journal.append("consent.given", content | ({"member": member} if each.purpose == "membership" else {}))
    answers = [{"question_id": "shops_for", "answer": "family"}]
    device.journal.append("survey.answered", {"answers": answers, **shared})


async def learn(rig: HubRig) -> int:
    """Do what the hub's own upkeep does, in a thread as there; return how many messages went."""
    return await asyncio.to_thread(_turn, rig)


def _turn(rig: HubRig) -> int:
    Learner(rig.hub.database, rig.hub.keys).learn(rig.config.tenant)
    assert rig.hub.claims is not None
    return rig.hub.claims.ask_joined(rig.hub.joining, now=datetime.now(UTC))


def members(rig: HubRig) -> list[tuple]:
    return rig.rows("SELECT customer_id, first_name, language, permissions FROM customer ORDER BY customer_id")


async def test_somebody_joins_at_a_kiosk_and_confirms_by_mail(chain: HubRig, mailbox: Mailbox) -> None:
    async with chain.serving(), httpx.AsyncClient(base_url=chain.url) as client:
        device = await chain.enrolled()
        joins(chain, device)
        await deliver_all(chain, device)
        assert await learn(chain) == 1
        assert await learn(chain) == 0, "nobody is asked twice"
        [(customer_id, name, language, permissions)] = members(chain)
        assert (name, language, permissions) == ("Vera", "ru", "membership"), "offers wait for the second yes"
        assert chain.rows("SELECT kind, customer_id, token IS NOT NULL FROM customer_code") == [
            ("card", customer_id, 1)
        ]
        assert mailbox.mails[0]["To"] == MAIL
        link = mailbox.link()
        page = await client.get(link)
        assert "вы участник" in page.text
        assert members(chain)[0][3] == "membership", "a mail scanner confirms nothing"
        done = await client.post(link)
        assert done.status_code == 200
        assert members(chain) == [(customer_id, "Vera", "ru", "membership offers receipts")]
        assert chain.rows("SELECT kind FROM customer_code ORDER BY kind") == [("card",), ("email",)]
        assert (await client.post(link)).status_code == 200, "a second press changes nothing"


async def test_answers_become_memberships_that_rules_can_ask_for(chain: HubRig) -> None:
    async with chain.serving():
        device = await chain.enrolled()
        joins(chain, device)
        await deliver_all(chain, device)
        await learn(chain)
        assert chain.rows("SELECT segment, valid_until FROM customer_segment") == [("survey-shops_for-family", "")]
        again = {"answers": [{"question_id": "shops_for", "answer": "me"}], "enrolment_id": "e1"}
        device.journal.append("survey.answered", again)
        await deliver_all(chain, device)
        await learn(chain)
        assert chain.rows("SELECT segment FROM customer_segment") == [("survey-shops_for-me",)], "the newest counts"


async def test_who_is_a_member_already_keeps_one_account_and_gets_the_new_card(
    chain: HubRig,
    mailbox: Mailbox,
) -> None:
    async with chain.serving(), httpx.AsyncClient(base_url=chain.url) as client:
        device = await chain.enrolled()
        joins(chain, device)
        await deliver_all(chain, device)
        await learn(chain)
        await client.post(mailbox.link())
        [(first, *_)] = members(chain)
        joins(chain, device, "e2", code="2900000000024")
        newer = [{"question_id": "shops_for", "answer": "me"}]
        device.journal.append("survey.answered", {"answers": newer, "enrolment_id": "e2"})
        await deliver_all(chain, device)
        await learn(chain)
        assert len(members(chain)) == 2, "until the contact has answered nobody knows that it is the same person"
        await client.post(mailbox.link())
        assert [each[0] for each in members(chain)] == [first]
        assert chain.rows("SELECT customer_id, segment FROM customer_segment") == [(first, "survey-shops_for-me")]
        assert chain.rows("SELECT kind, customer_id FROM customer_code ORDER BY kind, code_index") == [
            ("card", first),
            ("card", first),
            ("email", first),
        ]


async def test_a_card_of_somebody_else_stays_theirs(chain: HubRig) -> None:
    async with chain.serving():
        device = await chain.enrolled()
        joins(chain, device, contact="", contact_kind="")
        joins(chain, device, "e2", contact="", contact_kind="")
        await deliver_all(chain, device)
        assert await learn(chain) == 0
        assert len(members(chain)) == 2
        assert len(chain.rows("SELECT 1 FROM customer_code")) == 1
        assert {each[3] for each in members(chain)} == {"membership offers receipts"}, "without a contact nothing waits"


async def test_a_no_takes_back_and_a_wish_to_be_forgotten_waits_for_a_person(chain: HubRig) -> None:
    async with chain.serving():
        device = await chain.enrolled()
        joins(chain, device, contact="", contact_kind="")
        await deliver_all(chain, device)
        await learn(chain)
        [(customer_id, *_)] = members(chain)
        device.journal.append("consent.withdrawn", {"customer_id": customer_id, "purpose": "offers", "given": False})
        asked = {"customer_id": customer_id, "purpose": "membership", "given": False, "erasure_requested": True}
        device.journal.append("consent.withdrawn", asked)
        await deliver_all(chain, device)
        await learn(chain)
        assert members(chain)[0][3].split() == [ERASURE_ASKED, "receipts"]


async def test_who_joined_at_a_screen_and_is_forgotten_leaves_no_record_of_it(chain: HubRig) -> None:
    """Those records know no customer id yet, only the enrolment's; others keep theirs, whatever theirs is called."""
    async with chain.serving():
        device = await chain.enrolled()
        joins(chain, device, "e1")
        joins(chain, device, "1", contact="otto@example.org", code="2900000000024", first_name="Otto")
        device.journal.append("offer.decided", {"transaction_id": "tx-1", "workstation_id": "e1", "offers": []})
        await deliver_all(chain, device)
        await learn(chain)
        erasing = Erasing(chain.hub.database, chain.hub.files, chain.hub.feed)
        (vera,) = [row[0] for row in members(chain) if row[1] == "Vera"]
        erasing.erase("main", erasing.look("main", [vera]), now=datetime.now(UTC))
        assert [row[1] for row in members(chain)] == ["Otto"]
        left = chain.rows("SELECT payload FROM journal_record WHERE payload IS NOT NULL")
        kept = [json.loads(payload) for (payload,) in left]
        assert {each["enrolment_id"] for each in kept if "enrolment_id" in each} == {"1"}
        assert [each for each in kept if each.get("workstation_id") == "e1"], "a word that is no enrolment stays"
        (file,) = [each for each in chain.hub.files.all("main") if each.file.kind is FeedKind.ERASURES]
        told = json.loads(chain.hub.files.open("main", file.file.sha256).path.read_bytes())["erasures"]
        assert "e1" in told[-1]["locators"], "the store is told, too"


async def test_a_known_member_allows_more_at_the_kiosk(chain: HubRig) -> None:
    async with chain.serving():
        device = await chain.enrolled()
        joins(chain, device, contact="", contact_kind="", sealed=False)
        await deliver_all(chain, device)
        await learn(chain)
        [(customer_id, *_)] = members(chain)
        yes = {"customer_id": customer_id, "purpose": "profiling", "given": True}
        device.journal.append("consent.given", yes | {"double_opt_in": {"state": "not_needed"}})
        await deliver_all(chain, device)
        await learn(chain)
        assert "profiling" in members(chain)[0][3]


async def test_a_mail_server_that_is_away_is_tried_again(tmp_path: Path) -> None:
    rig = HubRig(tmp_path / "hub", public_url="https://h.example", smtp="smtp://127.0.0.1:1", mail_from="a@b.example")
    async with rig.serving():
        device = await rig.enrolled()
        joins(rig, device)
        await deliver_all(rig, device)
        assert await learn(rig) == 0
        assert rig.rows("SELECT asked_at FROM claim") == [("",)]
        assert len(members(rig)) == 1, "they are a member all the same"
    rig.hub.close()


@pytest.mark.parametrize(
    "content",
    [
        {"member": {"sealed": True, "box": "AAAA"}},
        {"member": {"sealed": True}},
        {"member": {"sealed": False, "told": "x"}},
        {"member": {"sealed": False, "told": {"first_name": 5, "contact": ["x"], "contact_kind": {}, "code": None}}},
        {"purpose": "a b", "double_opt_in": 7},
        {"answers": [{"question_id": 1}, 7, {"question_id": "x" * 200, "answer": "y"}]},
    ],
)
async def test_a_record_that_is_not_what_it_says_harms_nobody(chain: HubRig, content: dict) -> None:
    async with chain.serving():
        device = await chain.enrolled()
        for kind in ("consent.given", "consent.withdrawn", "survey.answered"):
            device.journal.append(kind, {"enrolment_id": "e9", "purpose": "membership", "given": True, **content})
        await deliver_all(chain, device)
        await learn(chain)
        assert chain.rows("SELECT count(*) FROM claim") == [(0,)]
        assert chain.rows("SELECT count(*) FROM customer_segment") == [(0,)]


async def test_the_evidence_that_is_kept_is_the_journals(chain: HubRig) -> None:
    async with chain.serving():
        device = await chain.enrolled()
        joins(chain, device)
        await deliver_all(chain, device)
        await learn(chain)
        [(kept,)] = chain.rows("SELECT consents FROM claim")
        evidence = json.loads(kept)
        assert [each["purpose"] for each in evidence] == ["membership", "receipts", "offers"]
        for each in evidence:
            assert each["text_sha256"] == hashlib.sha256(each["text"].encode()).hexdigest()
            assert each["answered_at"]


async def test_the_ledger_convinces_somebody_who_was_not_there(chain: HubRig) -> None:
    async with chain.serving():
        device = await chain.enrolled()
        joins(chain, device)
        await deliver_all(chain, device)
        ledger = consent_ledger(chain.hub.database, chain.config.tenant)
        assert [each["purpose"] for each in ledger] == ["membership", "receipts", "offers"]
        for each in ledger:
            assert each["text_sha256"] == hashlib.sha256(each["text"].encode()).hexdigest()
            assert (each["store"], each["by"], each["shown_how"], each["given"]) == ("7781", "self", "screen", True)
            assert each["clock_quality"] == "synchronised"
            assert "member" not in each, "what they told of themselves is no part of it"
        assert ledger[1]["double_opt_in"]["state"] == "requested"
        assert consent_ledger(chain.hub.database, chain.config.tenant, customer_id="c-9") == []
        assert asked_for_erasure(chain.hub.database, chain.config.tenant) == []
        await learn(chain)
        [(customer_id, *_)] = members(chain)
        asked = {"customer_id": customer_id, "purpose": "membership", "given": False, "erasure_requested": True}
        device.journal.append("consent.withdrawn", asked)
        await deliver_all(chain, device)
        await learn(chain)
        assert asked_for_erasure(chain.hub.database, chain.config.tenant) == [customer_id]
