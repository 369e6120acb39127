"""From characters at positions to lines as they are seen on paper.

Contract: a `Typesetter` is told what a print head is told (text, positions, tabs, line feeds, styles, codes, images)
and keeps what that leaves on paper until the document is taken from it. Positions are dots from the left margin. It
never raises, and what it keeps is bounded: beyond the limits below it drops, and the paper is `truncated`.
"""

from __future__ import annotations

from codecs import charmap_decode
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate, chain
from typing import Any, Final

from receipt.compose import Run, SetLine, as_seen, compose, line_end, passes, read_again, translated
from receipt.page_buffer import PageBuffer
from receipt.page_repair import PageRepair
from receipt.paper import PaperLine, PrintedCode, PrintedFeed, PrintedImage, PrintedPage, Span, Symbology
from receipt.print_head import UNNAMED_DOTS_MAX, PrintHead
from receipt.printers import PrinterModel

LINES_MAX: Final = 5_000  # 20 m of paper: no receipt is longer, a stream of line feeds is
PIECES_MAX: Final = 20_000  # printed lines and changes of style within them, half a kilobyte each; receipts have 500
LINE_CELLS_MAX: Final = 2_000  # a text without a line feed is broken here
RETURNS_MAX: Final = 8  # printing over a line more often than that is ending lines by CR
CODES_MAX: Final = 200
PICTURE_BYTES_MAX: Final = 4 * 1024 * 1024  # 58,000 rows of 576 dots: 7 m of picture
TAB_CELLS: Final = 8  # a tab stop every 8 characters until the till sets its own
UNBOUNDED_DOTS: Final = 1_000_000  # lines of a page have their own places and are not broken


