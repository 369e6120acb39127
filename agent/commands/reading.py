"""`tillstream read | tokens | render | learn | profiles`: a captured print job as documents, as commands, as a picture.

Files are read, never written, but for the picture that `render -o` names. Payment card numbers are masked in all that
is shown. Shapes: `contracts`' Document and the list of tokens. `learn` and `profiles` live in `agent.commands.profiles`
and join this module's `app`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.commands.jobs import LanguageChoice, jobs_of, papers_in, pieces_of, print_json, print_json_list
from agent.commands.options import OcrOption
from agent.commands.profiles import learn, profiles_app
from agent.config import load_config
from agent.intake.payloads import transaction_content
from pos_adapters.ocr import sight
from pos_adapters.profiles.profiled import Profiled, load_profiles
from pos_adapters.reading.reader import text_of
from pos_adapters.reading.values import DayReport, Reading, StoreFacts
from receipt.document import DOCUMENTS_FREE, TEXT_BYTES_MAX
from receipt.escpos.tokenizer import Token, Tokenizer
from receipt.language import EVIDENCE_BYTES, spoken
from receipt.paper import Language, Paper
from receipt.printers import DEFAULT_MODEL, printer_model
from receipt.star.tokenizer import StarTokenizer
from retail.errors import ConfigurationError
from retail.identifiers import WorkstationId
from retail.transaction import RetailTransaction

LINE_MEMBERS = (
    "type",
    "description",
    "item_id",
    "gtin",
    "quantity",
    "unit_price",
    "amount",
    "tender_type",
    "rate",
    "included",
)
"""Every line item is shown with all members of the contract, so that a script need not know which kind has which."""

app = typer.Typer(no_args_is_help=True, help="Read captured print jobs.")


JobsArgument = Annotated[
    list[Path],
    typer.Argument(metavar="FILE…", help="Print jobs, or folders of them (*.bin); `-` is standard input."),
]
JobArgument = Annotated[
    Path,
    typer.Argument(dir_okay=False, metavar="FILE", help="A print job; `-` is standard input."),
]
PrinterOption = Annotated[str, typer.Option("--printer", metavar="MODEL", help="The printer the job was made for.")]
LanguageOption = Annotated[LanguageChoice, typer.Option("--language", help="The command language.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("read", epilog="Example: tillstream read receipt.bin --json")
def read(
    files: JobsArgument,
    *,
    store: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="agent.toml: currency, time zone, ids.")
    ] = None,
    printer: PrinterOption = DEFAULT_MODEL,
    language: LanguageOption = LanguageChoice.AUTO,
    ocr: OcrOption = "",
    as_json: JsonOption = False,
) -> None:
    """Read print jobs into documents and, where the arithmetic proves them, transactions."""
    printer_model(printer)
    facts, profiled = _facts(store), _profiled(store)
    seen = sight(ocr)
    documents = (
        document_content(file, index, paper=paper, reading=profiled.read(text_of(paper), store=facts))
        for file in jobs_of(files)
        for index, paper in enumerate(map(seen, _noted(file, papers_in(file, printer, language))))
    )
    if as_json:
        print_json_list(documents)
        return
    for document in documents:
        sys.stdout.write(_told(document))


def _noted(file: Path, papers: Iterable[Paper]) -> Iterator[Paper]:
    """Pass papers on; say it when there are more than a till prints, and some are passed over."""
    count = 0
    for count, paper in enumerate(papers, 1):  # noqa: B007 - said below
        yield paper
    if count >= DOCUMENTS_FREE:
        sys.stderr.write(f"{file}: {count} documents; where so many are so short, some are passed over\n")


@app.command("tokens", epilog="Example: tillstream tokens receipt.bin --json")
def tokens(file: JobArgument, *, language: LanguageOption = LanguageChoice.AUTO, as_json: JsonOption = False) -> None:
    """Take a print job apart: every byte once, in order, each command by its name."""
    joined = _joined(_tokens(file, language))
    if as_json:
        _print_tokens(joined)
        return
    for data, name, _, offset in joined:
        sys.stdout.write(f"{offset:8d}  {name:40s} {_excerpt(data)}\n")


def _tokens(file: Path, language: LanguageChoice) -> Iterator[Token]:
    """Yield the tokens of a job, whose beginning tells its language."""
    pieces = pieces_of(file)
    start = b""
    while len(start) < EVIDENCE_BYTES and (piece := next(pieces, None)) is not None:
        start += piece
    found = spoken(start[:EVIDENCE_BYTES]) if language is LanguageChoice.AUTO else None
    star = language is LanguageChoice.STAR or found is Language.STAR
    tokenizer = StarTokenizer() if star else Tokenizer()
    for piece in chain((start,), pieces):
        yield from tokenizer.feed(piece)
    yield from tokenizer.close()


def _print_tokens(tokens: Iterable[Token]) -> None:
    """Print tokens as a JSON list, one a line: written by hand, for a job may have ten million of them."""
    write, before = sys.stdout.write, "["
    for data, name, _, offset in tokens:
        write(f'{before}\n {{"hex": "{data.hex()}", "name": "{name}", "offset": {offset}}}')
        before = ","
    write("[]\n" if before == "[" else "\n]\n")


app.command("learn", epilog="Example: tillstream learn captures/*.bin -o corner-till.toml")(learn)
app.add_typer(profiles_app, name="profiles")


class PictureFormat(StrEnum):
    """What `render` writes, by the file's ending."""

    PNG = "png"
    SVG = "svg"
    HTML = "html"
    TXT = "txt"


