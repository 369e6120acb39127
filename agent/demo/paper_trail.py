"""What the printer got, held against what the register sent: nothing but a block of ours may stand between."""

from __future__ import annotations

from io import BytesIO
from itertools import pairwise

from PIL import Image

from agent.demo.sale import RegisterJob
from receipt.document import PaperReader
from receipt.escpos.commands import TokenKind
from receipt.escpos.tokenizer import Tokenizer
from receipt.paper import Paper
from receipt.printers import printer_model
from receipt.render.picture import Format, render
from retail.errors import ConfigurationError

DRAWER_COMMANDS = (b"\x1bp", b"\x10\x14\x01")  # ESC p and DLE DC4 1 open the drawer


def blocks_in(sent: RegisterJob, arrived: bytes) -> tuple[bytes, ...] | None:
    """Return what was inserted before each of the job's cuts, empty where nothing was.

    None: the register's bytes did not arrive, in order and unchanged, around it.
    """
    edges = (0, *sent.cut_offsets, len(sent.data))
    first, *parts = (sent.data[start:end] for start, end in pairwise(edges))
    if not arrived.startswith(first):
        return None
    at, blocks = len(first), []
    for number, part in enumerate(parts, start=1):
        start = len(arrived) - len(part) if number == len(parts) else arrived.find(part, at)
        if start < at or not arrived.startswith(part, start):
            return None
        blocks.append(arrived[at:start])
        at = start + len(part)
    return tuple(blocks) if at == len(arrived) else None


def is_harmless(block: bytes) -> bool:
    """Tell whether a block only prints: it cuts nothing, opens no drawer, asks the printer nothing, ends whole."""
    tokens = Tokenizer()
    pieces = tokens.feed(block) + tokens.close()
    acting = {TokenKind.CUT, TokenKind.REALTIME, TokenKind.UNKNOWN, TokenKind.INCOMPLETE}
    return not any(piece.kind in acting or piece.data.startswith(DRAWER_COMMANDS) for piece in pieces)


def job_of(data: bytes) -> RegisterJob:
    """Take any captured job: a block may come before each of its cuts."""
    tokens = Tokenizer()
    pieces = tokens.feed(data) + tokens.close()
    cuts = (piece.offset for piece in pieces if piece.kind is TokenKind.CUT)
    return RegisterJob(data=data, cut_offsets=tuple(cuts))


def papers_of(data: bytes, *, model: str) -> list[Paper]:
    """Return the papers that a job makes."""
    reader = PaperReader(model)
    return [*reader.feed(data), *reader.close()]


def text_of(papers: list[Paper]) -> list[str]:
    """Return the lines of papers as seen."""
    return [line.text for paper in papers for line in paper.lines]


def codes_on(papers: list[Paper], *, model: str) -> list[str]:
    """Return the data of every code printed; codes that a printer got as images are read by a scanner.

    Raises ConfigurationError where images are to be read and no scanner is installed.
    """
    if printer_model(model).native_qr:
        return [code.data for paper in papers for code in paper.codes]
    try:
        import zxingcpp  # noqa: PLC0415 - a tool for tests; only the demo of a printer without QR codes needs it
    except ImportError as error:
        raise ConfigurationError(
            f"{model} prints codes as images, and no scanner (zxing-cpp) is installed to check them",
            fix="make setup, or name a model that draws QR codes itself: --model TM-T20III",
        ) from error
    picture = Image.open(BytesIO(render(papers, Format.PNG, model=model)))
    return [code.text for code in zxingcpp.read_barcodes(picture)]
