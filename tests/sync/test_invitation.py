"""What stands in a QR code beside an enrolment code is taken wherever the code is."""

from __future__ import annotations

import re

import pytest
import zxingcpp
from PIL import Image

from receipt.qr_svg import qr_terminal
from retail.errors import RefusedError
from sync.protocol.enrolment import new_code, parse_code
from sync.protocol.invitation import Invitation, invitation_text, read_invitation

INVITATION = Invitation(code=new_code(), store="7781", hub="https://hub.example/chain")


def test_what_is_written_is_read() -> None:
    text = invitation_text(INVITATION)
    assert read_invitation(f" {text}\n") == INVITATION
    assert read_invitation(text.replace("tillstream", "TILLSTREAM")) == INVITATION
    assert read_invitation(invitation_text(Invitation(code="A"))) == Invitation(code="A")


def test_a_code_is_taken_typed_or_scanned() -> None:
    assert parse_code(invitation_text(INVITATION)) == parse_code(INVITATION.code)
    assert read_invitation(INVITATION.code) == Invitation(code=INVITATION.code)


@pytest.mark.parametrize(
    "text", ["tillstream://enrol?", "tillstream://enrol?code=", "tillstream://enrol?" + "x" * 2000]
)
def test_an_invitation_without_a_code_is_mistyped(text: str) -> None:
    with pytest.raises(RefusedError) as refused:
        parse_code(text)
    assert refused.value.code == "code_mistyped"


def test_a_scanner_reads_it_from_a_terminal() -> None:
    lines = [
        re.sub(r"\x1b\[[0-9;]*m", "", line) for line in qr_terminal(invitation_text(INVITATION).encode()).split("\n")
    ]
    upper = {" ": 255, "\u2580": 0, "\u2584": 255, "\u2588": 0}
    lower = {" ": 255, "\u2580": 255, "\u2584": 0, "\u2588": 0}
    dots = [half[each] for line in lines for half in (upper, lower) for each in line]
    picture = Image.frombytes("L", (len(lines[0]), 2 * len(lines)), bytes(dots))
    (found,) = zxingcpp.read_barcodes(picture.resize((picture.width * 4, picture.height * 4), Image.Resampling.NEAREST))
    assert found.text == invitation_text(INVITATION)
