"""Which code page a text was really written in, where the till chose a wrong one or none.

Contract: `note` is given every text that is not plain ASCII with the encoding the till declared, and says how to read
it; once enough has been seen of an encoding, or the document ends (`settle`), the verdict stands for the job. A
declared page keeps its word while it gives plausible text; another takes over only when it is plainly better, the
more plainly the less has been seen.

Seen in real jobs, and repaired: the page chosen by its number on the till's own printer, which means another page on
ours; no page chosen at all; UTF-8 sent to a printer that does not know it; text encoded twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Final, NamedTuple

from receipt.code_pages import UTF8, Encoding, single_byte, taken_back
from receipt.page_evidence import is_usual, plausibility
from receipt.page_words import known_words
from receipt.printers import PrinterModel, pages_by_number
from receipt.second_look import second_look

ENOUGH_BYTES: Final = 90  # of non-ASCII text: 3 to 5 lines of Cyrillic
EARLY_BYTES: Final = 40  # what the declared page must look perfect on, to be believed at once
SAMPLE_BYTES_MAX: Final = 2_000  # what is kept of an encoding before the verdict
ENCODINGS_MAX: Final = 64  # declared by one job: real jobs use at most three, libraries that print samples a dozen
SETTLED_AT_ONCE_MAX: Final = 16  # a document's end must not cost more than some milliseconds, whatever it declares

_PAGES_OF_A_SALE_MAX: Final = 8  # who declares more prints samples of pages, and knows which is which

_BEYOND_DOUBT: Final = 2.2
_CONVINCING: Final = 2.1  # a declared page that scores so high is right; others are not tried
_UNUSUAL_SHARE: Final = 4  # a page that makes every fourth byte a strange symbol need not be tried
_WORDS: Final = 1.2  # what scores less is no text in any page (a table of characters, a picture in letters)
_ALPHABET_BYTES_MAX: Final = 90  # an alphabet and its capitals have 66 letters; who uses more prints a table of all
_DECLARED_BONUS: Final = 0.25
_IDEOGRAPHS_BONUS: Final = 0.5  # a till does not switch double-byte characters on by accident
_SAME_NUMBER_BONUS: Final = 0.2  # another printer calls this page by the number the till used
_MULTIBYTE_BONUS: Final = 0.8  # bytes that are valid UTF-8 by accident are rare
_DOUBLE_BYTE_BONUS: Final = 0.2
_CLOSE: Final = 0.3  # so near each other, words decide, if any is known: capitals of Greek and Cyrillic look alike
_MARGIN: Final = 0.1
_MARGIN_BYTES: Final = 1.6  # divided by the bytes seen: with one byte nothing is plain

# Pages that many printers have under one number, and that differ in a few characters: a little evidence is enough.
_SIBLINGS: Final[dict[str, tuple[str, ...]]] = {
    "cp437": ("cp858", "cp850", "cp852"),
    "cp850": ("cp858",),
    "cp866": ("cp1125",),
    "cp1252": ("iso8859_15",),
    "star-standard": ("cp437", "cp858"),
}
_SIBLING_MARGIN: Final = 0.1
_PRICE: Final = re.compile("[0-9] ?\u20ac|\u20ac ?[0-9]")

# In the order of how common they are on receipts; ties go to the first.
_SINGLE_BYTE: Final = (
    "cp1252", "cp1251", "cp866", "cp850", "cp437", "cp1250", "cp852", "cp1253", "cp737",
    "cp1254", "cp857", "cp1257", "cp775", "koi8_r", "koi8_u", "cp858", "iso8859_2", "iso8859_5",
    "iso8859_7", "iso8859_9", "cp855", "cp1255", "cp862", "cp1256", "cp864", "iso8859_6", "kz1048",
    "cp1125", "cp874", "cp860", "cp863", "cp865", "cp869", "cp720", "cp3021", "cp774",
    "cp3843", "cp3844", "katakana",
)  # fmt: skip
_DOUBLE_BYTE: Final = ("gb18030", "cp949", "cp932", "big5")
# What programs take bytes for that are not theirs: the Western pages may hide any page, the others only UTF-8.
_TAKEN_FOR: Final = ("iso8859_1", "cp1252", "cp437", "cp850", "cp1250", "cp1251", "cp866", "cp1254")
_WESTERN: Final = 4
_NUMBERED: Final = "page-"


def unknown_page(number: int) -> str:
    """Return a name for a page that the printer's model does not know; it reads as CP437 until evidence says better."""
    return f"{_NUMBERED}{number}"


