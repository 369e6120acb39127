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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let tests of the long tier take as long as they take, however they are started: they are long on purpose."""
    for item in items:
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(0))
