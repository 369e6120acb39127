"""`tillstream journal completeness|reread`: whole days, and captures that today's reader may understand."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

import typer

from agent.clock import business_day
from agent.commands.options import ConfigOption, JsonOption, OcrOption, config_of, journal_key
from agent.config import AgentConfig
from agent.control.call import ANSWER_S, ask_core
from agent.intake.captures import CaptureFiles
from agent.intake.day_close import decimal_or_zero
from agent.intake.rereading import StoredCaptures
from agent.journal.completeness import LaneDay, lane_days
from agent.journal.days import DayReader, KeptCapture
from agent.state_dir import StateDir
from pos_adapters.ocr import sight
from pos_adapters.reading.values import Reading
from retail.errors import RefusedError

SIGHT_ANSWER_S = 300.0  # a document of several pictures, each a minute at most
DAYS = 7  # a week: what a manager looks at


def completeness(
    config: ConfigOption = None,
    *,
    days: Annotated[int, typer.Option("--days", min=1, max=400, help="How many days back.")] = DAYS,
    as_json: JsonOption = False,
) -> None:
    """Compare what was captured with what the Z reports told, per lane and business day."""
    settings = config_of(config)
    store = settings.store
    today = business_day(datetime.now(UTC), store.zone, store.day_ends_at)
    reader = _reader(settings)
    try:
        rows = reader.sales_of_days(today - timedelta(days=days - 1))
        closed = [each[:3] for each in reader.days_closed(today - timedelta(days=days - 1))]
    finally:
        reader.close()
    with typer.progressbar(rows, label="counting", file=_stderr()) as counted:
        lines = lane_days(
            [(lane, day, decimal_or_zero(total), _cash(pairs)) for lane, day, total, _, pairs in counted], closed
        )
    if as_json:
        typer.echo(json.dumps({"days": [line.to_json() for line in lines]}, ensure_ascii=False))
        return
    typer.echo("\n".join(map(_line, lines)) or "no sale and no Z report in these days")


def reread(
    config: ConfigOption = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be taken, and change nothing.")] = False,
    ocr: OcrOption = "",
    as_json: JsonOption = False,
) -> None:
    """Read captures that were parked or not understood once more; what is a sale now is journalled once.

    Sales keep their own time and day. Without --dry-run core must run: it is the only one who writes.
    """
    settings = config_of(config)
    sight(ocr)  # a language that is not here is told before the first picture, and where there is none
    state = StateDir(settings.agent.state_dir)
    captures = _captures(settings, state)
    kept = captures.candidates()
    done: list[_Read] = []
    with typer.progressbar(kept, label="reading", file=_stderr()) as pieces:
        for piece in pieces:
            done.append(_read_one(captures, piece, ocr))
            if done[-1].reading is not None and not dry_run:
                done[-1].taken = ask_core(
                    state.control_socket,
                    "reread",
                    answer_s=SIGHT_ANSWER_S if ocr else ANSWER_S,
                    job_id=piece.job_id,
                    document_no=piece.document_no,
                    ocr=ocr,
                )
    told = {
        "dry_run": dry_run,
        "captures": len(done),
        "readable": sum(each.reading is not None for each in done),
        "taken": sum(bool(each.taken and each.taken.get("seq")) for each in done),
        "documents": [each.to_json() for each in done if each.reading is not None or each.trouble],
    }
    typer.echo(json.dumps(told, ensure_ascii=False) if as_json else _told(told))


@dataclass(slots=True, kw_only=True)
class _Read:
    """One capture on its way: what today's reader says, and what core did with it."""

    kept: KeptCapture
    reading: Reading | None = None
    trouble: str = ""
    taken: dict[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        transaction = self.reading.transaction if self.reading else None
        return {
            "job_id": self.kept.job_id,
            "document_no": self.kept.document_no,
            "workstation_id": self.kept.workstation_id,
            "received_at": self.kept.received_at.isoformat(),
            "was": self.kept.reason,
            "now": self.reading.kind.value if self.reading else self.trouble,
            "total": str(transaction.total) if transaction else None,
            "seq": self.taken.get("seq") if self.taken else None,
        }


def _read_one(captures: StoredCaptures, kept: KeptCapture, ocr: str) -> _Read:
    """Read one capture; a lost file costs this one and is told."""
    try:
        return _Read(kept=kept, reading=captures.read(kept, ocr=ocr))
    except RefusedError as error:
        return _Read(kept=kept, trouble=error.message)


def _captures(settings: AgentConfig, state: StateDir) -> StoredCaptures:
    key = journal_key(state)
    return StoredCaptures(
        config=settings,
        files=CaptureFiles(state.captures, key),
        open_reader=lambda: DayReader(state.journal, key),
    )


def _reader(settings: AgentConfig) -> DayReader:
    state = StateDir(settings.agent.state_dir)
    return DayReader(state.journal, journal_key(state))


def _cash(pairs: str) -> Decimal:
    tenders: Iterable[tuple[str, str]] = json.loads(pairs or "[]")
    return sum((decimal_or_zero(amount) for tender, amount in tenders if tender == "cash"), Decimal(0))


def _line(line: LaneDay) -> str:
    told = line.to_json()
    mark = {True: "\u2713", False: "!", None: "?"}[line.is_complete]
    lane = f"{mark} {line.business_day} lane {line.workstation_id:<4}"
    captured = f"captured {told['captured']['sales']:>5} {told['captured']['total']:>12}"
    if told["told"] is None:
        return f"{lane} {captured}  no Z report"
    missing = f"  missing {', '.join(told['missing_numbers'])}" if told["missing_numbers"] else ""
    return (
        f"{lane} {captured}  Z report {told['told']['sales']} {told['told']['total']}"
        f"  share {told['share_percent']} %  difference {told['difference']['total']}{missing}"
    )


def _told(told: dict[str, Any]) -> str:
    lines = [
        f"{each['received_at']}  lane {each['workstation_id']}  {each['was']} -> {each['now']} {each['total'] or ''}"
        for each in told["documents"]
    ]
    end = "nothing was changed" if told["dry_run"] else f"{told['taken']} journalled"
    return "\n".join([*lines, f"{told['captures']} captures read again, {told['readable']} understood, {end}"])


def _stderr() -> Any:
    return typer.get_text_stream("stderr")
