"""The demo's printers and registers, as real processes on loopback."""

import socket
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from agent.demo.catalogue import Language, Tender, draw_basket, load_catalogue, total_of
from agent.demo.paper_trail import blocks_in, is_harmless, job_of, papers_of, text_of
from agent.demo.printer_answers import answer_to
from agent.demo.processes import Talker, ourselves
from agent.demo.sale import RegisterJob, Sale, receipt_of

MODEL = "TM-T20III"
NOW = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)


def sale_in(language: Language, *, seed: int = 1) -> Sale:
    return Sale(
        number=1001,
        workstation_id="1",
        language=language,
        basket=draw_basket(Random(seed), load_catalogue()),
        tender=Tender.CASH,
        printed_at=NOW,
    )


@pytest.fixture
def printers(tmp_path: Path) -> Iterator[tuple[Talker, dict]]:
    command = ourselves("demo-printer", "--folder", str(tmp_path / "rolls"), "--model", MODEL, "1", "2")
    talker = Talker("printers", command, log=tmp_path / "printers.log")
    try:
        yield talker, talker.hear(timeout_s=20)
    finally:
        talker.stop()


@pytest.mark.real
@pytest.mark.parametrize("language", list(Language))
def test_what_a_register_prints_comes_out_of_the_printer_readable(
    language: Language, printers: tuple[Talker, dict], tmp_path: Path
) -> None:
    talker, ready = printers
    sale = sale_in(language)
    job = receipt_of(sale, columns=48)
    path = tmp_path / "job.bin"
    path.write_bytes(job.data)
    address = f"127.0.0.1:{ready['printers']['1']}"
    register = Talker("register", ourselves("demo-register", "--printer", address), log=tmp_path / "register.log")
    try:
        register.tell({"job": str(path), "cut_offset": job.last_part})
        said = register.hear(timeout_s=20)
    finally:
        register.stop()
    printed = talker.hear(timeout_s=20)
    assert said["status"] == "16"
    assert Path(printed["path"]).read_bytes() == job.data
    assert len(printed["cuts_at_s"]) == 1
    assert said["cut_sent_at_s"] <= printed["cuts_at_s"][0] <= said["closed_at_s"]
    text = "\n".join(text_of(papers_of(job.data, model=MODEL)))
    for line in sale.basket:
        assert line.item.name[language] in text
    page = f"http://127.0.0.1:{ready['page']}"
    roll = urllib.request.urlopen(page, timeout=10).read().decode()
    assert "/1/job-0001.png" in roll
    shown = urllib.request.urlopen(f"{page}/1/job-0001.txt", timeout=10).read().decode()
    assert shown.rstrip("\n") == text


@pytest.mark.real
def test_a_second_session_waits_until_the_first_has_closed(printers: tuple[Talker, dict]) -> None:
    talker, ready = printers
    address = ("127.0.0.1", ready["printers"]["2"])
    with closing(socket.create_connection(address, timeout=10)) as first:
        first.sendall(b"first\n")
        with closing(socket.create_connection(address, timeout=10)) as second:
            second.sendall(b"second\n\x10\x04\x01")
            first.sendall(b"\x10\x04\x01")
            assert first.recv(1) == b"\x16"
            first.close()
            assert second.recv(1) == b"\x16"
    jobs = [Path(talker.hear(timeout_s=20)["path"]).read_bytes() for _ in range(2)]
    assert jobs == [b"first\n\x10\x04\x01", b"second\n\x10\x04\x01"]


def test_a_printer_says_when_everything_before_the_question_is_on_paper() -> None:
    assert answer_to(b"\x1d(H\x06\x000042ab") == b'7"42ab\x00'


def test_a_command_that_asks_nothing_is_taken_in_silence() -> None:
    assert answer_to(b"\x1b@") == b""
    assert answer_to(b"\x1da\x00") == b""


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("columns", [32, 42, 48])
def test_no_line_of_a_receipt_is_wider_than_its_paper(language: Language, columns: int) -> None:
    model = {32: "generic-58mm", 42: "generic-80mm-42", 48: "generic-80mm"}[columns]
    for seed in range(20):
        job = receipt_of(sale_in(language, seed=seed), columns=columns)
        lines = [line for paper in papers_of(job.data, model=model) for line in paper.lines]
        assert max(len(line.text) for line in lines) <= columns


def test_a_basket_of_one_seed_is_always_the_same() -> None:
    shelf = load_catalogue()
    assert draw_basket(Random(7), shelf) == draw_basket(Random(7), shelf)
    assert total_of(draw_basket(Random(7), shelf)).amount > 0


SENT = RegisterJob(data=b"text\n\x1dV\x00", cut_offsets=(5,))


@pytest.mark.parametrize(
    ("arrived", "block"),
    [
        (b"text\n\x1dV\x00", (b"",)),
        (b"text\nBLOCK\x1dV\x00", (b"BLOCK",)),
        (b"test\n\x1dV\x00", None),
        (b"text\n", None),
        (b"BLOCKtext\n\x1dV\x00", None),
        (b"text\n\x1dV\x00BLOCK", None),
    ],
)
def test_only_what_stands_right_before_the_cut_is_a_block(arrived: bytes, block: tuple[bytes, ...] | None) -> None:
    assert blocks_in(SENT, arrived) == block


def test_a_job_with_two_cuts_may_get_two_blocks() -> None:
    sent = job_of(b"one\n\x1dV\x00two\n\x1dV\x00")
    assert sent.cut_offsets == (4, 11)
    assert blocks_in(sent, b"one\nA\x1dV\x00two\nB\x1dV\x00") == (b"A", b"B")
    assert blocks_in(sent, b"one\nA\x1dV\x00two\n") is None


def test_a_job_without_a_cut_gets_nothing() -> None:
    assert blocks_in(job_of(b"text\n"), b"text\n") == ()
    assert blocks_in(job_of(b"text\n"), b"text\nBLOCK") is None


@pytest.mark.parametrize(
    "evil", [b"\x1dV\x00", b"\x1bp\x00\x19\xfa", b"\x10\x04\x01", b"\x10\x14\x01\x00\x01", b"\x1d"]
)
def test_a_block_that_acts_is_not_harmless(evil: bytes) -> None:
    assert is_harmless(b"offer\n")
    assert not is_harmless(b"offer\n" + evil)
