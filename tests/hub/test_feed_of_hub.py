"""What the chain sends its stores: erasures first, stops to whom they concern, bundles by ring, changes as overlays."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from hub.__main__ import app
from hub.callers import Caller
from hub.feed.erasing import Erasing
from hub.feed.files import scopes_of
from hub.feed.learning import Learner
from hub.feed.stopping import StopBoard, StopOrder
from hub.feed.upkeep import FeedUpkeep
from hub.imports.job import ImportJob
from hub.imports.service import import_files
from hub.imports.tokenising import CodeBook, tokenise
from retail.errors import ConfigurationError, RefusedError
from retail.stops import StopKind, Stops, stops_from
from sync.protocol.enrolment import seal_to, to_base64
from sync.protocol.feed_messages import ErasuresFile, FeedKind
from sync.protocol.tokens import CodeKind, locator_of, normalise, token_of
from tests.hub.test_upload import deliver_all

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CUSTOMERS = "customer_id,first_name\n"


@dataclass
class Chain:
    """A hub with two stores and what a test imports into it."""

    rig: object
    folder: object

    @property
    def hub(self):
        return self.rig.hub

    def bring(self, *, replace: bool = False, **texts: str):
        done = self.import_only(replace=replace, **texts)
        self.hub.publisher.publish("main", now=NOW)
        return done

    def import_only(self, *, replace: bool = False, **texts: str):
        paths = []
        for name, text in texts.items():
            path = self.folder / f"{name}.csv"
            path.write_text(text, "utf-8")
            paths.append(path)
        book = CodeBook(self.hub.keys.tenant("main"))
        job = ImportJob(
            database=self.hub.database,
            tenant_id="main",
            country="DE",
            book=book,
            progress=lambda *_: None,
            replace=replace,
            today=NOW.date(),
        )
        done = import_files(job, paths)
        tokenise(self.hub.database, "main", book, progress=lambda *_: None)
        return done

    def token(self, code: str) -> bytes:
        return token_of(normalise(code, CodeKind.CARD), self.hub.keys.tenant("main").pepper)

    def wanted(self, store_id: str = "7781", region: str = "", ring: str = ""):
        return self.hub.files.wanted("main", scopes_of(store_id, region=region, ring=ring))

    def content(self, kind: FeedKind, store_id: str = "7781", **place: str) -> bytes | None:
        found = [each for each in self.wanted(store_id, **place) if each.kind is kind]
        return self.hub.files.open("main", found[0].sha256).path.read_bytes() if found else None

    def stops(self, store_id: str = "7781", region: str = "") -> Stops:
        content = self.content(FeedKind.STOPS, store_id, region=region)
        return Stops(stops=stops_from(json.loads(content)) if content else ())

    def store(self, store_id: str, *, region: str = "", ring: str = "") -> None:
        self.hub.registry.issue_code("main", store_id, name="", now=NOW)
        with self.hub.database.writing() as session:
            session.run("put_region", tenant_id="main", store_id=store_id, region=region)
            session.run("put_ring", tenant_id="main", store_id=store_id, ring=ring)

    def press(self, kind: StopKind, **changes):
        return StopBoard(self.hub.database, self.hub.files).press(
            "main", StopOrder(kind=kind, **changes), who="anna", now=NOW
        )

    def erase(self, *customer_ids: str) -> int:
        erasing = Erasing(self.hub.database, self.hub.files, self.hub.feed)
        return erasing.erase("main", erasing.look("main", customer_ids), now=NOW)


@pytest.fixture
def chain(rig, tmp_path):
    chain = Chain(rig, tmp_path)
    chain.store("7781", region="north", ring="1")
    chain.store("4711", region="south")
    return chain


def members(count: int) -> dict[str, str]:
    return {
        "customers": CUSTOMERS + "".join(f"C{number},Name{number}\n" for number in range(count)),
        "codes": "code,kind,customer_id\n" + "".join(f"{number:08},card,C{number}\n" for number in range(count)),
    }


# Stops


def test_a_stop_reaches_the_store_the_region_or_the_chain_and_nobody_else(chain):
    chain.press(StopKind.PRINTING, scope="store:7781")
    assert not chain.stops("7781", "north").may_print(NOW)
    assert chain.stops("4711", "south").may_print(NOW)
    chain.press(StopKind.CAMPAIGN, campaign_id="tea", scope="region:south")
    assert chain.stops("4711", "south").campaigns(NOW) == {"tea"}
    assert chain.stops("7781", "north").campaigns(NOW) == frozenset()
    chain.press(StopKind.CAMPAIGN, campaign_id="coffee")
    assert chain.stops("4711", "south").campaigns(NOW) == {"tea", "coffee"}
    assert chain.stops("7781", "north").campaigns(NOW) == {"coffee"}
    assert not chain.stops("7781", "north").may_print(NOW), "the chain's stop took nothing away from the store's own"


def test_a_resume_lets_everybody_go_on(chain):
    first = chain.press(StopKind.PRINTING)
    second = chain.press(StopKind.PRINTING, scope="store:7781", until=NOW + timedelta(hours=1))
    board = StopBoard(chain.hub.database, chain.hub.files)
    assert board.resume("main", first.stop_no, who="anna", now=NOW)
    assert not board.resume("main", first.stop_no, who="anna", now=NOW)
    assert chain.stops("4711").may_print(NOW)
    assert not chain.stops("7781").may_print(NOW)
    assert chain.stops("7781").may_print(NOW + timedelta(hours=2)), "over by itself, link or no link"
    board.publish("main", now=NOW + timedelta(hours=2))
    assert chain.stops("7781").stops == ()
    assert second.stop_no == 2


def test_a_store_that_moves_to_another_region_obeys_its_stops(chain):
    chain.press(StopKind.PRINTING, scope="region:south")
    assert chain.stops("7781", "north").may_print(NOW)
    assert not chain.stops("7781", "south").may_print(NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"scope": "store:none"},
        {"scope": "region:none"},
        {"until": NOW},
        {"campaign_id": "tea"},
        {"why": "x" * 201},
    ],
)
def test_a_stop_for_nobody_or_of_yesterday_is_refused(chain, changes):
    with pytest.raises(ConfigurationError):
        chain.press(StopKind.PRINTING, **changes)


# Bundles


def test_the_nearest_bundle_is_a_stores_own_and_only_it_may_fetch_it(chain):
    for scope, content in (("", b"{}"), ("ring:1", b'{"r": 1}'), ("store:4711", b'{"s": 1}')):
        chain.hub.files.publish_bytes("main", FeedKind.CONFIG, content, now=NOW, scope=scope)
    assert chain.content(FeedKind.CONFIG, "7781", region="north", ring="1") == b'{"r": 1}'
    assert chain.content(FeedKind.CONFIG, "4711", region="south") == b'{"s": 1}'
    own = chain.hub.files.newest("main", scope="store:4711")[FeedKind.CONFIG]
    caller = Caller(tenant_id="main", store_id="7781", agent_id="a", epoch=1, key_id="k")
    with pytest.raises(RefusedError):
        chain.hub.feed.file(caller, own.sha256)


# Overlays


def test_a_night_of_changes_is_an_overlay_and_many_of_them_a_snapshot(chain):
    chain.bring(**members(12))
    (snapshot,) = [file for file in chain.wanted() if file.kind is FeedKind.MIRROR]
    chain.bring(customers=CUSTOMERS + "C7,Seven\n")
    overlays = [file for file in chain.wanted() if file.kind is FeedKind.MIRROR_OVERLAY]
    assert [file.base for file in overlays] == [snapshot.version]
    kept = next(each for each in chain.hub.files.all("main") if each.file.kind is FeedKind.MIRROR_OVERLAY)
    assert kept.entries == 1
    chain.bring(customers=CUSTOMERS + "".join(f"C{number},New{number}\n" for number in range(6)))
    kinds = [file.kind for file in chain.wanted()]
    assert kinds.count(FeedKind.MIRROR) == 1
    assert FeedKind.MIRROR_OVERLAY not in kinds, "half of all customers: a snapshot pays"


def test_a_whole_list_of_segments_changes_only_those_whose_membership_changed(chain):
    chain.bring(**members(40))
    head = "customer_id,segment,valid_until\n"
    rows = [f"C{number},best,\n" for number in range(30)]
    chain.bring(segments=head + "".join(rows))
    done = chain.bring(segments=head + "".join(rows[1:]) + "C35,best,\n", replace=True)
    assert done[0].changed == 2
    assert [row[0] for row in chain.rig.rows("SELECT customer_id FROM customer_change")] == []
    overlay = [file for file in chain.wanted() if file.kind is FeedKind.MIRROR_OVERLAY][-1]
    kept = next(each for each in chain.hub.files.all("main") if each.file.sha256 == overlay.sha256)
    assert kept.entries == 2
    (entered,) = chain.rig.rows("SELECT entered FROM customer_segment WHERE customer_id = 'C35'")
    assert entered == (NOW.date().isoformat(),), "a new membership of a known segment began today"
    assert chain.rig.rows("SELECT DISTINCT entered FROM customer_segment WHERE customer_id <> 'C35'") == [("",)]


def test_codes_of_a_merged_account_lead_to_the_one_that_is_left(chain):
    chain.bring(**members(5))
    chain.bring(merges="customer_id,into_id\nC1,C2\nC2,C3\n")
    assert chain.rig.rows("SELECT DISTINCT customer_id FROM customer_code ORDER BY 1") == [("C0",), ("C3",), ("C4",)]
    done = chain.bring(codes="code,kind,customer_id\n99999999,card,C1\n", customers=CUSTOMERS + "C1,Again\n")
    assert [each.rejected for each in done] == [1, 0], (
        "the old account does not come back; its new card finds the new one"
    )
    assert chain.rig.rows("SELECT count(*) FROM customer_code WHERE customer_id = 'C3'") == [(4,)]


# Erasures


def test_the_order_to_forget_goes_out_before_anything_else_and_an_old_export_brings_nobody_back(chain):
    chain.bring(**members(9))
    token = chain.token("00000007")
    assert chain.erase("C7") == 1
    files = chain.wanted()
    assert files[0].kind is FeedKind.ERASURES
    (erasure,) = ErasuresFile.model_validate_json(chain.content(FeedKind.ERASURES)).erasures
    assert (erasure.customer_id, erasure.locators) == ("C7", [locator_of(token).hex()])
    done = chain.bring(**members(9))
    assert [each.rejected for each in done] == [1, 1]
    assert "erased" in done[0].reasons[0]
    assert chain.erase("C7") == 1, "a repeat orders nothing more"


def test_nothing_of_an_erased_customer_is_left_in_any_file_of_the_hub(chain):
    chain.bring(
        customers="customer_id,first_name,household_id\nC-erase-me-4711,Aurelia,H1\nC2,Bob,H1\n",
        codes="code,kind,customer_id\n2900000012345,card,C-erase-me-4711\n",
        segments="customer_id,segment\nC-erase-me-4711,very-rare-segment\n",
    )
    token = chain.token("2900000012345")
    chain.bring(customers="customer_id,first_name\nC-erase-me-4711,Aurelia Two\n")
    before = _carve(chain, b"Aurelia", token)
    assert before
    chain.erase("C-erase-me-4711")
    assert _carve(chain, b"Aurelia", token, token[16:]) == []
    assert not any("hub.db" in each for each in _carve(chain, b"very-rare-segment")), "its name stays in a dictionary"


def _carve(chain, *needles: bytes) -> list[str]:
    """Return which of the needles stand in which files of the hub, keys apart."""
    found = []
    for path in sorted(chain.rig.config.state_dir.rglob("*")):
        if path.is_file() and "keys" not in path.parts:
            data = path.read_bytes()
            found += [f"{path.name}: {needle!r}" for needle in needles if needle in data]
    return found


def test_only_members_that_name_a_person_are_forgotten_when_an_id_is_an_ordinary_word(chain):
    """A customer may be called `1`, which is a quantity and a lane too."""
    from sync.protocol.persons import names_person

    assert names_person({"a": [{"customer_id": "1"}]}, {"1"}, set())
    assert names_person({"scan": {"locator": "ab" * 16}}, set(), {"ab" * 16})
    assert not names_person({"quantity": "1", "workstation_id": "1"}, {"1"}, set())


def test_erasing_is_confirmed_dry_and_told(chain, tmp_path):
    chain.bring(**members(3))
    chain.rig.hub.close()
    state = ["--state-dir", str(chain.rig.config.state_dir)]

    def run(*arguments: str, given: str | None = None):
        return CliRunner().invoke(app, ["erase", *arguments, *state], input=given)

    told = json.loads(run("--customer", "C1", "--dry-run", "--json").stdout)
    assert told["people"][0] == {
        "customer_id": "C1", "known": True, "erased_at": None, "codes": 1, "journal_records": 0, "merged_accounts": 0,
    }  # fmt: skip
    assert run("--customer", "C1", given="n\n").exit_code == 1
    assert isinstance(run("--customer", "C1", "--json").exception, ConfigurationError)
    people = tmp_path / "people.txt"
    people.write_text("customer_id\nC1\nC2\nnobody\n")
    done = run("--file", str(people), "--yes", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout) | {"people": []} == {
        "people": [], "unknown": ["nobody"], "erased": 2, "through": 2, "dry_run": False,
    }  # fmt: skip
    marks = json.loads(CliRunner().invoke(app, ["erasures", "--json", *state]).stdout)
    assert marks["through"] == 2


# Learning


def sale(number: int, *lines: tuple[str, str]) -> dict:
    items = [{"type": "sale", "description": text, "amount": amount} for text, amount in lines]
    return {"transaction": {"transaction_id": f"tx-{number}", "total": "0", "line_items": items}}


@pytest.mark.anyio
@pytest.mark.real
async def test_what_customers_bought_and_what_nobody_can_name_is_learned_from_journals_once(chain):
    chain.bring(
        **members(3),
        items="item_id,receipt_text,category,restricted\n1,Espresso 1kg,drinks/coffee,\n2,Cigarettes,tobacco,tobacco\n",
    )
    known, unknown = chain.token("00000001"), chain.token("00009999")
    async with chain.rig.serving():
        device = await chain.rig.enrolled()
        device.journal.append(
            "transaction.completed", sale(1, ("Espresso 1kg", "12.00"), ("Mystery", "3.50"), ("Cigarettes", "8.00"))
        )
        device.journal.append("customer.identified", {"transaction_id": "tx-1", "customer_id": "C1"})
        device.journal.append("transaction.completed", sale(2, ("ESPRESSO  1KG", "12.00"), ("Mystery", "3.50")))
        device.journal.append(
            "customer.identified", {"transaction_id": "tx-2", "customer_id": None, "locator": locator_of(unknown).hex()}
        )
        await deliver_all(chain.rig, device)
    learner = Learner(chain.hub.database, chain.hub.keys)
    assert (learner.learn("main"), learner.learn("main")) == (4, 0)
    rows = chain.rig.rows
    assert rows("SELECT purchases, last_visit FROM customer WHERE customer_id = 'C1'") == [(1, "2026-11-21")]
    assert [row[0] for row in rows("SELECT key FROM customer_bought WHERE customer_id = 'C1' ORDER BY 1")] == [
        "category:drinks", "category:drinks/coffee", "item:1", "need:1",
    ]  # fmt: skip
    assert rows("SELECT receipt_text, lines, revenue_e4 FROM unmapped_line") == [("Mystery", 2, 70_000)]
    chain.bring(codes="code,kind,customer_id\n00009999,card,C2\n", items="item_id,receipt_text\n9,Mystery\n")
    learner.learn("main")
    assert rows("SELECT purchases FROM customer WHERE customer_id = 'C2'") == [(1,)], "the hub linked it later"
    assert rows("SELECT count(*) FROM unmapped_line") == [(0,)]
    assert known


@pytest.mark.anyio
@pytest.mark.real
async def test_a_record_that_arrives_after_its_person_was_erased_is_erased_here_too(chain):
    chain.bring(**members(3))
    async with chain.rig.serving():
        device = await chain.rig.enrolled()
        device.journal.append("customer.identified", {"transaction_id": "tx-1", "customer_id": "C1"})
        await deliver_all(chain.rig, device)
        chain.erase("C1")
        device.journal.append("offer.decided", {"transaction_id": "tx-2", "customer_id": "C1", "offers": []})
        device.journal.append("visit", {"quantity": "C1"})
        await deliver_all(chain.rig, device)
    FeedUpkeep(chain.hub, told=print).turn()
    found = chain.rig.rows("SELECT seq, absent, payload FROM journal_record ORDER BY seq")
    assert [(seq, absent, payload is None) for seq, absent, payload in found] == [
        (1, "erased", True), (2, "erased", True), (3, None, False),
    ]  # fmt: skip


@pytest.mark.anyio
@pytest.mark.real
async def test_a_sealed_code_finds_its_holder_before_its_token_is_paid_for(chain):
    chain.bring(**members(2))
    spelled = normalise("00005555", CodeKind.CARD)
    sealed = to_base64(seal_to(chain.hub.keys.tenant("main").contact.public_key(), spelled.encode()))
    async with chain.rig.serving():
        device = await chain.rig.enrolled()
        device.journal.append("transaction.completed", sale(1, ("Tea", "2.00")))
        device.journal.append(
            "customer.identified",
            {"transaction_id": "tx-1", "customer_id": None, "locator": "ab" * 16, "sealed_code": sealed},
        )
        await deliver_all(chain.rig, device)
    learner = Learner(chain.hub.database, chain.hub.keys)
    learner.learn("main")
    assert chain.rig.rows("SELECT purchases FROM customer WHERE customer_id = 'C1'") == [(None,)]
    chain.bring(codes="code,kind,customer_id\n00005555,card,C1\n")
    learner.learn("main")
    assert chain.rig.rows("SELECT purchases FROM customer WHERE customer_id = 'C1'") == [(1,)]
    assert chain.rig.rows("SELECT sealed FROM unknown_code") == [("",)], "what is linked is not kept"
