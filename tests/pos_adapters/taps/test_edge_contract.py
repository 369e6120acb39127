"""Every edge keeps the same promises: the receipt prints, whatever core does; one block before the cut; told and kept."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from pos_adapters.taps.frames import Outcome
from pos_adapters.taps.sealed_job import open_sealed
from pos_adapters.taps.spool_files import spooled_files
from tests.pos_adapters.taps.edge_devices import EDGES, WHOLE_JOBS, Edge, EdgeKind
from tests.pos_adapters.taps.fake_core import CoreJob
from tests.pos_adapters.taps.rig import Rig, Tap
from tests.pos_adapters.taps.service_devices import BLOCK

pytestmark = pytest.mark.real


@pytest.fixture(params=EDGES, ids=lambda each: each.name)
def edge(request: pytest.FixtureRequest, rig: Rig) -> Iterator[Edge]:
    kind: EdgeKind = request.param
    edge = kind.make(rig)
    assert edge.name == kind.name
    yield edge
    edge.close()


@pytest.fixture(params=WHOLE_JOBS, ids=lambda each: each.name)
def whole_edge(request: pytest.FixtureRequest, rig: Rig) -> Iterator[Edge]:
    """One of the edges that take jobs whole; what slips of the others do is tried in `test_slips`."""
    edge = request.param.make(rig)
    yield edge
    edge.close()


def tap_of(rig: Rig, edge: Edge, *more: str, profile: str = "appendix") -> Tap:
    return rig.keep(
        Tap(
            *("--listen", edge.listen, "--printer", edge.printer_address, "--workstation", "1"),
            *("--agent", f"unix://{rig.core_path}", "--profile", profile, *edge.options, *more),
        )
    )


def test_one_block_stands_before_every_cut_and_core_hears_what_became_of_it(rig: Rig, edge: Edge) -> None:
    core = rig.core(lambda job, cut_no, offset: BLOCK)
    tap = tap_of(rig, edge, "--budget-ms", "1000")
    core.wait_connected()
    assert edge.print(tap, edge.job())
    assert edge.printed(0) == edge.with_blocks()
    first = core.wait_job(0)
    assert first.data == edge.captured()
    assert [cut_no for cut_no, _ in first.outcomes] == [1]
    assert first.outcomes[0][1] in {Outcome.PRINTED, Outcome.UNCONFIRMED}
    assert edge.print(tap, edge.job(2))
    assert edge.printed(1) == edge.with_blocks(2)
    assert [cut_no for cut_no, _ in core.wait_job(1).outcomes] == [1, 2]


def test_a_block_that_core_would_lend_is_printed_once_and_edges_of_whole_jobs_ask_for_none(
    rig: Rig, edge: Edge
) -> None:
    core = rig.core(lambda job, cut_no, offset: BLOCK)
    core.lends = lambda job, cut_no: BLOCK
    tap = tap_of(rig, edge, "--budget-ms", "1000")
    core.wait_connected()
    assert bool(core.hellos[-1]["right"]) == (edge.name not in {each.name for each in WHOLE_JOBS})
    for number, cuts in enumerate((1, 2)):
        assert edge.print(tap, edge.job(cuts))
        assert edge.printed(number) == edge.with_blocks(cuts)
        job = core.wait_job(number)
        assert len(job.used) + len(job.cuts) == len(job.outcomes) == cuts


def test_a_core_that_is_silent_or_late_or_wrong_costs_the_block_and_nothing_else(rig: Rig, edge: Edge) -> None:
    core = rig.core(lambda job, cut_no, offset: ...)
    tap = tap_of(rig, edge, "--budget-ms", "30")
    core.wait_connected()
    assert edge.print(tap, edge.job())
    assert edge.printed(0) == edge.job()
    first = core.wait_job(0)
    core.block(first, 1, BLOCK)
    core.seen.until(lambda: first.outcomes, "an outcome")
    assert first.outcomes == [(1, Outcome.LATE)]
    core.answer = lambda job, cut_no, offset: b"\x1b"  # half a command
    assert edge.print(tap, edge.job())
    assert edge.printed(1) == edge.job()
    assert core.wait_job(1).outcomes in ([(1, Outcome.NOT_SENT)], [(1, Outcome.LATE)])


@pytest.mark.parametrize("end", ["garbage", "hang up"])
def test_a_core_that_breaks_while_it_is_asked_lets_the_receipt_go(rig: Rig, edge: Edge, end: str) -> None:
    core = rig.core()

    def broken(*_: object) -> object:
        if end == "garbage":
            core.send(b"HTTP/1.1 500 Internal Server Error\r\n\r\n")
        else:
            core.hang_up()
        return ...

    core.answer = broken
    tap = tap_of(rig, edge, "--budget-ms", "1000")
    core.wait_connected()
    assert edge.print(tap, edge.job())
    assert edge.printed(0) == edge.job()
    assert tap.count("budget_over") == 0, "nobody waited for the budget"


def test_a_slip_of_its_own_stands_behind_the_receipt(rig: Rig, edge: Edge) -> None:
    core = rig.core()

    def slipped(job: CoreJob, cut_no: int, offset: int) -> object:
        del cut_no, offset
        core.slip(job, edge.slip)
        return ...

    core.answer = slipped
    tap = tap_of(rig, edge, "--budget-ms", "1000", profile="separate_slip")
    core.wait_connected()
    assert edge.print(tap, edge.job())
    assert edge.printed(0) == edge.with_slip()
    assert [cut_no for cut_no, _ in core.wait_job(0).outcomes] == [1]


def test_a_slip_that_was_wished_for_before_stands_behind_the_receipt_on_request(rig: Rig, whole_edge: Edge) -> None:
    edge, core = whole_edge, rig.core()

    def slipped(job: CoreJob, cut_no: int, offset: int) -> object:
        del cut_no, offset
        core.slip(job, edge.slip)
        return ...

    core.answer = slipped
    tap = tap_of(rig, edge, "--budget-ms", "1000", profile="on_request")
    core.wait_connected()
    assert edge.print(tap, edge.job())
    assert edge.printed(0) == edge.with_slip()


def test_a_slip_asked_for_after_the_receipt_is_printed_by_itself_and_once(rig: Rig, edge: Edge) -> None:
    core = rig.core(lambda job, cut_no, offset: None)
    tap = tap_of(rig, edge, profile="on_request")
    core.wait_connected()
    assert edge.print(tap, edge.job())
    assert edge.printed(0) == edge.job()
    first = core.wait_job(0)
    core.slip(first, edge.slip)
    assert edge.slip_alone(tap, 1) == edge.alone()
    core.seen.until(lambda: first.outcomes, "an outcome")
    expected = Outcome.PRINTED if edge.name in {"epos", "cloudprnt"} else Outcome.UNCONFIRMED
    assert first.outcomes == [(1, expected)]
    assert edge.print(tap, edge.job(2))
    assert edge.printed(2) == edge.job(2), "the next receipt is nobody's slip"


def test_a_slip_asked_for_when_the_next_receipt_has_come_is_not_printed(rig: Rig, whole_edge: Edge) -> None:
    edge, core = whole_edge, rig.core(lambda job, cut_no, offset: None)
    tap = tap_of(rig, edge, profile="on_request")
    core.wait_connected()
    for number in range(2):
        assert edge.print(tap, edge.job())
        assert edge.printed(number) == edge.job()
        core.wait_job(number)
    core.slip(core.order[0], edge.slip)
    core.seen.until(lambda: core.order[0].outcomes, "an outcome")
    assert core.order[0].outcomes[0][1] is Outcome.NOT_SENT
    assert edge.print(tap, edge.job(2))
    assert edge.printed(2) == edge.job(2)


def test_a_slip_for_a_printer_that_has_been_switched_off_is_not_sent(rig: Rig, whole_edge: Edge) -> None:
    if whole_edge.name == "cloudprnt":
        pytest.skip("whether a CloudPRNT printer is on shows only in what it fetches")
    edge, core = whole_edge, rig.core(lambda job, cut_no, offset: None)
    tap = tap_of(rig, edge, profile="on_request")
    core.wait_connected()
    assert edge.print(tap, edge.job())
    assert edge.printed(0) == edge.job()
    first = core.wait_job(0)
    edge.switch(on=False)
    core.slip(first, edge.slip)
    core.seen.until(lambda: first.outcomes, "an outcome")
    assert first.outcomes == [(1, Outcome.NOT_SENT)]
    edge.switch(on=True)
    assert edge.print(tap, edge.job()), "the printer is there again"


def test_without_core_the_receipt_prints_is_sealed_to_disk_and_reaches_core_later(rig: Rig, edge: Edge) -> None:
    private, options = rig.spooling()
    tap = tap_of(rig, edge, *options)
    assert edge.print(tap, edge.job())
    assert edge.printed(0) == edge.job()
    tap.wait_event("job_spooled")
    (file,) = spooled_files(rig.spool_folder())
    assert open_sealed(private, file.path.read_bytes()).data == edge.captured()
    core = rig.core()
    core.seen.until(lambda: core.sealed, "a sealed job at core")


def test_a_spool_that_cannot_be_written_costs_no_receipt(rig: Rig, edge: Edge) -> None:
    """A file stands where the folder should be: what a full or read-only disk says, said on every machine."""
    _, options = rig.spooling()
    rig.spool_folder().parent.parent.mkdir()
    rig.spool_folder().parent.write_text("a file where the folder should be")
    tap = tap_of(rig, edge, *options)
    assert edge.print(tap, edge.job())
    assert edge.printed(0) == edge.job()
    tap.wait_event("spool_failed")
    assert edge.print(tap, edge.job(2))
    assert edge.printed(1) == edge.job(2)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a full disk takes root")
def test_a_full_disk_costs_no_receipt_and_no_block_and_what_fits_later_is_kept(rig: Rig, edge: Edge) -> None:
    _, options = rig.spooling()
    folder = rig.spool_folder()
    folder.mkdir(parents=True)
    assert os.system(f"mount -t tmpfs -o size=16k tmpfs {folder}") == 0
    try:
        folder.joinpath("other").write_bytes(bytes(8_192))
        with pytest.raises(OSError, match="No space"):
            folder.joinpath("more").write_bytes(bytes(16_384))
        tap = tap_of(rig, edge, *options, "--budget-ms", "1000")
        assert edge.print(tap, edge.job())
        assert edge.printed(0) == edge.job()
        tap.wait_event("spool_failed")
        core = rig.core(lambda job, cut_no, offset: BLOCK)
        core.wait_connected()
        assert edge.print(tap, edge.job())
        assert edge.printed(1) == edge.with_blocks()
        second = core.wait_job(0)
        assert tap.stop() == 0
        assert second.data == edge.captured()
        kept = len(spooled_files(folder)) + len(core.sealed)
        named = {event["job"] for event in tap.events if event["event"] == "job_given_up"}
        named.discard(str(second.job_id))  # core's word that it has this one may have been on its way to the tap
        assert kept + len(named) == 1, "the first job is kept, handed over or named as lost"
    finally:
        os.system(f"umount {folder}")


def test_switched_off_nothing_of_ours_is_printed_and_core_still_learns_of_the_sale(rig: Rig, edge: Edge) -> None:
    core = rig.core(lambda job, cut_no, offset: BLOCK)
    tap = tap_of(rig, edge, profile="off")
    core.wait_connected()
    assert edge.print(tap, edge.job())
    assert edge.printed(0) == edge.job()
    assert core.wait_job(0, ended=False).cuts == []
    core.seen.until(lambda: core.order[0].data == edge.captured(), "all of the job at core")


def test_a_printer_that_is_off_is_said_to_be_and_the_next_receipt_prints_when_it_is_back(rig: Rig, edge: Edge) -> None:
    if edge.name == "serial":
        pytest.skip("a cable does not tell whether its printer is on")
    core = rig.core(lambda job, cut_no, offset: BLOCK)
    tap = tap_of(rig, edge, "--budget-ms", "1000")
    core.wait_connected()
    edge.switch(on=False)
    assert not edge.print(tap, edge.job())
    tap.wait_event("printer_refused")
    core.seen.until(lambda: core.troubles, "trouble told")
    assert core.troubles[-1]["trouble"] == ["unreachable"]
    edge.switch(on=True)
    assert edge.print(tap, edge.job())
    assert edge.printed(0) == edge.with_blocks()
