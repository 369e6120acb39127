"""Check of code pages: the numbers by which a till chooses them must mean on the configured printer what is printed.

Contract: `code_page` reads a lane's newest receipts again, with the model that is configured now, and compares what its
table calls each number with what the words turn out to be written in (`receipt.page_repair`). Only pages that the till
chose by number prove anything about a table; receipts without a letter beyond ASCII prove nothing. It never raises.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress

from agent.config import WorkstationSection
from agent.intake.captures import CaptureFiles
from agent.journal.days import DayReader
from agent.upkeep.patient import PACKAGE_CONFIG, Check, Patient, journal_key
from agent.upkeep.sentences import Sentence, say
from receipt.document import PaperReader
from receipt.page_repair import PageRead
from receipt.printers import PrinterModel, printer_model, printer_models
from retail.errors import TillstreamError

RECEIPTS_READ = 20  # an hour of a quiet till; read again in a tenth of a second of processor time
LOOK_BACK_ROWS = 2_000  # a day of a store with many lanes; a lane silent for longer tells nothing of its till today
RECEIPT_BYTES_MAX = 256 * 1024  # a receipt with pictures; what is longer costs doctor more than it proves
OTHERWISE_MIN = 3  # receipts: a guess from a few letters may be wrong once, hardly three times the same way
OTHERWISE_SHARE_MIN = 0.5  # of those that chose the number: a till that is set wrongly is wrong on every receipt
OTHERS_NAMED = 3  # models that would do as well


def code_page(patient: Patient, workstation: WorkstationSection) -> Check:
    """Check that the till's page numbers mean on the configured model what the till prints by them."""
    assert workstation.tap is not None
    model = printer_model(workstation.tap.model)
    pages = _pages_read(patient, workstation.id, model)
    wrong = _wrong(pages)
    if wrong is None:
        right = sum(count for page, count in pages.items() if page.found == page.told)
        what = say("code_page", lane=workstation.id, count=right, model=model.name)
        if not right:
            what = say("code_page_none", lane=workstation.id)
        return Check(id=f"code_page_{workstation.id}", ok=True, what=what)
    told = say("code_page_told", page=wrong.told, model=model.name)
    if wrong.told is None:
        told = say("code_page_unknown", model=model.name)
    return Check(
        id=f"code_page_{workstation.id}",
        ok=False,
        what=say(
            "code_page_wrong",
            lane=workstation.id,
            count=pages[wrong],
            number=wrong.number,
            told=told,
            found=wrong.found,
        ),
        fix=_fix(patient, workstation.id, model, used=_used(pages), wrong=wrong),
    )


def _pages_read(patient: Patient, lane: str, model: PrinterModel) -> Counter[PageRead]:
    """Count in how many of the newest receipts each page was found."""
    counted: Counter[PageRead] = Counter()
    for body in _newest(patient, lane):
        reader = PaperReader(model)
        reader.feed(body)
        reader.close()
        counted.update(set(reader.pages_read))
    return counted


def _newest(patient: Patient, lane: str) -> Iterator[bytes]:
    key = journal_key(patient)
    if key is None or not patient.state.journal.exists():
        return
    files = CaptureFiles(patient.state.captures, key)
    with suppress(TillstreamError), closing(DayReader(patient.state.journal, key)) as reader:
        for kept, name in reader.newest_captures(lane, limit_rows=RECEIPTS_READ, look_back_rows=LOOK_BACK_ROWS):
            body = kept
            with suppress(TillstreamError):
                body = files.read(name) if name else kept
            if body and len(body) <= RECEIPT_BYTES_MAX:
                yield body


def _wrong(pages: Counter[PageRead]) -> PageRead | None:
    """Return the page that is most often another than the model says; None where none is often enough."""
    chosen: Counter[int] = Counter()
    for page, count in pages.items():
        chosen[page.number] += count
    for page, count in pages.most_common():
        often = count >= OTHERWISE_MIN and count >= chosen[page.number] * OTHERWISE_SHARE_MIN
        if page.found != page.told and often:
            return page
    return None


def _used(pages: Counter[PageRead]) -> dict[int, str]:
    """Return what each number means to the till, by what was found most often."""
    used: dict[int, str] = {}
    for page, count in pages.most_common():
        if count >= OTHERWISE_MIN:
            used.setdefault(page.number, page.found)
    return used


def _fix(patient: Patient, lane: str, model: PrinterModel, *, used: Mapping[int, str], wrong: PageRead) -> Sentence:
    """Name the line that makes it right; where no printer has such a table, what to set in the till."""
    fitting = _fitting(model, used)
    path = patient.config_path or PACKAGE_CONFIG
    if fitting:
        others = ", ".join(fitting[1 : 1 + OTHERS_NAMED])
        also = say("code_page_also", names=others) if others else ""
        again = "sudo systemctl restart tillstream" if patient.as_root else patient.start_it
        return say("code_page_fix", path=path, lane=lane, model=fitting[0], also=also, start=again)
    number = next((number for number, codec in model.code_pages.items() if codec == wrong.found), None)
    if number is not None:
        return say("code_page_till_fix", number=number, found=wrong.found, model=model.name)
    return say("code_page_no_fix", model=model.name, found=wrong.found)


def _fitting(model: PrinterModel, used: Mapping[int, str]) -> list[str]:
    """Return the models whose tables say what the till prints, on no wider paper: the likeliest first."""
    fitting = [
        each
        for each in printer_models().values()
        if (each.language, each.double_byte) == (model.language, model.double_byte)
        and each.columns <= model.columns
        and each.dots <= model.dots
        and all(each.code_pages.get(number) == codec for number, codec in used.items())
    ]
    fitting.sort(key=lambda each: (each.columns != model.columns, each.vendor != "Generic", each.name))
    return [each.name for each in fitting]
