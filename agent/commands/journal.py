"""`tillstream journal tail|show|export|verify|parked|unpark|reread|completeness|backup`; `app` is the group."""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.commands.journal_days import completeness, reread
from agent.commands.options import ConfigOption, JsonOption, open_journal, state_of
from agent.control.call import LONG_S, ask_core
from agent.journal.chain import ChainVerifier
from agent.journal.export import ExportForm, export_records, record_row
from agent.journal.reader import JournalReader
from agent.journal.records import StoredRecord
from retail.errors import ConfigurationError, RefusedError

app = typer.Typer(help="Read the journal: what happened, in order.", no_args_is_help=True)
app.command(epilog="Example: tillstream journal completeness --days 30")(completeness)
app.command(epilog="Example: tillstream journal reread --dry-run")(reread)

TAIL_ROWS = 20
TAIL_ROWS_MAX = 10_000
CHUNK_ROWS = 500
SUMMARY_CHARS = 80
LOOK_S = 0.2  # how often the progress of a copy is looked at: more often than an eye follows is waste


@app.command(epilog="Example: tillstream journal tail -n 50")
def tail(
    config: ConfigOption = None,
    *,
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=TAIL_ROWS_MAX, help="How many.")] = TAIL_ROWS,
    as_json: JsonOption = False,
) -> None:
    """Show the newest records, oldest of them first."""
    reader = open_journal(state_of(config))
    records = reader.newest(limit_rows=count)
    reader.close()
    if as_json:
        typer.echo(json.dumps([record_row(record) for record in records], ensure_ascii=False))
        return
    for record in records:
        typer.echo(_line(record))


@app.command(epilog="Example: tillstream journal show 17")
def show(
    seq: Annotated[int, typer.Argument(help="The record's number.", min=1)],
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show one record whole."""
    reader = open_journal(state_of(config))
    record = reader.record(seq)
    reader.close()
    if record is None:
        raise RefusedError(f"no record {seq} here", fix="tillstream journal tail", code="not_found")
    typer.echo(json.dumps(record_row(record), ensure_ascii=False, indent=None if as_json else 2))


@app.command(epilog="Example: tillstream journal export records.csv --csv")
def export(
    target: Annotated[Path, typer.Argument(help="The file to write.", metavar="FILE")],
    config: ConfigOption = None,
    *,
    form: Annotated[ExportForm | None, typer.Option("--form", help="Else taken from the file's name.")] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma-separated values.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
    as_db: Annotated[bool, typer.Option("--db", help="A plain SQLite database.")] = False,
) -> None:
    """Write all records to a file, in clear: mind where it lies."""
    asked = {ExportForm.CSV: as_csv, ExportForm.JSON: as_json, ExportForm.DB: as_db}
    wanted = {each for each, is_asked in asked.items() if is_asked} | ({form} if form else set())
    if len(wanted) > 1:
        raise ConfigurationError(
            f"{' and '.join(sorted(wanted))} at once: a file has one form", fix="choose one of them", code="usage"
        )
    chosen = next(iter(wanted), None) or ExportForm.of_file(target)
    reader = open_journal(state_of(config))
    total = reader.count_behind(0)
    with typer.progressbar(_all(reader), length=total, label="exporting", file=_stderr()) as records:
        written = export_records(records, target, chosen)
    reader.close()
    typer.echo(f"{written} records in {target}")


@app.command(epilog="Example: tillstream journal verify")
def verify(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """Verify the whole chain; exit 1 when something in it is damaged."""
    reader = open_journal(state_of(config))
    verifier = ChainVerifier(anchor=reader.anchor())
    findings: list[dict[str, Any]] = []
    with typer.progressbar(_all(reader), length=reader.count_behind(0), label="verifying", file=_stderr()) as records:
        for record in records:
            findings += [{"seq": each.seq, "damage": each.damage.value} for each in verifier.feed([record])]
    reader.close()
    told = {"records": verifier.records, "findings": findings}
    if as_json:
        typer.echo(json.dumps(told))
    else:
        typer.echo(f"{verifier.records} records, {len(findings)} damaged")
        for each in findings:
            typer.echo(f"! record {each['seq']}: {each['damage']}")
    if findings:
        raise typer.Exit(1)


@app.command(epilog="Example: tillstream journal parked")
def parked(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """Show records that a destination would not take, and why."""
    reader = open_journal(state_of(config))
    rows = reader.parked()
    reader.close()
    if as_json:
        names = ("destination", "seq", "reason", "detail", "parked_at")
        typer.echo(json.dumps([{name: getattr(row, name) for name in names} for row in rows], ensure_ascii=False))
        return
    for row in rows:
        typer.echo(f"{row.destination} {row.seq}: {row.reason}: {row.detail} (since {row.parked_at})")
        typer.echo(f"  fix: tillstream journal unpark {row.destination} {row.seq}")


@app.command(epilog="Example: tillstream journal unpark hub 17")
def unpark(
    destination: Annotated[str, typer.Argument(help="Who would not take it.")],
    seq: Annotated[int, typer.Argument(help="The record's number.", min=1)],
    config: ConfigOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Have a parked record tried again; core must run."""
    state = state_of(config)
    reader = open_journal(state)
    is_parked = any((row.destination, row.seq) == (destination, seq) for row in reader.parked())
    reader.close()
    if not is_parked:
        raise RefusedError(
            f"record {seq} is not parked for {destination}", fix="tillstream journal parked", code="not_found"
        )
    told = ask_core(state.control_socket, "unpark", destination=destination, seq=seq)
    if as_json:
        typer.echo(json.dumps({"destination": destination, "seq": seq} | told))
        return
    typer.echo(f"record {seq} will be tried again for {destination}")


@app.command(epilog="Example: tillstream journal backup")
def backup(config: ConfigOption = None, *, as_json: JsonOption = False) -> None:
    """Make a whole, encrypted copy of the journal in the state folder's backups; core must run."""
    state = state_of(config)
    total = state.journal.stat().st_size if state.journal.exists() else 0
    with (
        ThreadPoolExecutor(max_workers=1) as worker,
        typer.progressbar(length=total, label="copying", file=_stderr()) as bar,
    ):
        copying = worker.submit(ask_core, state.control_socket, "backup", answer_s=LONG_S)
        while wait([copying], timeout=LOOK_S).not_done:
            bar.update(min(total, _copied_bytes(state.backups)) - bar.pos)
        told = copying.result()
    typer.echo(json.dumps(told) if as_json else f"{told['path']}")


def _copied_bytes(backups: Path) -> int:
    """Return how large the copy is that is being made; it bears its name only when it is whole."""
    with suppress(OSError):
        return max((part.stat().st_size for part in backups.glob("*.part")), default=0)
    return 0


def _all(reader: JournalReader) -> Iterable[StoredRecord]:
    seq = 0
    while records := reader.all_records_after(seq, limit_rows=CHUNK_ROWS):
        yield from records
        seq = records[-1].seq


def _line(record: StoredRecord) -> str:
    text = "(erased)" if record.is_erased else json.dumps(record.content(), ensure_ascii=False)
    summary = text if len(text) <= SUMMARY_CHARS else f"{text[:SUMMARY_CHARS]}..."
    return f"{record.seq:>8}  {record.occurred_at:<32}  {record.workstation_id:<4}  {record.kind:<22}  {summary}"


def _stderr() -> Any:
    return typer.get_text_stream("stderr")
