"""A Z report becomes `day.closed`, compared with what was captured; a misread receipt is read again."""

from __future__ import annotations

import asyncio
import contextlib
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from agent.commands.journal import app
from agent.intake.day_close import Counted, DayLedger, closed_content, missing_numbers
from agent.journal.batch import Batch, Capture
from agent.journal.completeness import lane_days
from agent.journal.days import DayReader
from agent.keys import JOURNAL_KEY
from pos_adapters.reading.values import DayReport
from retail.line_items import TenderType
from tests.agent.core_house import CONFIG, CUT, Running, Tap, journal, kinds, make_store, receipt


def z_report(*, count: int, total: str) -> bytes:
    lines = [
        "Z REPORT 0042",
        "Till 1",
        f"Transactions       {count}",
        f"TOTAL          {total}",
        f"Cash           {total}",
    ]
    return "\n".join(lines).encode() + b"\n" + CUT


def test_holes_between_the_printed_numbers_are_missing_unless_another_lane_has_them():
    assert missing_numbers({7, 8, 11}, {9}) == ["10"]
    assert missing_numbers(set(), {1, 2}) == []
    assert missing_numbers({5}, set()) == []


def test_numbers_that_do_not_count_by_one_miss_nothing():
    assert missing_numbers({1004, 90_210, 555_555}, set()) == []


def test_what_a_report_does_not_print_has_no_difference():
    counted = Counted(sales=3, total=Decimal("12.90"))
    told = closed_content(DayReport(closes_day=True, total=Decimal("13.00")), counted, [])
    assert told["difference"] == {"sales": None, "total": "-0.10", "cash": None, "tenders": {}}


def test_tenders_are_compared_kind_by_kind():
    counted = Counted(sales=2, total=Decimal(10), tenders={"cash": Decimal(4), "credit": Decimal(6)})
    report = DayReport(
        closes_day=True,
        transaction_count=2,
        total=Decimal(10),
        tenders=((TenderType.CASH, Decimal(5)), (TenderType.CREDIT, Decimal(6))),
    )
    assert closed_content(report, counted, [])["difference"]["tenders"] == {"cash": "-1", "credit": "0"}


def test_a_ledger_keeps_two_days_and_never_grows():
    ledger = DayLedger()
    for day in range(1, 20):
        ledger.restore([("1", f"2026-11-{day:02}", "1.00", str(day), "[]")])
    assert len(ledger._counted) == 2


def test_a_lane_without_a_report_has_no_share_and_the_later_of_two_reports_counts():
    sales = [("1", "2026-11-21", Decimal("4.00"), Decimal(0)), ("2", "2026-11-21", Decimal("1.00"), Decimal(0))]
    closed = [
        ("1", "2026-11-21", {"told": {"sales": 9, "total": "9.00", "cash": None}}),
        ("1", "2026-11-21", {"told": {"sales": 2, "total": "4.50", "cash": None}, "missing_numbers": ["8"]}),
    ]
    first, second = (line.to_json() for line in lane_days(sales, closed))
    assert (first["share_percent"], first["difference"]["total"], first["complete"]) == ("50.00", "-0.50", False)
    assert (second["share_percent"], second["complete"]) == (None, None)


@pytest.fixture
def store(tmp_path):
    return make_store(tmp_path / "state")


def test_a_z_report_closes_the_day_with_told_and_captured_side_by_side(store):
    async def day():
        async with Running(store):
            tap = await Tap.connect(store)
            for number in (11, 12, 14):
                await tap.print(receipt(number=number))
            await tap.print(z_report(count=4, total="29.92"))
            await tap.print(receipt(number=15))
            tap.close()

    asyncio.run(day())
    closed = next(record for record in journal(store) if record.kind == "day.closed")
    content = closed.content()
    assert content["told"] == {
        "number": "0042",
        "sales": 4,
        "total": "29.92",
        "cash": "29.92",
        "tenders": {"cash": "29.92"},
    }
    assert content["counted"] == {"sales": 3, "total": "22.44", "cash": "22.44", "tenders": {"cash": "22.44"}}
    assert content["difference"] == {"sales": -1, "total": "-7.48", "cash": "-7.48", "tenders": {"cash": "-7.48"}}
    assert content["missing_numbers"] == ["13"]
    days = [record.business_day for record in journal(store) if record.kind == "transaction.completed"]
    assert days[:3] == [closed.business_day] * 3
    assert days[3] > closed.business_day


