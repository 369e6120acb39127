"""What core reads while it streams in stays small, whatever a connection sends."""

import random
import tracemalloc

import pytest

from agent.config import load_config
from agent.intake.papers import StorePapers
from receipt.printers import printer_model

JOB_BYTES = 128 * 1024  # past every limit of a document: 5,000 lines of these are 60 KB
PIECE_BYTES = 4096
ABOVE_START_BYTES = 16 * 1024 * 1024
SHOP = '[store]\nbusiness_unit_id = "1"\nname = "Kiosk"\ncountry = "GB"\nlanguage = "en"\ntimezone = "Europe/London"\ncurrency = "GBP"\n[[workstation]]\nid = "1"\n'  # fmt: skip
PAID = b"Tea  1.00\nTOTAL  1.00\nCASH  1.00\n"

STREAMS = {
    "noise": random.Random(3).randbytes(JOB_BYTES),
    "one receipt paid over and over": PAID * (JOB_BYTES // len(PAID)),
}


@pytest.fixture
def papers(tmp_path):
    file = tmp_path / "agent.toml"
    file.write_text(SHOP, "utf-8")
    return StorePapers(load_config(file))


@pytest.mark.parametrize("name", STREAMS)
def test_a_hostile_stream_leaves_little_beside_its_own_bytes(papers, name):
    job = papers.new_job(printer_model("generic-80mm"), workstation_id="1")
    tracemalloc.start()
    try:
        for at in range(0, JOB_BYTES, PIECE_BYTES):
            for paper in job.feed(STREAMS[name][at : at + PIECE_BYTES]):
                papers.read(paper, "1")
        paper = job.finish_here()
        if paper is not None:
            papers.read(paper, "1")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - len(job.data) < ABOVE_START_BYTES
