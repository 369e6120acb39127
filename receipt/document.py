"""Read a print job into documents while its bytes stream in.

Contract: `PaperReader.feed` takes the job's bytes in any pieces and returns the documents that ended in them; the
work is done as bytes come, so that at a cut little remains. It never raises, whatever the bytes; memory is bounded by
the typesetter's limits whatever their number. A document ends

* at a cut;
* at ESC @ when paper was fed past the tear-off edge before it (a till without a cutter begins its next receipt so);
* when the job is closed, or when core says so (`finish_here`: a cut is held, or the register has fallen silent).

Documents on which nothing was printed are left out, except that a job which does nothing but open the drawer is one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, TypeVar

from receipt.escpos.commands import TokenKind
from receipt.escpos.interpreter import Interpreter
from receipt.escpos.tokenizer import Token, Tokenizer
from receipt.language import EVIDENCE_BYTES, spoken
from receipt.layout import Typesetter
from receipt.paper import Language, Paper, PaperEnd, PrintedCode, PrintedImage
from receipt.printers import DEFAULT_MODEL, PrinterModel, printer_model
from receipt.raster import stitched
from receipt.star.interpreter import StarInterpreter
from receipt.star.tokenizer import StarTokenizer

PIECE_BYTES: Final = 16 * 1024  # tokens of one piece are in memory at once: about 100 bytes each
TEXT_BYTES_MAX: Final = 8 * 1024  # text that comes byte by byte is joined up to here
_LINE_FEEDS: Final = frozenset(("PrintAndLineFeed", "StarLineFeed"))
_RESETS: Final = frozenset(("EscInitialize", "StarInitialize"))
TEAR_OFF_LINES: Final = 3  # a tear bar stands 10 to 15 mm above the print line


class PaperReader:
    """See the module's contract. `model` and `language` are the workstation's configuration."""

    def __init__(self, model: str | PrinterModel = DEFAULT_MODEL, language: str = "auto") -> None:
        self._model = printer_model(model) if isinstance(model, str) else model
        self._undecided = bytearray()
        self._deciding = language == "auto"
        star = language == Language.STAR.value or (self._deciding and self._model.language == Language.STAR.value)
        self._speak(Language.STAR if star else Language.ESCPOS)

    def _speak(self, language: Language) -> None:
        """Begin to read in a language, from the job's first byte."""
        self._language = language
        self._typesetter = Typesetter(self._model)
        self._tokenizer = StarTokenizer() if language is Language.STAR else Tokenizer()
        interpreter = StarInterpreter if language is Language.STAR else Interpreter
        self._interpreter: Interpreter | StarInterpreter = interpreter(self._typesetter)
        self._text = b""  # text that has come and not been printed yet: it may go on in the next piece
        self._text_offset = 0
        self._start = 0
        self._position = 0
        self._printed = False  # a document of this job was returned
        self._commands_seen = False

    def feed(self, data: bytes) -> list[Paper]:
        """Take the job's next bytes; return the documents that ended in them."""
        papers: list[Paper] = []
        for at in range(0, len(data), PIECE_BYTES):
            piece = data[at : at + PIECE_BYTES]
            if self._deciding:
                piece = self._decide(piece)
            self._take(self._tokenizer.feed(piece), papers)
        return papers

    def _decide(self, piece: bytes) -> bytes:
        """Look for proof of another language; with it, return everything fed so far to be read again."""
        self._undecided += piece
        proved = spoken(bytes(self._undecided))
        if proved is None and len(self._undecided) < EVIDENCE_BYTES and not self._printed:
            return piece
        self._deciding = False
        everything = bytes(self._undecided)
        self._undecided.clear()
        if proved is None or proved is self._language or self._printed:
            return piece
        self._speak(proved)
        return everything

    def close(self) -> list[Paper]:
        """Say that the job has ended; return the documents that had not."""
        papers: list[Paper] = []
        self._take(self._tokenizer.close(), papers)
        paper = self._finish(PaperEnd.CLOSE, self._position)
        if paper is not None:
            papers.append(paper)
        return papers

    def finish_here(self, ended_by: PaperEnd = PaperEnd.CUT) -> Paper | None:
        """End the document with what has been fed, and return it; None when nothing was printed."""
        paper = self._finish(ended_by, self._position)
        if paper is not None and (self._tokenizer.in_payload or self._tokenizer.pending):
            return replace(paper, mid_payload=True)
        return paper

    def _take(self, tokens: list[Token], papers: list[Paper]) -> None:
        for token in tokens:
            data, name, kind, offset = token
            if kind is TokenKind.TEXT:
                if not self._text:
                    self._text_offset = offset
                self._text += data
                if len(self._text) > TEXT_BYTES_MAX:
                    self._flush()
            elif name in _LINE_FEEDS:
                self._line_feed(token)
            elif kind is TokenKind.REALTIME:
                self._interpreter.run(token)
            else:
                if self._text:
                    self._flush()
                self._command(token, papers)
        if tokens:
            self._position = tokens[-1].offset + len(tokens[-1].data)

    def _line_feed(self, token: Token) -> None:
        text = self._text
        if text:
            if self._interpreter.idle and self._typesetter.whole_line(text, self._text_offset):
                self._text = b""
                return
            self._flush()
        self._interpreter.run(token)

    def _command(self, token: Token, papers: list[Paper]) -> None:
        kind, end = token.kind, token.offset + len(token.data)
        self._commands_seen = self._commands_seen or kind is not TokenKind.CONTROL
        if kind is TokenKind.CUT:
            self._end(PaperEnd.CUT, end, papers)
            return
        if token.name in _RESETS and self._torn_off():
            self._end(PaperEnd.RESET, token.offset, papers)
        self._interpreter.run(token)

    def _flush(self) -> None:
        data = self._text
        self._text = b""
        self._interpreter.end_payload()
        if self._interpreter.mid_macro:
            self._interpreter.note_macro_text(Token(data, "Text", TokenKind.TEXT, self._text_offset))
        self._interpreter.text(data, self._text_offset)

    def _torn_off(self) -> bool:
        return self._typesetter.trailing_feed >= TEAR_OFF_LINES and not self._typesetter.blank

    def _end(self, ended_by: PaperEnd, end: int, papers: list[Paper]) -> None:
        paper = self._finish(ended_by, end)
        if paper is not None:
            papers.append(paper)

    def _finish(self, ended_by: PaperEnd, end: int) -> Paper | None:
        if self._text:
            self._flush()
        sheet, interpreter = self._typesetter, self._interpreter
        in_page_mode, at_line_start = interpreter.in_page_mode, sheet.at_line_start
        interpreter.end(end)
        paper = None
        drawer_alone = interpreter.drawer_opened and not self._printed and ended_by is PaperEnd.CLOSE
        if not sheet.blank or drawer_alone:
            lines, places = sheet.take(end)
            paper = Paper(
                lines=lines[: len(lines) - min(sheet.trailing_feed, len(lines))],
                codes=tuple(_moved(code, places) for code in sheet.codes),
                pictures=tuple(_moved(image, places) for image in stitched(sheet.pictures)),
                language=self._language if self._commands_seen else Language.TEXT,
                model=self._model.name,
                start=self._start,
                end=end,
                ended_by=ended_by,
                in_page_mode=in_page_mode,
                transparent=interpreter.transparent or sheet.truncated,
                mid_macro=interpreter.mid_macro,
                at_line_start=at_line_start,
                drawer_opened=interpreter.drawer_opened,
            )
            self._printed = True
        self._start = end
        sheet.begin()
        interpreter.begin()
        return paper


Placed = TypeVar("Placed", PrintedCode, PrintedImage)


def _moved(each: Placed, places: dict[int, int]) -> Placed:
    """Say where something stands among printed lines, not logical ones."""
    return replace(each, line=places.get(each.line, each.line)) if places else each
