"""Fuzz everything that reads a print job into paper: no exception, no hang, the same paper in any pieces.

Run by `test_fuzz.py` in the long tier, or by hand: `python tests/receipt/fuzz/fuzz_paper.py -runs=1000000 -max_len=40`.
Needs atheris. What is found is written as `crash-*` and belongs into a test. That no byte is lost is
`fuzz_tokens.py`'s.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

# Statistics of letters have no branches that hide a crash, and counting their visits takes most of the time.
PLAIN = ["receipt.page_evidence", "receipt.page_tables", "receipt.code_pages"]

with atheris.instrument_imports(include=["receipt"], exclude=PLAIN):
    from receipt.document import PaperReader
    from receipt.paper import Paper

MODELS = ("generic-80mm", "generic-58mm", "TM-T20II", "TSP600", "generic-80mm-chinese", "generic-80mm-japanese")
LANGUAGES = ("auto", "escpos", "star")


def papers_of(job: bytes, cut_at: int, model: str, language: str) -> list[Paper]:
    """Read a job in two pieces."""
    reader = PaperReader(model, language)
    papers = reader.feed(job[:cut_at])
    papers += reader.feed(job[cut_at:])
    return papers + reader.close()


def one_input(data: bytes) -> None:
    """Check the promises on one input; its first two bytes choose how."""
    if len(data) < 2:
        return
    choice, cut_at, job = data[0], data[1], data[2:]
    model, language = MODELS[choice % len(MODELS)], LANGUAGES[choice // 8 % len(LANGUAGES)]
    papers = papers_of(job, cut_at, model, language)
    if cut_at < len(job):
        assert papers == papers_of(job, len(job), model, language)
    assert all(paper.start <= paper.end <= len(job) for paper in papers)
    for paper in papers:
        assert all(line.text == line.text.rstrip() and line.plain is not None for line in paper.lines)


def main() -> None:
    """Fuzz, with libFuzzer's own options."""
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
