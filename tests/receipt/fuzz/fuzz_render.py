"""Fuzz the pictures of print jobs: text and SVG of any job, and the dots of one in sixteen; no exception, no hang.

`python tests/receipt/fuzz/fuzz_render.py -runs=1000000 -max_len=40`. Needs atheris.
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
    from receipt.render.picture import Format, render

MODELS = ("generic-58mm", "TM-T20II", "TSP600")
DOTS_EVERY = 16


def one_input(data: bytes) -> None:
    """Check the promises on one input; its first byte chooses how."""
    if not data:
        return
    model = MODELS[data[0] % len(MODELS)]
    reader = PaperReader(model)
    papers = [*reader.feed(data[1:]), *reader.close()]
    assert render(papers, Format.TXT, model=model).endswith(b"\n") or not papers
    assert render(papers, Format.SVG, model=model).endswith(b"</svg>\n")
    if data[0] % DOTS_EVERY == 0 and papers:
        assert render(papers[:1], Format.PNG, model=model).startswith(b"\x89PNG")


def main() -> None:
    """Fuzz, with libFuzzer's own options."""
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