class PageRead(NamedTuple):
    """A page that the till chose by its number: what the printer's model calls it, and what its text is written in."""

    number: int
    told: str | None  # None: the model knows no page of this number
    found: str


_NONE: Final[frozenset[Encoding]] = frozenset()


class PageRepair:
    """See the module's contract."""

    def __init__(self, model: PrinterModel) -> None:
        self._model = model
        self._verdicts: dict[Encoding, Encoding] = {}
        self._samples: dict[Encoding, list[bytes]] = {}
        self._sizes: dict[Encoding, int] = {}
        self._changed: set[Encoding] = set()

    def note(self, data: bytes, declared: Encoding, *, before: str = "") -> Encoding:
        """Take a text into account and return the encoding to read it by.

        `before` is what stands directly before it: tills change the page in the middle of a word.
        """
        verdict = self._verdicts.get(declared)
        if verdict is not None:
            return verdict
        size = self._sizes.get(declared, 0)
        foreign = len(data.translate(None, _ASCII))
        if not foreign and declared.double_byte != "jis":
            return declared
        if size < SAMPLE_BYTES_MAX and len(self._sizes) < ENCODINGS_MAX:
            whole = before.encode() + data if before.isascii() else data
            self._samples.setdefault(declared, []).append(whole)
            self._sizes[declared] = size + foreign
            if size + foreign >= ENOUGH_BYTES:
                return self._decide(declared)
            if size < EARLY_BYTES <= size + foreign:
                self._believe(declared)
        return declared

    def verdict(self, declared: Encoding) -> Encoding | None:
        """Return what a declared encoding is to be read by, or None while that is open."""
        return self._verdicts.get(declared)

    def settle(self) -> frozenset[Encoding]:
        """Decide about what was seen most; return the declared encodings to be read otherwise than they were."""
        if not (self._samples or self._changed):
            return _NONE  # as with nearly every document in ASCII
        if len(self._sizes) > _PAGES_OF_A_SALE_MAX:
            self._samples.clear()
        often = sorted(self._samples, key=lambda declared: self._sizes[declared], reverse=True)
        for declared in often[:SETTLED_AT_ONCE_MAX]:
            self._decide(declared)
        changed = frozenset(self._changed)
        self._changed.clear()
        return changed

    def settled(self, declared: Encoding) -> Encoding:
        """Return what a declared encoding is to be read by."""
        return self._verdicts.get(declared, declared)

    def look_again(self, texts: Iterable[str]) -> Mapping[int, str] | None:
        """Return what other characters the lines of an ended document have, where all of it tells more than its start.

        Only where one page was used: nothing tells here which character came from which.
        """
        if len(self._sizes) != 1:
            return None
        (declared,) = self._sizes
        meant = second_look(self.settled(declared), texts)
        if meant is None:
            return None
        page, changed = meant
        self._verdicts[declared] = page
        return changed

    def pages_read(self, numbers: Iterable[int]) -> list[PageRead]:
        """Return what was found of the pages that these numbers chose, where all are pages of one byte a character."""
        found: list[PageRead] = []
        for number in sorted(numbers):
            told = self._model.code_pages.get(number)
            for declared, verdict in self._verdicts.items():
                is_plain = verdict.double_byte is None and not verdict.twice and single_byte(verdict.codec) is not None
                if is_plain and declared.double_byte is None and declared.codec == (told or unknown_page(number)):
                    found.append(PageRead(number, told, verdict.codec))
        return found

    def _believe(self, declared: Encoding) -> None:
        """Settle on the declared page early where its text is beyond doubt: it mostly is, and that saves time."""
        if declared.double_byte is None and _score(_joined(self._samples[declared]), declared) >= _BEYOND_DOUBT:
            self._verdicts[declared] = declared
            del self._samples[declared]

    def _decide(self, declared: Encoding) -> Encoding:
        sample = _joined(self._samples.pop(declared))
        size = self._sizes[declared]
        verdict = _page_of_sign(sample, declared) or self._best(sample, declared, size)
        if verdict.double_byte is None and size <= EARLY_BYTES:
            verdict = _by_words(sample, verdict)
        if size >= ENOUGH_BYTES:
            self._verdicts[declared] = verdict
        if verdict != declared:
            self._verdicts[declared] = verdict
            self._changed.add(declared)
        return verdict

    def _best(self, sample: bytes, declared: Encoding, size: int) -> Encoding:
        if declared.double_byte == "jis":
            return declared
        own = _score(sample, declared)
        best, best_score = declared, own
        if declared.double_byte is None:
            for sibling in _SIBLINGS.get(declared.codec, ()):
                candidate = declared._replace(codec=sibling)
                text = candidate.decode(sample)
                if text == declared.decode(sample):
                    continue
                score = _score(sample, candidate)
                margin = _SIBLING_MARGIN if _PRICE.search(text) else _MARGIN + _MARGIN_BYTES / size
                if score > best_score + margin:
                    best, best_score = candidate, score
        if best_score >= _CONVINCING:
            return best
        best_score += _DECLARED_BONUS if declared.double_byte is None else _IDEOGRAPHS_BONUS
        best_score += _MARGIN + _MARGIN_BYTES / size
        scores: dict[str, float] = {}  # neighbouring pages mostly give the same text
        rivals = [(best_score, best)]
        for candidate, bonus in self._candidates(sample, declared):
            text = candidate.decode(sample)
            plain = scores.get(text)
            if plain is None:
                plain = scores[text] = _score(sample, candidate)
            if plain >= _WORDS and plain + bonus > best_score - _CLOSE:
                rivals.append((plain + bonus, candidate))
                best_score = max(best_score, plain + bonus)
        close = [(score, rival) for score, rival in rivals if score > best_score - _CLOSE]
        return max(close, key=lambda each: (known_words(each[1].decode(sample))[0], each[0]))[1]

    def _candidates(self, sample: bytes, declared: Encoding) -> Iterator[tuple[Encoding, float]]:
        """Yield the encodings that might be meant, each with what speaks for it apart from the text."""
        if _is_utf8(sample):
            yield declared._replace(codec=UTF8, double_byte=None, twice=""), _MULTIBYTE_BONUS
            yield from self._twice(sample, declared)
        else:
            for codec in _DOUBLE_BYTE:
                yield declared._replace(double_byte=codec), _DOUBLE_BYTE_BONUS
        if len(set(sample.translate(None, _ASCII))) > _ALPHABET_BYTES_MAX:
            return
        same = self._same_number(declared.codec)
        foreign = sample.translate(None, _ASCII)
        for codec in _SINGLE_BYTE:
            if len(foreign.translate(None, _usual_bytes(codec))) * _UNUSUAL_SHARE > len(foreign):
                continue
            bonus = _SAME_NUMBER_BONUS if codec in same else 0.0
            yield declared._replace(codec=codec, double_byte=None, twice=""), bonus

    def _same_number(self, codec: str) -> tuple[str, ...]:
        """Return what other printers select by the number that selects this page on ours."""
        if codec.startswith(_NUMBERED):
            number = int(codec[len(_NUMBERED) :])
        else:
            number = min((each for each, page in self._model.code_pages.items() if page == codec), default=-1)
        return pages_by_number().get(number, ())

    def _twice(self, sample: bytes, declared: Encoding) -> Iterator[tuple[Encoding, float]]:
        """Yield readings of bytes that some program took for a page of its own and encoded as UTF-8."""
        text, seen = sample.decode("utf-8", "replace"), {sample}
        for page in _TAKEN_FOR:
            within = taken_back(text, page)
            if within in seen or within.count(b"?") > text.count("?"):
                continue
            seen.add(within)
            if _is_utf8(within):
                yield declared._replace(codec=UTF8, double_byte=None, twice=page), 2 * _MULTIBYTE_BONUS
            elif page in _TAKEN_FOR[:_WESTERN]:
                for codec in _DOUBLE_BYTE:
                    yield declared._replace(double_byte=codec, twice=page), _MULTIBYTE_BONUS
                for codec in _SINGLE_BYTE:
                    if codec not in (page, "cp1252", "katakana"):
                        yield declared._replace(codec=codec, double_byte=None, twice=page), 0.0


