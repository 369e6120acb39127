"""Card numbers in groups with any marks between them, in other scripts' digits, glued to other figures, in frames."""

import random
import re

import pytest

from pos_adapters.reading.masking import StreamMasker, mask_bytes, mask_text

CARD, AMEX, LONG = "4539578763621486", "374245455400126", "6283778353374068129"
GROUPS = tuple(CARD[at : at + 4] for at in range(0, 16, 4))
TEN, SIX = CARD[:10], CARD[10:]
PAIRS = bytes(int(CARD[at : at + 2]) for at in range(0, 16, 2))


def divided(mark: str, *sizes: int, number: str = CARD) -> str:
    groups, at = [], 0
    for size in sizes:
        groups.append(number[at : at + size])
        at += size
    return mark.join(groups)


def digits_from(nought: int) -> str:
    return "".join(chr(nought + int(figure)) for figure in CARD)


def barcode(kind: bytes, data: bytes) -> bytes:
    return b"\x1dk" + kind + bytes([len(data)]) + data


TEXTS = {
    "letterspaced": "   ".join(" ".join(group) for group in GROUPS),
    "letterspaced wide": "    ".join("  ".join(group) for group in GROUPS),
    "thousands": divided(",", 1, 3, 3, 3, 3, 3),
    "thousands in Switzerland": divided("'", 1, 3, 3, 3, 3, 3),
    "thin blanks": divided("\u202f", 1, 3, 3, 3, 3, 3),
    "eight and eight": divided("_", 8, 8),
    "halves beside a word": "VISA " + divided("/", 8, 8),
    "six, six and four": divided("/", 6, 6, 4),
    "tabs": divided("\t", 6, 6, 4),
    "six and ten": divided("_", 6, 10),
    "pairs": divided(":", *[2] * 8),
    "nineteen": divided("/", 4, 4, 4, 4, 3, number=LONG),
    "six and thirteen": divided(":", 6, 13, number=LONG),
    "Amex": divided(":", 4, 6, 5, number=AMEX),
    "long marks": "  /  ".join(GROUPS),
    "stars": " **** ".join(GROUPS),
    "other marks": "{}/{}-{}/{}".format(*GROUPS),
    "blanks and marks": "{} {}/{} {}".format(*GROUPS),
    "an address's blanks": "%20".join(GROUPS),
    "markup": "&nbsp;".join(GROUPS),
    "tags": "".join(f"<text>{group}</text>" for group in GROUPS),
    "escapes": r"\x20".join(GROUPS),
    "a list": "[" + ", ".join(f'"{group}"' for group in GROUPS) + "]",
    "bullets": "\n* ".join(GROUPS),
    "lines of two": "{}|{}\n{}|{}".format(*GROUPS),
    "isolates": "\u2066" + "\u2069 \u2066".join(GROUPS) + "\u2069",
    "Arabic": digits_from(0x660),
    "Persian": digits_from(0x6F0),
    "Thai": digits_from(0xE50),
    "Devanagari": digits_from(0x966),
    "Bengali": digits_from(0x9E6),
    "with its expiry": CARD + "1227",
    "with its year and month": CARD + "2712",
    "with its length": "16" + CARD,
    "a terminal's tag": "9F0607A00000000310105A08" + CARD + "5F2403271231",
    "a track's tag": "5713" + CARD + "D27122011234567890",
    "a word and more figures": "CARD NO " + CARD + "00471",
    "a fiscal code": f"t=20260101T1200&s=1.00&fn=9289000100405893&i={CARD}&fp=1&n=1",
    "a broken line": f"REF {TEN}\r{SIX}",
    "a line between": f"REF {TEN}\n\n{SIX}",
    "a hyphen": f"REF {TEN}-\n{SIX}",
    "a frame": f"| {TEN} |\n| {SIX}     |",
    "a full line": f"{'CASHIER ANNA TERMINAL':37}{CARD[:5]}\n{CARD[5:]}",
    "an article's check digit": "CARD NO 453\n9578763621486",
}
JOBS = {
    "Arabic, page 864": bytes(0xB0 + int(figure) for figure in CARD),
    "Thai, page 874": bytes(0xF0 + int(figure) for figure in CARD),
    "areas of a page": b"".join(
        b"\x1bW" + bytes([at * 50, 0, 0, 0, 48, 0, 24, 0]) + GROUPS[at].encode() for at in range(4)
    ),
    "a font": b"\x1d(N\x03\x000\x30\x00".join(group.encode() for group in GROUPS),
    "tabs are set": b"\x1bD\x08\x10\x18\x00".join(group.encode() for group in GROUPS),
    "a drawer opens": CARD[:7].encode() + b"\x10\x14\x01\x00\x01" + CARD[7:].encode(),
    "a terminal's style": b"\x1b[1m".join(group.encode() for group in GROUPS),
    "an area within a group": CARD[:7].encode() + b"\x1bW\x00\x00\x00\x000\x00\x18\x00" + CARD[7:].encode(),
    "a barcode behind letters": barcode(b"I", b"{BPAN{C" + PAIRS),
    "a barcode with the expiry": barcode(b"I", b"{C" + PAIRS + bytes([12, 27])),
    "a barcode's function": barcode(b"I", b"{C{1" + PAIRS),
}
BREAKS = re.compile(rb"[0-9-][\r\n]+[0-9]")
EVERY = {name: text.encode() for name, text in TEXTS.items()} | JOBS


