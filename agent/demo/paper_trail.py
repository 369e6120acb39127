"""What the printer got, held against what the register sent: nothing but a block of ours may stand between."""

from __future__ import annotations

from agent.demo.sale import RegisterJob
from receipt.document import PaperReader
from receipt.escpos.commands import TokenKind
from receipt.escpos.tokenizer import Tokenizer
from receipt.paper import Paper

DRAWER_COMMANDS = (b"\x1bp", b"\x10\x14\x01")  # ESC p and DLE DC4 1 open the drawer


def block_in(sent: RegisterJob, arrived: bytes) -> bytes | None:
    """Return what was inserted immediately before the cut, empty when nothing was.

    None: the register's bytes did not arrive, in order and unchanged, around it.
    """
    before, after = sent.data[: sent.cut_offset], sent.data[sent.cut_offset :]
    whole = len(arrived) >= len(sent.data) and arrived.startswith(before) and arrived.endswith(after)
    return arrived[len(before) : len(arrived) - len(after)] if whole else None


def is_harmless(block: bytes) -> bool:
    """Tell whether a block only prints: it cuts nothing, opens no drawer, asks the printer nothing, ends whole."""
    tokens = Tokenizer()
    pieces = tokens.feed(block) + tokens.close()
    acting = {TokenKind.CUT, TokenKind.REALTIME, TokenKind.UNKNOWN, TokenKind.INCOMPLETE}
    return not any(piece.kind in acting or piece.data.startswith(DRAWER_COMMANDS) for piece in pieces)


def papers_of(data: bytes, *, model: str) -> list[Paper]:
    """Return the papers that a job makes."""
    reader = PaperReader(model)
    return [*reader.feed(data), *reader.close()]


def text_of(papers: list[Paper]) -> list[str]:
    """Return the lines of papers as seen."""
    return [line.text for paper in papers for line in paper.lines]


def codes_on(papers: list[Paper]) -> list[str]:
    """Return the data of every code printed."""
    return [code.data for paper in papers for code in paper.codes]