@app.command("render", epilog="Example: tillstream render receipt.bin -o receipt.png")
def render(
    file: JobArgument,
    *,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Picture to write: .png .svg .html .txt; else text here.")
    ] = None,
    printer: PrinterOption = DEFAULT_MODEL,
    language: LanguageOption = LanguageChoice.AUTO,
    as_json: JsonOption = False,
) -> None:
    """Draw a print job as the paper it makes."""
    from receipt.render.picture import Format, draw  # noqa: PLC0415 - draws: nobody else waits for it

    ending = output.suffix.lstrip(".").lower() if output else "txt"
    if ending not in list(PictureFormat):
        raise ConfigurationError(
            f"{output}: cannot draw a .{ending}", fix="end the name in .png, .svg, .html or .txt", code="bad_format"
        )
    drawing = draw(pieces_of(file), Format(ending), model=printer, language=language.value)
    picture = drawing.picture
    if not drawing.whole:
        sys.stderr.write(
            f"{file}: more paper than is drawn: the first {drawing.taken_bytes} of {file.stat().st_size} bytes are;"
            " cut the file into jobs to see the rest\n"
        )
    if output is None:
        sys.stdout.write(picture.decode())
        return
    try:
        output.write_bytes(picture)
    except OSError as error:
        raise ConfigurationError(
            f"{output} cannot be written: {error.strerror}", fix="name another place with -o", code="cannot_write"
        ) from error
    if as_json:
        print_json({"output": str(output), "format": ending, "bytes": len(picture), "whole": drawing.whole})


def document_content(file: Path, index: int, *, paper: Paper, reading: Reading) -> dict[str, Any]:
    """Return one document in the contracts' shape."""
    parked = reading.parked
    return {
        "file": str(file),
        "index": index,
        "kind": reading.kind.value,
        "language": paper.language.value,
        "text": list(paper.text),
        "codes": [{"symbology": code.symbology.value, "data": code.data} for code in paper.codes],
        "transaction": _transaction(reading.transaction),
        "proof": list(reading.proof),
        "parked": {"reason": parked.reason.value, "detail": parked.detail} if parked else None,
        "report": _report(reading.report),
    }


def _report(report: DayReport | None) -> dict[str, Any] | None:
    """Return what a Z or X report tells: counts, and tenders by kind."""
    if report is None:
        return None
    return {
        "closes_day": report.closes_day,
        "number": report.number,
        "transaction_count": report.transaction_count,
        "total": str(report.total) if report.total is not None else None,
        "tenders": {tender.value: str(amount) for tender, amount in report.tenders},
    }


def _transaction(transaction: RetailTransaction | None) -> dict[str, Any] | None:
    if transaction is None:
        return None
    content = transaction_content(transaction)
    nothing = dict.fromkeys(LINE_MEMBERS)
    content["line_items"] = [{**nothing, **line} for line in content["line_items"]]
    if transaction.loyalty_code_printed or transaction.loyalty_token:
        content["loyalty"] = {
            "code_printed": transaction.loyalty_code_printed,
            "token": transaction.loyalty_token,
        }
    return content


def _facts(store: Path | None) -> StoreFacts | None:
    if store is None:
        return None
    config = load_config(store)
    alone = config.workstation[0].id if len(config.workstation) == 1 else None
    return StoreFacts(
        business_unit_id=config.business_unit_id,
        workstation_id=WorkstationId(alone) if alone else None,
        timezone=config.store.timezone,
        currency=config.store.currency,
        language=config.store.language,
        country=config.store.country or None,
        day_ends_at=config.store.day_ends_at.strftime("%H:%M"),
    )


def _profiled(store: Path | None) -> Profiled:
    """Return a reader with the profiles of the store's workstations; exactly one may claim a document."""
    config = load_config(store) if store is not None else None
    files = dict.fromkeys(file for each in config.workstation for file in each.profiles) if config else ()
    return Profiled(load_profiles(list(files)))


def _joined(tokens: Iterable[Token]) -> Iterator[Token]:
    """Join neighbours that are one thing told in pieces: a run of text, up to a length that no line has."""
    last: Token | None = None
    for token in tokens:
        joins = last is not None and last.name == token.name and token.name.startswith("Text")
        if last is not None and joins and len(last.data) < TEXT_BYTES_MAX:
            last = last._replace(data=last.data + token.data)
            continue
        if last is not None:
            yield last
        last = token
    if last is not None:
        yield last


def _excerpt(data: bytes) -> str:
    shown = data[:40]
    text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in shown)  # noqa: PLR2004 - printable ASCII
    return f"{shown.hex(' ')}  {text}" + (f"  … {len(data)} bytes" if len(data) > len(shown) else "")


def _told(document: dict[str, Any]) -> str:
    """Return a document for a person: what it is, its lines, and what proves it."""
    lines = [f"{document['file']}, document {document['index']}: {document['kind']} ({document['language']})", ""]
    lines += [f"  {line}" for line in document["text"]]
    lines += [f"  [{code['symbology']}: {code['data']}]" for code in document["codes"]]
    lines.append("")
    transaction = document["transaction"]
    if transaction is not None:
        currency = f" {transaction['currency']}" if transaction["currency"] else ""
        lines.append(f"total {transaction['total']}{currency}, {len(transaction['line_items'])} lines")
    lines += [f"proof: {proof}" for proof in document["proof"]]
    if document["parked"]:
        lines.append(f"parked: {document['parked']['reason']} - {document['parked']['detail']}")
    return "\n".join(lines) + "\n\n"
