"""What setup learns from a till's real receipts: files, or what comes through a tap that is opened for the purpose.

The tap is the real one with `--record` and no agent: the receipts print as ever while they are looked at, card numbers
are masked before anything is written, and the folder goes when setup has read it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from agent.children import program_start
from agent.commands.jobs import LanguageChoice, job_of, papers_of
from pos_adapters.profiles.learning import Sample
from pos_adapters.profiles.learning import learn as learn_profile
from pos_adapters.profiles.profile import profile_toml
from pos_adapters.reading.lines import standard_reader
from pos_adapters.reading.reader import read_text, text_of
from pos_adapters.reading.values import Reading
from pos_adapters.taps.recording import recorded_jobs
from receipt.printers import PrinterModel
from retail.errors import OnSiteError

ENOUGH = 3
WAIT_S = 600.0  # a technician walks to the till and back
LOOK_EVERY_S = 0.2
END_WITHIN_S = 15.0
REGISTER = "register"

Job = tuple[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """What came of it: one line a receipt, how many were understood before and with a profile, the profile's text."""

    lines: tuple[str, ...]
    read_before: int
    read_after: int
    profile: str | None


def jobs_in(files: Sequence[Path]) -> list[Job]:
    """Return captured jobs, masked. Raises ConfigurationError for a file that cannot be read."""
    return [(file.stem, job_of(file)) for file in files]


def learn(jobs: Sequence[Job], model: PrinterModel, *, name: str) -> Learnt:
    """Read each receipt and, where one is not understood, learn what they have in common."""
    texts = [
        (job_name, text_of(paper))
        for job_name, job in jobs
        for paper in papers_of(job, model.name, LanguageChoice.AUTO)[:1]
    ]
    readings = [(job_name, read_text(text)) for job_name, text in texts]
    read = sum(reading.transaction is not None for _, reading in readings)
    lines = tuple(f"{job_name}: {told_reading(reading)}" for job_name, reading in readings)
    if not texts or read == len(texts):
        return Learnt(lines=lines, read_before=read, read_after=read, profile=None)
    samples = [Sample(name=job_name, text=text) for job_name, text in texts]
    lesson = learn_profile(name, samples, standard_reader())
    useful = lesson.read_after > lesson.read_before
    return Learnt(
        lines=lines,
        read_before=lesson.read_before,
        read_after=lesson.read_after,
        profile=profile_toml(lesson.profile) if useful else None,
    )


def told_reading(reading: Reading) -> str:
    """Return a receipt's reading in one line: kind, total, lines, the equation that proved it."""
    if reading.transaction is not None:
        sale = reading.transaction
        proof = reading.proof[0] if reading.proof else ""
        return f"{reading.kind.value} {sale.total} {sale.currency or ''}, {sale.item_count} items; {proof}"
    return f"{reading.kind.value}, not understood: {reading.parked.detail if reading.parked else 'no sale'}"


@contextmanager
def recording(*, listen: str, printer: str, model: PrinterModel, workstation: str) -> Iterator[Callable[[], list[Job]]]:
    """Open a tap that records; yield what returns the jobs so far. Raises OnSiteError when it cannot listen."""
    with tempfile.TemporaryDirectory(prefix="tillstream-receipts-") as folder:
        start = [*program_start("agent"), "tap"]
        pairs = {
            "--listen": listen, "--printer": printer, "--workstation": workstation, "--model": model.name,
            "--language": model.language, "--profile": "off", "--record": folder,
        }  # fmt: skip
        words = [*start, *(word for pair in pairs.items() for word in pair)]
        tap = subprocess.Popen(  # noqa: S603 - our own program
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
        )
        try:
            yield lambda: _recorded(tap, Path(folder))
        finally:
            tap.terminate()
            try:
                tap.communicate(timeout=END_WITHIN_S)
            except subprocess.TimeoutExpired:
                tap.kill()
                tap.communicate()


def _recorded(tap: subprocess.Popen[bytes], folder: Path) -> list[Job]:
    if tap.poll() is not None:
        said = (tap.stderr.read() if tap.stderr else b"").decode(sys.getdefaultencoding(), "replace").strip()
        raise OnSiteError(
            f"no receipt can be taken: {said.splitlines()[0] if said else 'the tap ended'}",
            fix="does the agent run already? sudo systemctl stop tillstream; or name files: --receipt FILE",
            code="no_tap",
        )
    try:
        recorded = list(recorded_jobs(folder))
    except (OSError, ValueError):
        return []  # one is being written: the next look has it
    jobs = [
        (f"receipt {number}", b"".join(piece.data for piece in job.pieces if piece.sender == REGISTER))
        for number, job in enumerate(recorded, start=1)
    ]
    return [job for job in jobs if job[1]]


def wait_for_receipts(
    collect: Callable[[], list[Job]], *, on_each: Callable[[int], None], is_enough: Callable[[], bool]
) -> list[Job]:
    """Wait until enough receipts came, the time is over or the person goes on; return what came.

    Raises OnSiteError, KeyboardInterrupt.
    """
    until_s, seen = time.monotonic() + WAIT_S, 0
    while True:
        jobs = collect()
        for number in range(seen, len(jobs)):
            on_each(number + 1)
        seen = len(jobs)
        if seen >= ENOUGH or is_enough() or time.monotonic() > until_s:
            return jobs[:ENOUGH]
        time.sleep(LOOK_EVERY_S)
