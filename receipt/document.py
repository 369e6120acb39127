"""Read a print job into documents while its bytes stream in.

Contract: `PaperReader.feed` takes the job's bytes in any pieces and returns the documents that ended in them; the
work is done as bytes come, so that at a cut little remains. It never raises, whatever the bytes; memory is bounded by
the typesetter's limits whatever their number. A document ends

* at a cut;
* at ESC @ when paper was fed past the tear-off edge before it (a till without a cutter begins its next receipt so),
  or when the document's own first line, the shop's name, follows it;
* when the job is closed, or when core says so (`finish_here`: a cut is held, or the register has fallen silent).

A job has a bounded number of documents (`DOCUMENTS_FREE`, and one more for every `DOCUMENT_BYTES`): a stream of cuts is
no till. The last one before what is passed over is `transparent`; after `finish_here` the counting begins anew.

Documents on which nothing was printed are left out, except that a job which does nothing but open the drawer is one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from receipt.escpos.commands import TokenKind
from receipt.escpos.interpreter import Interpreter
from receipt.escpos.tokenizer import Token, Tokenizer
from receipt.language import EVIDENCE_BYTES, PROOF_BYTES_MAX, STEP_BYTES, may_prove, spoken
from receipt.layout import Typesetter
from receipt.page_repair import PageRead
from receipt.paper import Language, Paper, PaperEnd, PaperLine, PrintedCode
from receipt.parting import GAP, moved, parted, says_fiscal
from receipt.plain_lines import AT_ONCE_BYTES, is_text, print_lines
from receipt.printers import DEFAULT_MODEL, PrinterModel, printer_model
from receipt.raster import stitched
from receipt.right_to_left import in_reading_order
from receipt.star.interpreter import StarInterpreter
from receipt.star.tokenizer import StarTokenizer
from receipt.turned import as_read

PIECE_BYTES: Final = 16 * 1024  # tokens of one piece are in memory at once: about 100 bytes each
TEXT_BYTES_MAX: Final = 8 * 1024  # text that comes byte by byte is joined up to here
_LINE_FEEDS: Final = frozenset(("PrintAndLineFeed", "StarLineFeed"))
_LF: Final = 0x0A
_CARRIAGE_RETURN: Final = "PrintAndCarriageReturn"
_RESETS: Final = frozenset(("EscInitialize", "StarInitialize"))
_FORM_FEEDS: Final = frozenset(("FormFeedPrintAndReturnToStandardMode", "StarFormFeed"))
SEAMS_MAX: Final = 256  # a till that resets before every line parts nothing with it
DOCUMENTS_FREE: Final = 2_000  # a busy till's day on one connection, however short its slips are
DOCUMENT_BYTES: Final = 512  # beyond those, one document for so many bytes of the job: receipts have a kilobyte
TEAR_OFF_LINES: Final = 3  # a tear bar stands 10 to 15 mm above the print line


class PaperReader:
    """See the module's contract. `model` and `language` are the workstation's configuration."""

    def __init__(self, model: str | PrinterModel = DEFAULT_MODEL, language: str = "auto") -> None:
        self._model = printer_model(model) if isinstance(model, str) else model
        self.begun = 0  # documents so far, counted anew where one turned out to be in another language
        self._deciding = language == "auto"
        self._undecided = bytearray()  # the job so far, while its language is not proved
        self._held: list[Paper] = []  # documents that ended meanwhile, and may have to be read again
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
        self._told = 0  # lines of this document that `finished_lines` has returned
        self.begun += 1
        self._seams: list[tuple[int, int]] = []  # line and offset of every ESC @ and FF between lines of this document
        self._position = 0
        self._printed = False  # a document of this job has ended
        self._documents = 0  # that have ended since core last read on
        self._passed_over = False  # this document: there have been too many
        self._commands_seen = False

    def feed(self, data: bytes) -> list[Paper]:
        """Take the job's next bytes; return the documents that ended in them.

        While the language is not proved (the first 64 bytes, mostly), ended documents are kept back.
        """
        for at in range(0, len(data), PIECE_BYTES):
            piece = data[at : at + PIECE_BYTES]
            if self._deciding:
                piece = self._decide(piece)
            self._read(piece, self._held)
        return [] if self._deciding else self._released()

    def close(self) -> list[Paper]:
        """Say that the job has ended; return the documents that had not."""
        self._decide_now()
        self._take(self._tokenizer.close(), self._held)
        self._end(PaperEnd.CLOSE, self._position, self._held)
        return self._released()

    def finish_here(self, ended_by: PaperEnd = PaperEnd.CUT) -> Paper | None:
        """End the document with what has been fed, and return it; None when nothing was printed.

        What a reset turns out to have parted from it is returned by `ended_before`, or by the next `feed` or `close`.
        """
        self._decide_now()
        papers = self._finish(ended_by, self._position)
        self._documents, self._passed_over = 0, False
        self._held += papers[:-1]
        paper = papers[-1] if papers else None
        if paper is not None and (self._tokenizer.in_payload or self._tokenizer.pending):
            return replace(paper, mid_payload=True)
        return paper

    def ended_before(self) -> list[Paper]:
        """Return the documents before the one that `finish_here` has just returned, which were kept back until then."""
        return self._released()

    @property
    def overfull(self) -> bool:
        """Whether the document being printed has more than is kept: who shows it need not feed more of it."""
        return self._typesetter.truncated

    @property
    def pages_read(self) -> list[PageRead]:
        """The code pages that the job chose by number, as far as its ended documents tell what they are."""
        sheet = self._typesetter
        return sheet.repair.pages_read(sheet.numbers_chosen)

    @property
    def printed_codes(self) -> tuple[PrintedCode, ...]:
        """The codes of the document that is being printed."""
        return tuple(self._typesetter.codes)

    def lines_begun(self, rest: bytes) -> list[str] | None:
        """Return what the lines would say that are fed and not printed, and `rest` behind them; "" for a blank one.

        A guess for those who read ahead, of plain lines only; None where nobody can say. Nothing is printed. While no
        language is proved it is guessed in the model's own, which a proof to come may show to be wrong.
        """
        if self._held or not self._at_rest() or not self._tokenizer.at_rest:
            return None
        texts = (self._text + rest).replace(b"\r\n", b"\n").split(b"\n")
        lines = []
        for text in texts if texts[-1] else texts[:-1]:
            line = self._typesetter.line_of(text) if is_text(text) else None
            if line is None and text:
                return None
            lines.append(line.plain if line is not None else "")
        return lines

    def finished_lines(self) -> list[PaperLine]:
        """Return the lines finished since this was last asked, of the document that is being printed.

        For those who read ahead: what they say is settled only when the document has ended.
        """
        lines = self._typesetter.finished(self._told)
        self._told = self._typesetter.line_index
        return lines

    def _released(self) -> list[Paper]:
        papers, self._held = self._held, []
        return papers

    def _decide(self, piece: bytes) -> bytes:
        """Look for proof of a language; where it is another one, return everything fed, to be read again."""
        asked = len(self._undecided) // STEP_BYTES
        self._undecided += piece
        for step in range(asked + 1, len(self._undecided) // STEP_BYTES + 1):
            begin, end = (step - 1) * STEP_BYTES, step * STEP_BYTES
            more = bytes(self._undecided[max(0, begin - PROOF_BYTES_MAX) : end])
            proved = spoken(bytes(self._undecided[:end])) if may_prove(more) else None
            if proved is not None or step * STEP_BYTES >= EVIDENCE_BYTES:
                return piece if self._settle(proved) else self._again()
        return piece

    def _decide_now(self) -> None:
        """Decide by what there is: the document ends."""
        if self._deciding and not self._settle(spoken(bytes(self._undecided))):
            self._read(self._again(), self._held)

    def _settle(self, proved: Language | None) -> bool:
        """End the deciding; say whether the language is the one that has been read so far."""
        self._deciding = False
        if proved is None or proved is self._language:
            self._undecided.clear()
            return True
        self._held = []
        self._speak(proved)
        return False

    def _again(self) -> bytes:
        everything = bytes(self._undecided)
        self._undecided.clear()
        return everything

    def _read(self, piece: bytes, papers: list[Paper]) -> None:
        """Read bytes: plain text and lines of it at once, the rest by tokens, a line at a time."""
        tokenizer, at, end = self._tokenizer, 0, len(piece)
        while at < end:
            stop = end
            if isinstance(tokenizer, Tokenizer) and tokenizer.at_rest:
                stop = piece.find(b"\n", at) + 1 or end
                after = self._plainly(piece, at, stop, offset=tokenizer.offset)
                if after > at:
                    tokenizer.skip(after - at)
                    self._position = tokenizer.offset
                    at = after
                    continue
            self._take(tokenizer.feed(piece[at:stop]), papers)
            at = stop

    def _plainly(self, piece: bytes, at: int, stop: int, *, offset: int) -> int:
        """Read what does nothing but print, as far as it goes; return where the first byte stands that is left.

        `stop` is where the first line ends, or the piece; `offset` is where in the job `piece[at]` stands.
        """
        if piece[stop - 1] != _LF:
            text = piece[at:stop]
            if is_text(text):
                self._hold(text, offset)
                return stop
        elif self._typesetter.at_line_start and self._typesetter.page is None and self._interpreter.idle:
            begun = len(self._text)
            if not begun:
                return print_lines(self._typesetter, piece, at, offset=offset)
            lines = self._text + piece[at : max(stop, at + AT_ONCE_BYTES - begun)]
            printed = print_lines(self._typesetter, lines, 0, offset=self._text_offset)
            if printed:
                self._text = b""
                return at + printed - begun
        return at

    def _hold(self, text: bytes, offset: int) -> None:
        """Keep text until its line ends."""
        if not self._text:
            self._text_offset = offset
        self._text += text
        if len(self._text) > TEXT_BYTES_MAX:
            self._flush()

    def _take(self, tokens: list[Token], papers: list[Paper]) -> None:
        for token in tokens:
            data, name, kind, offset = token
            if kind is TokenKind.TEXT:
                self._hold(data, offset)
            elif name in _LINE_FEEDS:
                self._line_feed(token)
            elif kind is TokenKind.REALTIME:
                self._interpreter.run(token)
            elif name == _CARRIAGE_RETURN and not self._text and self._at_rest():
                pass  # some tills end their lines by CR CR LF
            else:
                if self._text:
                    self._flush()
                self._command(token, papers)
        if tokens:
            self._position = tokens[-1].offset + len(tokens[-1].data)

    def _at_rest(self) -> bool:
        return self._interpreter.idle and self._typesetter.at_line_start

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
        if token.name in _RESETS and not self._typesetter.blank:
            if self._torn_off():
                self._end(PaperEnd.RESET, token.offset, papers)
            elif self._typesetter.at_line_start and len(self._seams) < SEAMS_MAX:
                self._seams.append((self._typesetter.line_index, token.offset))
        on_roll = self._typesetter.page is None
        self._interpreter.run(token)
        if token.name in _FORM_FEEDS and on_roll and self._typesetter.at_line_start and len(self._seams) < SEAMS_MAX:
            self._seams.append((self._typesetter.line_index, end))

    def _flush(self) -> None:
        data = self._text
        self._text = b""
        self._interpreter.end_payload()
        if self._interpreter.mid_macro:
            self._interpreter.note_macro_text(Token(data, "Text", TokenKind.TEXT, self._text_offset))
        self._interpreter.text(data, self._text_offset)

    def _torn_off(self) -> bool:
        return self._typesetter.trailing_feed >= TEAR_OFF_LINES

    def _end(self, ended_by: PaperEnd, end: int, papers: list[Paper]) -> None:
        papers += self._finish(ended_by, end)

    def _finish(self, ended_by: PaperEnd, end: int) -> list[Paper]:
        """End the document; return it, in the parts that resets have made of it. Nothing when nothing was printed."""
        if self._text:
            self._flush()
        sheet, interpreter = self._typesetter, self._interpreter
        in_page_mode, at_line_start = interpreter.in_page_mode, sheet.at_line_start
        interpreter.end(end)
        papers = []
        drawer_alone = interpreter.drawer_opened and not self._printed and ended_by is PaperEnd.CLOSE
        if not self._passed_over and (not sheet.blank or drawer_alone):
            lines, places = sheet.take(end)
            paper = Paper(
                lines=lines[: len(lines) - min(sheet.trailing_feed, len(lines))],
                drawn_sets=tuple(interpreter.drawn_sets),
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
            if sheet.codes or sheet.pictures or sheet.feeds or sheet.pages_printed:
                paper = replace(
                    paper,
                    codes=tuple([moved(code, places) for code in sheet.codes]),
                    pictures=tuple([moved(image, places) for image in stitched(sheet.pictures)]),
                    feeds=tuple([moved(feed, places) for feed in sheet.feeds]),
                    pages=sheet.pages(places),
                )
            seams = [(places.get(line, line), offset) for line, offset in self._seams] if self._seams else []
            text = "\n".join([line.text for line in paper.lines])
            whole = not (seams or says_fiscal(text) or GAP in text)
            papers = [as_read(paper)] if whole else [as_read(each) for each in parted(paper, seams)]
            if not text.isascii():
                papers = [in_reading_order(each) for each in papers]
            self._printed = True
        self._count(papers, end)
        self._start = end
        self._seams = []
        self._told = 0
        self.begun += 1
        sheet.begin()
        interpreter.begin()
        return papers

    def _count(self, papers: list[Paper], end: int) -> None:
        """Note documents that ended; where they are too many, the next is passed over and the last one says so."""
        self._documents += len(papers)
        self._passed_over = self._documents >= DOCUMENTS_FREE + end // DOCUMENT_BYTES
        if self._passed_over and papers:
            papers[-1] = replace(papers[-1], transparent=True)