_SIGN_AT_NUMBER: Final = re.compile(
    rb"(?<![A-Za-z\x80-\xff])[\x80-\xff] {0,2}(?=[0-9])|(?<=[0-9]) {0,2}[\x80-\xff](?![A-Za-z\x80-\xff])"
)
_SIGNS: Final = "\u20ac\u00a3\u00a5"  # in the order of how common they are
_PAGES_OF_SIGNS: Final = ("cp1252", "cp858", "cp437", "iso8859_15", "cp1251")


def _page_of_sign(sample: bytes, declared: Encoding) -> Encoding | None:
    """Return the page in which the only byte beyond ASCII, beside numbers wherever it stands, is a currency's sign."""
    foreign = sample.translate(None, _ASCII)
    if declared.double_byte is not None or len(set(foreign)) != 1:
        return None
    if len(_SIGN_AT_NUMBER.findall(sample)) != len(foreign):
        return None
    pages = [declared, *(declared._replace(codec=codec, twice="") for codec in _PAGES_OF_SIGNS)]
    shown = [(page.decode(foreign[:1]), page) for page in pages]
    if shown[0][0] in _SIGNS:
        return declared
    return next((page for sign in _SIGNS for seen, page in shown if seen == sign), None)


# Pages in which a receipt of few letters is written, whatever page was declared; ties go to the first.
_TOLD_BY_WORDS: Final = ("cp858", "cp1252", "cp852", "cp1250", "cp857", "cp1254", "cp437", "cp860", "iso8859_2")

