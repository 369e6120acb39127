"""Whether a job serves nothing but reports: no sale, no return, nothing that a customer could miss.

Asked by the child that seals jobs, once it has the job on disk: a spool that is full gives these up first. It reads as
core reads; whatever cannot be read is no such job.
"""

from __future__ import annotations

from retail.transaction import DocumentKind

_REPORTS = frozenset(
    (
        DocumentKind.REPORT, DocumentKind.PAY_IN, DocumentKind.PAY_OUT, DocumentKind.KITCHEN, DocumentKind.CARD_SLIP,
        DocumentKind.DRAWER, DocumentKind.TRAINING,
    )
)  # fmt: skip


def is_report_only(data: bytes) -> bool:
    """Return whether every document of a job is for the store alone. Never raises."""
    from pos_adapters.reading.reader import read_paper  # noqa: PLC0415 - half a second, which the first job pays
    from receipt.document import PaperReader  # noqa: PLC0415

    try:
        reader = PaperReader()
        kinds = {read_paper(paper).kind for paper in (*reader.feed(data), *reader.close())}
    except Exception:  # noqa: BLE001 - what a defect of the reader's raises must not cost the job
        return False
    return bool(kinds) and kinds <= _REPORTS