class Typesetter(PrintHead):
    """See the module's contract."""

    def __init__(self, model: PrinterModel) -> None:
        super().__init__(model)
        self.repair = PageRepair(model)
        self.begin()

    def begin(self) -> None:
        """Begin a new document; settings stay, as they do on a printer."""
        self._lines: list[PaperLine] = []
        self._broken: dict[int, tuple[PaperLine, ...]] = {}  # lines wider than the paper: what is printed of each
        self._set: dict[int, SetLine] = {}  # the lines that may have to be composed again
        self._runs: list[Run] = []
        self._returns: list[int] = []  # the runs before which the head went back to the line's start
        self._line_offset = 0
        self._foreign = False  # something on the line may have to be read by another code page
        self.codes: list[PrintedCode] = []
        self.pictures: list[PrintedImage] = []
        self.feeds: list[PrintedFeed] = []  # by dots (`paper_feed`)
        self._pages: list[tuple[PageBuffer, int, int, int]] = []  # with their first line, the one after, their offset
        self.picture_bytes = 0
        self.truncated = False
        self._pieces = 0
        self._full = False  # nothing more is kept: what comes is not even read
        self.trailing_feed = 0  # blank lines since something was printed
        self.x = 0
        self._placed = True
        self.page: PageBuffer | None = None

    @property
    def line_index(self) -> int:
        """Where the next line will stand."""
        return len(self._lines)

    def finished(self, since: int) -> list[PaperLine]:
        """Return the printed lines from logical line `since` on; a line may still be read by another code page."""
        return self._lines[since:] if not self._broken else list(chain.from_iterable(self._printed(since)))

    def _printed(self, since: int = 0) -> Iterator[tuple[PaperLine, ...]]:
        """Yield what is printed of each logical line from `since` on."""
        for at, line in enumerate(self._lines[since:], since):
            yield self._broken.get(at) or (line,)

    def _lay(self, at: int, composed: tuple[PaperLine, ...]) -> None:
        """Keep what is printed of logical line `at`."""
        if len(composed) > 1:
            self._broken[at] = composed
        else:
            self._broken.pop(at, None)
        self._lines[at : at + 1] = composed[:1]

    @property
    def at_line_start(self) -> bool:
        """Whether nothing stands on the line yet."""
        return not self._runs

    @property
    def blank(self) -> bool:
        """Whether nothing has been printed since the document began (line feeds apart)."""
        return self.trailing_feed == len(self._lines) and not (self._runs or self.codes or self.pictures)

    def put(self, data: bytes, offset: int) -> None:
        """Print bytes where the head stands."""
        if self._full:
            return
        runs, x, declared = self._runs, self.x, self._encoding
        if not runs:
            self._line_offset = offset
            self._line_justification = self.justification
        if self._ascii_is_plain and data.isascii():
            text, raw, read = data.decode("ascii"), None, declared
            self.x += len(data) * self.cell
        else:
            if declared.double_byte is not None:
                declared = self._kanji_of(data, declared)
            before = "" if self._placed or not runs else runs[-1].text[-1:]
            read = self.repair.note(data, declared, before=before)
            text, raw = read.decode(data), data
            self._foreign = True
            self.x += read.cells(text) * self.cell
        fields = (x, self.cell, self.font_dots, text, self.style, raw, declared, read, not self._placed)
        runs.append(tuple.__new__(Run, fields))  # what Run(...) does, at half its cost
        self._placed = False
        if self.x > LINE_CELLS_MAX * self.cell:
            self.line_feed(offset)

    def whole_line(self, data: bytes, offset: int) -> bool:
        """Print a line and feed, in one go where nothing special is going on; else do nothing and return False.

        It does what `put` and `line_feed` do, for nine lines of ten, in a third of the time.
        """
        if self._runs or self.x or not self.is_simple:
            return False
        if self._ascii_is_plain and data.isascii():
            text = data.decode("ascii")
            seen, cells = text.rstrip(), len(text)
        elif (table := self._table or self._settled_table()) is not None:
            text = charmap_decode(data, "replace", table)[0]
            seen, cells = as_seen(text), len(text)
        else:
            return False
        if cells * self.cell > self.area or len(self._lines) >= LINES_MAX:
            return False
        make = tuple.__new__
        span = make(Span, (0, self.cell, text, self.style))
        self._lines.append(make(PaperLine, (seen, (span,), offset)))
        self.trailing_feed = 0
        return True

    def whole_lines(self, data: bytes, offset: int) -> int:
        """Print lines, each ended by LF or CR LF, as `whole_line` does, blank ones too; return how many bytes it did.

        `offset` is that of the first byte in the job.
        """
        if self._full:
            self.trailing_feed += data.count(b"\n")
            return len(data)
        if self._ascii_is_plain and data.isascii() and not self._runs and not self.x and self.is_simple:
            return self._ascii_lines(data.decode("ascii"), offset)
        at = offset
        for line in data.split(b"\n")[:-1]:
            text = line.removesuffix(b"\r")
            if not text:
                self.line_feed(at + len(line))
            elif not self.whole_line(text, at):
                break
            at += len(line) + 1
        return at - offset

    def _ascii_lines(self, data: str, offset: int) -> int:
        """Print such lines where nothing special is going on: most of a receipt, and somebody waits for it."""
        make, lines, style, cell = tuple.__new__, self._lines, self.style, self.cell
        longest, at, fed, returns = self.area // cell, offset, self.trailing_feed, "\r" in data
        for line in data.split("\n")[:-1][: LINES_MAX - len(lines)]:
            text = line.removesuffix("\r") if returns else line
            if len(text) > longest:
                break
            if text:
                lines.append(make(PaperLine, (text.rstrip(), (make(Span, (0, cell, text, style)),), at)))
                fed = 0
            else:
                lines.append(make(PaperLine, ("", (), at + len(line))))
                fed += 1
            at += len(line) + 1
        self.trailing_feed = fed
        return at - offset

    @property
    def is_simple(self) -> bool:
        """Whether a line that begins is printed from the left edge, in cells of one size, on no page."""
        return not (self.justification or self.margin or self.cell != self.font_dots or self.page)

    def line_of(self, data: bytes) -> PaperLine | None:
        """Return the line that `whole_line` would print, and print nothing; None where it would do nothing."""
        fed = self.trailing_feed
        if not self.whole_line(data, 0):
            return None
        self.trailing_feed = fed
        return self._lines.pop()

    def _settled_table(self) -> str | None:
        read = self.repair.verdict(self._encoding)
        if read is not None:
            self._table = read.table
        return self._table

    def move(self, x: int) -> None:
        """Go to a position on the line."""
        self.x = max(0, x)
        self._placed = True

    def carriage_return(self, offset: int) -> None:
        """Go back to the line's start without feeding: to print over it, or as some tills end their lines."""
        if self._runs and len(self._returns) < RETURNS_MAX:
            self._returns.append(len(self._runs))
            self.move(0)
        elif self._runs:
            self.line_feed(offset)

    def tab(self) -> None:
        """Go to the next tab stop; where there is none, stay."""
        cell = self.font_dots + self.spacing
        if self.tabs is None:
            stop = (self.x // (TAB_CELLS * cell) + 1) * TAB_CELLS * cell
        else:
            stop = next((each * cell for each in self.tabs if each * cell > self.x), self.x)
        if stop <= self.area:
            self.move(stop)

    def line_feed(self, offset: int, spacing: int = 0) -> None:
        """Finish the line; `spacing` is what the paper moves by, of interest in page mode only."""
        if self.page is not None:
            self.page.feed(self.take_runs(), spacing)
            return
        self.x = 0
        self._placed = True
        runs = self._runs
        if not runs:
            self.trailing_feed += 1
            if len(self._lines) < LINES_MAX:
                self._lines.append(tuple.__new__(PaperLine, ("", (), offset)))
            else:
                self.truncated = self._full = True
            return
        self._runs = []
        self.trailing_feed = 0
        line = SetLine(tuple(runs), self._line_justification, self.margin, self.area, self._line_offset)
        if self._returns:
            for each in passes(line, self._returns):
                self._keep_set(each)
            self._returns = []
        else:
            self._keep_set(line)
        self._foreign = False

    def feed(self, lines: int, offset: int) -> None:
        """Finish the line and leave paper blank, `lines` in all."""
        if self._runs and lines:
            self.line_feed(offset)
            lines -= 1
        for _ in range(lines):
            self.line_feed(offset)

    def take_runs(self) -> SetLine | None:
        """Take off what stands on the line that is not fed yet: it goes elsewhere; None where nothing does."""
        runs, self._runs, self._returns = self._runs, [], []
        self.x = 0
        self._placed = True
        return SetLine(tuple(runs), 0, 0, UNBOUNDED_DOTS, self._line_offset) if runs else None

    @property
    def pages_printed(self) -> int:
        """How many pages of page mode the document has so far."""
        return len(self._pages)

    def keep_page(self, page: PageBuffer, offset: int) -> None:
        """Print what a page holds."""
        lines = page.lines()
        if self._full or not (lines or page.things):
            return
        self._foreign = True
        first = len(self._lines)
        for line in lines:
            self._keep_set(line)
        self._pages.append((page, first, len(self._lines), offset))
        for thing in page.things:
            line_index = min(first + sum(line.offset < thing.offset for line in lines), len(self._lines))
            if isinstance(thing, PrintedCode):
                self.codes.append(replace(thing, line=line_index))
            else:
                self.pictures.append(replace(thing, line=line_index))
        self.trailing_feed = 0

    def _keep_set(self, line: SetLine) -> None:
        if self._full or len(self._lines) >= LINES_MAX or self._pieces >= PIECES_MAX:
            self.truncated = self._full = True
            return
        composed = compose(line)
        self._pieces += len(composed) + len(line.runs)
        if self._foreign or len(composed) > 1:
            self._set[len(self._lines)] = line
        self._lay(len(self._lines), composed)

    def code(self, symbology: Symbology, data: str, offset: int, **drawn: Any) -> None:
        """Print a barcode or two-dimensional code."""
        if self._runs and self.page is None:
            self.line_feed(offset)
        if len(self.codes) >= CODES_MAX:
            self.truncated = True
            return
        printed = PrintedCode(
            symbology=symbology,
            data=data,
            line=len(self._lines),
            offset=offset,
            justification=self.justification,
            **drawn,
        )
        if self.page is not None:
            self._into_page(printed, self.x)
            return
        self.trailing_feed = 0
        self.codes.append(printed)

    def _into_page(self, thing: PrintedCode | PrintedImage, x: int) -> None:
        assert self.page is not None
        self.page.feed(self.take_runs(), 0)
        self.page.put(thing, x)
        self.move(x)

    def picture(self, image: PrintedImage) -> None:
        """Print an image."""
        self.picture_bytes += len(image.rows)
        if self.picture_bytes > PICTURE_BYTES_MAX:
            self.truncated = True
            return
        if self.page is not None:
            self._into_page(image, image.x_dots)
            return
        self.trailing_feed = 0
        self.pictures.append(image)

    def take(self, offset: int) -> tuple[tuple[PaperLine, ...], dict[int, int]]:
        """Finish the document: return its lines, and where each logical line's first printed line stands."""
        if self._runs:
            self.line_feed(offset)
        changed = self.repair.settle()
        if changed:
            for index, line in self._set.items():
                if any(run.declared in changed and run.data is not None for run in line.runs):
                    self._set[index] = read_again(line, self.repair.settled)
                    self._lay(index, compose(self._set[index]))
        if self.model.vendor == "Generic" and self._set:
            self._widen()
        if meant := self.repair.look_again(line.text for line in self._lines):
            self._lines = [translated(line, meant) for line in self._lines]
            self._broken = {
                at: tuple([translated(each, meant) for each in lines]) for at, lines in self._broken.items()
            }
        if not self._broken:
            return tuple(self._lines), {}
        printed = list(self._printed())
        return tuple(chain.from_iterable(printed)), dict(enumerate(accumulate(map(len, printed), initial=0)))

    def pages(self, places: dict[int, int]) -> tuple[PrintedPage, ...]:
        """Return the pages of page mode, once the document is finished; `places` is where its lines stand."""
        return tuple(
            [
                PrintedPage(
                    line=places.get(first, first),
                    lines=places.get(after, after) - places.get(first, first),
                    offset=offset,
                    height_dots=page.height_dots,
                    texts=tuple(
                        [(place, compose(read_again(line, self.repair.settled))[0]) for place, line in page.texts]
                    ),
                )
                for page, first, after, offset in self._pages
            ]
        )

    def _widen(self) -> None:
        """Undo the breaking of lines that end alike beyond the edge, or within a word: the printer is wider."""
        broken = {index: self._set[index] for index in self._broken}
        ends = Counter(line_end(line) for line in broken.values())
        wide = [end for end, times in ends.items() if times > 1]
        whole = self.model.dots  # where the till set no narrower area itself
        wide += [line_end(line) for at, line in broken.items() if line.area >= whole and _torn(self._broken[at])]
        edge = max((end for end in wide if end <= UNNAMED_DOTS_MAX), default=0)
        for index, line in broken.items():
            if line_end(line) <= edge:
                self._lay(index, compose(line._replace(area=edge)))


def _torn(pieces: tuple[PaperLine, ...]) -> bool:
    """Whether a line of words was broken between two characters that belong together."""
    first, second = pieces[0], pieces[1]
    if not second.text or (" " not in first.text.strip() and first.text.isascii()):
        return False
    return not (second.spans[0].text[:1].isspace() or first.spans[-1].text[-1:].isspace())