def test_a_core_that_was_restarted_counts_the_whole_day_and_keeps_it_closed(store, tmp_path):
    async def morning():
        async with Running(store):
            tap = await Tap.connect(store)
            await tap.print(receipt(number=1))
            await tap.print(receipt(number=2))
            tap.close()

    async def evening(core):
        async with Running(core):
            tap = await Tap.connect(core)
            await tap.print(z_report(count=2, total="14.96"))
            tap.close()

    async def night(core):
        async with Running(core):
            tap = await Tap.connect(core)
            await tap.print(receipt(number=3))
            tap.close()

    asyncio.run(morning())
    asyncio.run(evening(make_store(tmp_path / "state")))
    last = make_store(tmp_path / "state")
    asyncio.run(night(last))
    records = journal(last)
    closed = next(record for record in records if record.kind == "day.closed")
    assert closed.content()["difference"]["sales"] == 0
    assert [record for record in records if record.kind == "transaction.completed"][
        -1
    ].business_day > closed.business_day


def parked_capture(core, body: bytes, *, job: str = "old-job", days_ago: int = 9) -> datetime:
    """Keep a capture of last week that nobody understood, as an older reader would have left it."""
    received_at = datetime.now(UTC) - timedelta(days=days_ago)
    capture = Capture(job_id=job, document_no=0, workstation_id="1", received_at=received_at, body=body)

    async def keep():
        core.writer.start()
        await core.writer.run(lambda store: store.open())
        await core.writer.commit(Batch(capture=capture))
        await asyncio.to_thread(core.writer.close)

    asyncio.run(keep())
    return received_at


def test_what_was_misread_is_read_again_and_journalled_once(store, tmp_path):
    received_at = parked_capture(store, receipt(number=99, cut=False))
    core = make_store(tmp_path / "state")

    async def again() -> list[dict]:
        async with Running(core) as running:
            first = await running.ask("reread", job_id="old-job", document_no=0)
            second = await running.ask("reread", job_id="old-job", document_no=0)
            return [first, second]

    first, second = asyncio.run(again())
    assert first["kind"] == "transaction.completed"
    assert second["ok"] is False
    assert second["code"] == "not_found"
    (sale,) = [record for record in journal(core) if record.kind == "transaction.completed"]
    assert sale.content()["reread"] is True
    assert sale.business_day == received_at.astimezone(core.config.store.zone).date().isoformat() or sale.business_day
    assert sale.occurred_at[:10] == received_at.astimezone(core.config.store.zone).date().isoformat()


def test_a_capture_of_a_sale_that_is_known_is_a_copy_however_old(store, tmp_path):
    parked_capture(store, receipt(number=99, cut=False))
    second = make_store(tmp_path / "state")
    parked_capture(second, receipt(number=99, cut=False), job="again")
    core = make_store(tmp_path / "state")

    async def again() -> list[dict]:
        async with Running(core) as running:
            first = await running.ask("reread", job_id="old-job", document_no=0)
            return [first, await running.ask("reread", job_id="again", document_no=0)]

    first, copy = asyncio.run(again())
    assert first["kind"] == "transaction.completed"
    assert copy["kind"] is None
    with contextlib.closing(DayReader(core.state.journal, core.keys.journal)) as reader:
        assert reader.reread_candidates() == []
    assert kinds(core).count("transaction.completed") == 1


def test_a_dry_run_says_what_would_be_taken_and_needs_no_core(store, tmp_path):
    parked_capture(store, receipt(number=99, cut=False))
    parked_capture(make_store(tmp_path / "state"), b"no receipt at all\n", job="noise")
    config = tmp_path / "agent.toml"
    config.write_text(CONFIG.format(state_dir=tmp_path / "state", profile="appendix"), "utf-8")
    done = CliRunner().invoke(app, ["reread", "--dry-run", "--json", "--config", str(config)])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["dry_run"], told["captures"], told["readable"], told["taken"]) == (True, 2, 1, 0)
    assert told["documents"][0]["total"] == "7.48"
    reader = DayReader(store.state.journal, bytes.fromhex((store.state.keys / JOURNAL_KEY).read_text().strip()))
    assert len(reader.reread_candidates()) == 2
    reader.close()


def test_completeness_of_a_store_is_one_line_a_lane_and_day(store, tmp_path):
    async def day():
        async with Running(store):
            tap = await Tap.connect(store)
            await tap.print(receipt(number=1))
            await tap.print(z_report(count=2, total="14.96"))
            tap.close()

    asyncio.run(day())
    config = tmp_path / "agent.toml"
    config.write_text(CONFIG.format(state_dir=tmp_path / "state", profile="appendix"), "utf-8")
    done = CliRunner().invoke(app, ["completeness", "--json", "--config", str(config)])
    (line,) = json.loads(done.stdout)["days"]
    assert (line["workstation_id"], line["share_percent"], line["complete"]) == ("1", "50.00", False)
    assert line["difference"] == {"sales": -1, "total": "-7.48", "cash": "-7.48"}
    shown = CliRunner().invoke(app, ["completeness", "--config", str(config)]).stdout
    assert "share 50.00 %" in shown
