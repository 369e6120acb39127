"""The tokenizer loses nothing, never raises, and cuts every published vector at its borders."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receipt.escpos.commands import TokenKind
from receipt.escpos.lengths import WHOLE_BYTES_MAX
from receipt.escpos.tokenizer import Token, Tokenizer

RUNS = {"Text", "Controls", "EscUnknown", "FsUnknown", "GsUnknown", "DleUnknown", "UsUnknown"}


def tokens_of(data: bytes, *, pieces: list[int] | None = None, display: bool = False) -> list[Token]:
    """Feed `data` whole, or in pieces of the lengths given (repeated until it is spent), and close."""
    tokenizer = Tokenizer(display=display)
    tokens: list[Token] = []
    at = 0
    lengths = pieces or [max(1, len(data))]
    turn = 0
    while at < len(data):
        step = lengths[turn % len(lengths)]
        tokens += tokenizer.feed(data[at : at + step])
        at += step
        turn += 1
    tokens += tokenizer.close()
    assert tokenizer.pending == b""
    return tokens


def merged(tokens: list[Token]) -> list[tuple[str, bytes]]:
    """Join runs and payloads that came in pieces, so that every way of feeding can be compared."""
    joined: list[tuple[str, bytes]] = []
    for token in tokens:
        if joined and (token.name == "PayloadContinued" or (token.name in RUNS and joined[-1][0] == token.name)):
            name, data = joined.pop()
            joined.append((name, data + token.data))
        else:
            joined.append((token.name, token.data))
    return joined


def vectors(corpus: Path) -> list[tuple[str, bytes, bool]]:
    rows = json.loads((corpus / "tables" / "tokenize_vectors.json").read_text(encoding="utf-8"))["vectors"]
    return [(row["type"], bytes.fromhex(row["hex"]), row["group"].startswith("vfd")) for row in rows]


@pytest.mark.parametrize("step", [10_000, 1, 2, 3])
def test_every_published_vector_is_one_token_with_its_name(corpus: Path, step: int) -> None:
    wrong = []
    for name, data, display in vectors(corpus):
        found = merged(tokens_of(data, pieces=[step], display=display))
        if found != [(name, data)]:
            wrong.append((name, data.hex(), found))
    assert not wrong


@pytest.mark.parametrize("display", [False, True])
@pytest.mark.parametrize("step", [10_000_000, 1, 7])
def test_published_vectors_keep_their_borders_in_one_stream(corpus: Path, step: int, *, display: bool) -> None:
    rows = [(name, data) for name, data, shown in vectors(corpus) if shown is display]
    # a device selection in the middle would change the grammar; runs of controls side by side are one run
    expected: list[tuple[str, bytes]] = []
    for name, data in rows:
        if name in RUNS and expected and expected[-1][0] == name:
            expected[-1] = (name, expected[-1][1] + data)
        else:
            expected.append((name, data))
    assert merged(tokens_of(b"".join(data for _, data in rows), pieces=[step], display=display)) == expected


@pytest.mark.parametrize("step", [10_000_000, 3])
def test_no_byte_of_any_captured_job_is_lost(corpus: Path, step: int) -> None:
    jobs = sorted((corpus / "print_jobs").rglob("*.bin"))
    assert jobs
    for job in jobs:
        data = job.read_bytes()
        tokens = tokens_of(data, pieces=[step])
        assert b"".join(token.data for token in tokens) == data, job.name
        assert [token.offset for token in tokens] == _running_offsets(tokens), job.name


def _running_offsets(tokens: list[Token]) -> list[int]:
    offsets, at = [], 0
    for token in tokens:
        offsets.append(at)
        at += len(token.data)
    return offsets


BYTES_LIKE_JOBS = st.lists(
    st.one_of(
        st.binary(max_size=12),
        st.sampled_from(
            [
                b"\x1b@", b"\x1b", b"\x1d", b"\x1c", b"\x10", b"\x1dV", b"\x1dVA", b"\x1dVA\x03", b"\x1dV\x00", b"\x1di",
                b"\x1b*\x21\x02\x00", b"\x1dv0\x00\x02\x00\x02\x00", b"\x1d(k\x03\x001A2", b"\x1dk\x04ABC", b"\x1dk\x49\x03",
                b"\x1bD\x08\x10\x00", b"\x1b&\x03AB", b"\x1cq\x02\x01\x00\x01\x00", b"\x10\x04\x01", b"\x10\x14\x03",
                b"\x1b=\x02", b"\x1b=\x01", b"\x1f", b"\x1d8L\x05\x00\x00\x00", b"\x1dC;1;2;", b"\x1c2\xec\x40", b"\x1dD",
                b"TOTAL  12.50\n", "\u0418\u0422\u041e\u0413".encode("cp866"),
            ]
        ),
    ),
    max_size=40,
).map(b"".join)  # fmt: skip


@given(data=BYTES_LIKE_JOBS, pieces=st.lists(st.integers(1, 9), min_size=1, max_size=8), display=st.booleans())
@settings(max_examples=400, deadline=None)
def test_any_bytes_in_any_pieces_give_the_same_tokens(data: bytes, pieces: list[int], *, display: bool) -> None:
    whole = tokens_of(data, display=display)
    assert b"".join(token.data for token in whole) == data
    assert merged(tokens_of(data, pieces=pieces, display=display)) == merged(whole)


@given(data=BYTES_LIKE_JOBS, cut_at=st.integers(0, 400))
@settings(max_examples=200, deadline=None)
def test_tokens_and_pending_are_all_the_bytes_at_any_moment(data: bytes, cut_at: int) -> None:
    tokenizer = Tokenizer()
    tokens = tokenizer.feed(data[:cut_at])
    assert b"".join(token.data for token in tokens) + tokenizer.pending == data[:cut_at]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\x1dVA", [("GsPaperCutWithoutArgument", b"\x1dVA")]),
        (b"\x1dV", [("GsPaperCutWithoutArgument", b"\x1dV")]),
        (b"\x1dV\x1b@", [("GsPaperCutWithoutArgument", b"\x1dV"), ("EscInitialize", b"\x1b@")]),
        (b"\x1dVB\x1b@Hi", [("GsPaperCutWithoutArgument", b"\x1dVB"), ("EscInitialize", b"\x1b@"), ("Text", b"Hi")]),
        (b"\x1dVB\x1d!\x00", [("GsPaperCutWithoutArgument", b"\x1dVB"), ("GsSelectCharacterSize", b"\x1d!\x00")]),
        (b"\x1dVB\x1bxx", [("GsPaperFeedAndPartialCut", b"\x1dVB\x1b"), ("Text", b"xx")]),
        (b"\x1dVB\x1d", [("GsPaperFeedAndPartialCut", b"\x1dVB\x1d")]),
        (b"\x1dV\x00", [("GsPaperFullCut", b"\x1dV\x00")]),
        (b"\x1bi", [("EscObsoletePartialCut1Point", b"\x1bi")]),
        (b"\x1bm", [("EscObsoletePartialCut3Point", b"\x1bm")]),
    ],
)
@pytest.mark.parametrize("step", [100, 1])
def test_a_cut_is_found_even_when_its_argument_is_missing(
    data: bytes, expected: list[tuple[str, bytes]], step: int
) -> None:
    tokens = tokens_of(data, pieces=[step])
    assert merged(tokens) == expected
    assert tokens[0].kind is TokenKind.CUT


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (b"\x1b5Total", ["EscVendorItalicOff", "Text"]),
        (b"\x1b4Total", ["EscVendorItalicOn", "Text"]),
        (b"\x1b4\x01Total", ["EscVendorItalicOn", "Text"]),
        (b"\x1b*\x21\x02\x00abcdef\n", ["EscSelectBitImageMode", "PrintAndLineFeed"]),
        (b"\x1d(Z\x03\x00abcX", ["GsUnknown", "Text"]),
        (b"\x1dk\x04ABC\x00X", ["GsPrintBarcodeAsciiz", "Text"]),
        (b"\x1dk\x04ABC\nX", ["GsPrintBarcodeAsciiz", "PrintAndLineFeed", "Text"]),
        (b"\x1bD\x08\x10\x00X", ["EscHorizontalTabPosition", "Text"]),
        (b"\x1bD\x08\x0e\x0eX", ["EscHorizontalTabPosition", "Controls", "Text"]),
        (b"\x1bZ\x00M\x08\x02\x00QRX", ["EscVendor2DCode", "Text"]),
        (b"\x1b\x1b@", ["EscUnknown", "EscInitialize"]),
        (b"\x10\x04\x01A", ["DleTransmitRealtimeStatus", "Text"]),
        (b"\x10\x14\x03\x01ABCD", ["DleSoundBuzzRealtime", "Text"]),
        (b"\x1b=\x02\x1fXZ\x1b=\x01\n", ["EscSelectPeripheralDevice", "VfdUsBrightnessAdjustment", "VfdEscSelectPeripheralDevice", "PrintAndLineFeed"]),
        (b"\x1bt", ["Incomplete"]),
    ],
)  # fmt: skip
def test_commands_that_public_parsers_disagree_about(data: bytes, names: list[str]) -> None:
    assert [name for name, _ in merged(tokens_of(data))] == names
    assert [name for name, _ in merged(tokens_of(data, pieces=[1]))] == names


def test_a_payload_too_long_to_keep_comes_in_pieces_and_leaves_nothing_behind() -> None:
    tokenizer = Tokenizer()
    rows = 4 * WHOLE_BYTES_MAX // 72
    image = b"\x1dv0\x00" + (72).to_bytes(2, "little") + rows.to_bytes(2, "little") + bytes(72 * rows)
    held = 0
    tokens = []
    for at in range(0, len(image), 1000):
        tokens += tokenizer.feed(image[at : at + 1000])
        held = max(held, len(tokenizer.pending))
    assert tokenizer.in_payload is False
    assert held <= WHOLE_BYTES_MAX
    assert b"".join(token.data for token in tokens) == image
    assert {token.kind for token in tokens} == {TokenKind.RASTER}
    assert [token.name for token in tokens][1:] == ["PayloadContinued"] * (len(tokens) - 1)


@pytest.mark.parametrize("head", [b"\x1d8L\xff\xff\xff\xff", b"\x1cq\xff\xff\xff\xff\xff", b"\x1b&\xff\x00\xff"])
def test_a_payload_that_never_ends_is_bounded(head: bytes) -> None:
    tokenizer = Tokenizer()
    tokens = tokenizer.feed(head)
    for _ in range(100):
        tokens += tokenizer.feed(b"\xff" * 4096)
    assert len(tokenizer.pending) <= 2 * WHOLE_BYTES_MAX
    assert b"".join(token.data for token in tokens) + tokenizer.pending == head + b"\xff" * 409_600


@pytest.mark.parametrize(
    "head",
    [b"\x1d8L\xff\xff\x00\x000p0\x01\x011", b"\x1dv0\x00\xff\x00\xff\x00", b"\x1b&\x03\x20\xff", b"\x1cq\xff"],
    ids=["GS 8 L", "GS v 0", "ESC &", "FS q"],
)
def test_a_long_payload_has_one_name_wherever_its_head_is_torn(head: bytes) -> None:
    stream = head + bytes(range(0x40, 0x80)) * 400
    whole = Tokenizer().feed(stream)[0]
    for torn in range(1, len(head) + 8):
        tokenizer = Tokenizer()
        first = [*tokenizer.feed(stream[:torn]), *tokenizer.feed(stream[torn:])][0]
        assert (first.name, first.kind) == (whole.name, whole.kind), torn


def test_the_tap_can_import_it_for_nearly_nothing() -> None:
    code = "import sys; import receipt.escpos.tokenizer; print(sorted(m for m in sys.modules if not m.startswith('_')))"
    printed = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd()
    )
    for heavy in ("json", "decimal", "PIL", "asyncio", "dataclasses", "importlib.resources"):
        assert f"'{heavy}'" not in printed.stdout


CD5220 = b"\x1b=\x02\x1bQAHello\r\x1bQBdisplay\r\x1b[A\x1bl\x01\x02\x1buAup\r\x0c\x1b=\x01Receipt\n"


def test_lines_of_a_cd5220_display_are_commands_however_they_come():
    whole = Tokenizer()
    names = [token.name for token in (*whole.feed(CD5220), *whole.close())]
    assert names.count("VfdCdDisplayLine") == 2
    assert "EscUnknown" not in names
    assert names[-2:] == ["Text", "PrintAndLineFeed"]
    pieces = Tokenizer()
    tokens = [token for at in range(len(CD5220)) for token in pieces.feed(CD5220[at : at + 1])] + pieces.close()
    assert b"".join(token.data for token in tokens) == CD5220
    assert [token.name for token in tokens if token.name != "Text"] == [name for name in names if name != "Text"]


@pytest.mark.parametrize(
    "command",
    [
        "1b11",
        "1b12",
        "1b13",
        "1b2a04",
        "1b5f41",
        "1b6352",
        "1b6401",
        "1b6647",
        "1b7301",
        "1b5701051401",
        "1b5701011401",
    ],
)
def test_a_command_of_a_cd5220_display_leaves_no_byte_as_text(command: str) -> None:
    tokenizer = Tokenizer(display=True)
    tokens = [*tokenizer.feed(bytes.fromhex(command) + b"Hello"), *tokenizer.close()]
    assert [token.data for token in tokens] == [bytes.fromhex(command), b"Hello"]


def test_a_display_line_without_its_end_swallows_no_receipt():
    tokenizer = Tokenizer()
    tokens = [*tokenizer.feed(b"\x1b=\x02\x1bQAHello\x1b=\x01Milk 1.20\n"), *tokenizer.close()]
    assert [token.data for token in tokens if token.name == "Text"] == [b"Milk 1.20"]
    long = Tokenizer()
    assert len(long.feed(b"\x1b=\x02\x1bQA" + b"x" * 200)[1].data) == 64