_FOREIGN_WORDS: Final = re.compile(rb"[A-Za-z]*+[\x80-\xff][A-Za-z\x80-\xff]*+")


def _by_words(sample: bytes, likely: Encoding) -> Encoding:
    """Return the page that makes more known words of a text than the likely one does; that one where none does."""
    best = likely
    foreign = b" ".join(_FOREIGN_WORDS.findall(sample))
    most, words = known_words(likely.decode(foreign))
    if single_byte(likely.codec) is None or (most and most == words):
        return likely
    for codec in _TOLD_BY_WORDS:
        candidate = likely._replace(codec=codec, twice="")
        found, _ = known_words(candidate.decode(foreign))
        if found > most and _score(sample, candidate) >= _WORDS:
            best, most = candidate, found
    return best


_ASCII: Final = bytes(range(0x80))
_GAPS: Final = re.compile(rb"(?<![\x80-\xff])[ .*=_-]{2,}")  # behind a high byte may stand its second half


def _is_utf8(sample: bytes) -> bool:
    try:
        sample.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@cache
def _usual_bytes(codec: str) -> bytes:
    """Return the bytes that a page gives to letters, borders and the symbols of receipts."""
    table = single_byte(codec) or ""
    return bytes(byte for byte, character in enumerate(table) if is_usual(character))


def _joined(texts: list[bytes]) -> bytes:
    return _GAPS.sub(b" ", b"\n".join(texts))


def _score(sample: bytes, encoding: Encoding) -> float:
    if encoding.codec.startswith(_NUMBERED) and encoding.double_byte is None:
        return 0.0  # a page that nobody knows proves nothing
    if encoding.double_byte is None and encoding.codec != UTF8 and single_byte(encoding.codec) is None:
        return 0.0
    return plausibility(encoding._replace(international=0).decode(sample))