@pytest.mark.parametrize("job", EVERY.values(), ids=EVERY)
def test_a_disguised_number_is_masked_whole_and_in_any_pieces(job):
    pieces = random.Random(len(job))
    for head in (b"\x1b@SHOP\n", b"TOTAL 12.50 EUR  22/11/2026\n"):
        for end in (b"\n", b"\r\nTOTAL 5.00\n\x1dV\x00", b" EXP\nX"):
            if end.startswith(b" ") and BREAKS.search(job):
                continue  # its last line is a number alone
            whole = head + job + end
            masked = mask_bytes(whole)
            assert len(masked) == len(whole)
            assert sum(a != b for a, b in zip(whole, masked, strict=True)) >= (2 if b"\x1dkI" in job else 5), masked
            for sizes in ((1,), (1, 2, 7), (3, 20)):
                masker, at, streamed = StreamMasker(), 0, b""
                while at < len(whole):
                    size = pieces.choice(sizes)
                    streamed += masker.feed(whole[at : at + size])
                    at += size
                assert streamed + masker.close() == masked


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_text_is_masked_as_bytes_are(text):
    masked = mask_text(f"SHOP\n{text}\nTOTAL 5.00\n")
    assert sum(a != b for a, b in zip(f"SHOP\n{text}\n", masked, strict=False)) in (5, 6, 9)


@pytest.mark.parametrize(
    "text",
    [
        divided("_", 8, 8, number=CARD[:15] + "7"),  # passes no check
        divided("_", 8, 8) + "_1",  # more of the same
        "https://receipts.example/" + divided("/", 8, 8),
        f"{TEN}\0{SIX}"[:10] + "\0\0\0\0" + SIX,  # a barcode's end, and a text
        "22/11/2026 14:05:33 0047/12345",
        "Tel. 0471/1234-5678, 0471/1234-5679",
        "4006381333931\n8711253001202\n",
        "99471" + CARD,  # other figures before it: one in ten such numbers passes
        "12345678901234567890",
        "EXTRA LARGE COFFEE TO GO    2 x 4\n" + CARD[1:],  # not at the paper's edge
    ],
)
def test_figures_that_nothing_says_are_a_cards_stay(text):
    assert mask_text(f"SHOP\n{text}\nEND") == f"SHOP\n{text}\nEND"


def test_the_stores_own_numbers_stay():
    for text in (divided("_", 8, 8), CARD + "1227", "{}/{}-{}/{}".format(*GROUPS)):
        assert mask_text(text, exempt=[r"4539\d{12}"]) == text


@pytest.mark.parametrize("cut", [b"\x1dV\x00", b"\x1dVB\x00", b"\x1bm", b"\x1bi"])
def test_no_command_that_cuts_the_paper_is_held_back(cut):
    for printed in (b"4539/5787", b"45395787/", b"4 5 3 9   5 7 8 7  ", b"4539 5787 \x1b[1m", b"<b>4539</b>5787"):
        masker = StreamMasker()
        assert masker.feed(printed + cut).endswith(cut)


def test_hostile_runs_are_passed_over_in_linear_time():
    for piece in (b"4/", b"4539/", b"4 5 3 9   ", b"<b>1", b"1\x1bW", b"45 \x1d(N\x03\x00", b"&#1;2", b"5A08"):
        job = piece * (200_000 // len(piece))
        assert len(mask_bytes(job)) == len(job)
        masker = StreamMasker()
        assert len(b"".join(masker.feed(job[at : at + 512]) for at in range(0, 50_000, 512)) + masker.close()) > 0
