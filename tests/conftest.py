"""Fixtures that every room of the house uses."""

from pathlib import Path

import pytest

CORPUS = Path(__file__).resolve().parents[1].parent / "shared" / "corpus"


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Return the folder of real print jobs and transactions; skip where this clone stands without it."""
    if not CORPUS.is_dir():
        pytest.skip("no ../shared/corpus beside this clone: real print jobs are not committed to the project")
    return CORPUS
