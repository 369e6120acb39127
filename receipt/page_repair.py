"""Which code page a text was really written in, where the till chose a wrong one or none.

Contract: `note` is given every text that is not plain ASCII with the encoding the till declared, and says how to read
it; once enough has been seen of an encoding, or the document ends (`settle`), the verdict stands for the job.
"""

from __future__ import annotations

from receipt.code_pages import Encoding
from receipt.printers import PrinterModel


def unknown_page(number: int) -> str:
    """Return a name for a page that the printer's model does not know; it reads as CP437 until evidence says better."""
    return f"page-{number}"


class PageRepair:
    """See the module's contract."""

    def __init__(self, model: PrinterModel) -> None:
        self._model = model
        self._verdicts: dict[Encoding, Encoding] = {}

    def note(self, data: bytes, declared: Encoding) -> Encoding:
        """Take a text into account and return the encoding to read it by."""
        assert data
        return self._verdicts.get(declared, declared)

    def settle(self) -> frozenset[Encoding]:
        """Decide about everything seen; return the declared encodings that are to be read otherwise."""
        return frozenset()

    def settled(self, declared: Encoding) -> Encoding:
        """Return what a declared encoding is to be read by."""
        return self._verdicts.get(declared, declared)
