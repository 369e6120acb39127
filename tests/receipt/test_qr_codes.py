"""QR pictures: module for module the library's, and read by an independent scanner."""

from __future__ import annotations

import random

import pytest
import zxingcpp
from PIL import Image
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode
from qrcode.util import MODE_8BIT_BYTE, QRData

from receipt.bitmap import Bitmap, bitmap_of
from receipt.qr_codes import (
    _MASK_PATTERN,
    MODULE_DOTS_MAX,
    QR_BYTES_MAX,
    QUIET_MODULES,
    module_dots,
    modules_for,
    prepare,
    qr_picture,
    version_for,
)
from receipt.qr_tables import BYTES_AT_LEVEL_M
from retail.errors import DefectError


def picture_of(bitmap: Bitmap, quiet_dots: int) -> Image.Image:
    size = (bitmap.width_bytes * 8, bitmap.height)
    drawn = Image.frombytes("1", size, b"".join(bitmap.rows)).convert("L").point(lambda dot: 255 - dot)
    paper = Image.new("L", (size[0] + 2 * quiet_dots, size[1] + 2 * quiet_dots), 255)
    paper.paste(drawn, (quiet_dots, quiet_dots))
    return paper


@pytest.mark.parametrize("version", [*range(1, 28), 40])
def test_every_version_is_the_librarys_full_and_nearly_full(version: int) -> None:
    chance = random.Random(version)
    full = BYTES_AT_LEVEL_M[version - 1]
    least = BYTES_AT_LEVEL_M[version - 2] + 1 if version > 1 else 1
    for length in {full, full - 1, least}:
        payload = chance.randbytes(length)
        code = QRCode(version=version, error_correction=ERROR_CORRECT_M, border=0, mask_pattern=_MASK_PATTERN)
        code.add_data(QRData(payload, mode=MODE_8BIT_BYTE))
        code.make(fit=False)
        modules = [[bool(module) for module in row] for row in code.get_matrix()]
        assert version_for(payload) == version
        assert qr_picture(payload, 2) == bitmap_of(modules, scale=2)


@pytest.mark.parametrize(
    "text", ["a", "https://shop.example/c/1", "Привет, Анна", "tsc1:" + "A2B3C4D5" * 18 + "AB", "x" * QR_BYTES_MAX]
)
@pytest.mark.parametrize("scale", [1, 2, 3, 5])
def test_a_scanner_nobody_here_wrote_reads_it(text: str, scale: int) -> None:
    picture = picture_of(qr_picture(text.encode(), scale), QUIET_MODULES * scale)
    (code,) = zxingcpp.read_barcodes(picture.resize((picture.width * 2, picture.height * 2), Image.Resampling.NEAREST))
    assert code.text == text


@pytest.mark.parametrize("dots", [384, 512, 576, 832])
def test_code_and_quiet_zone_fit_the_paper_as_large_as_is_well_scanned(dots: int) -> None:
    for length in (20, 151, 400, QR_BYTES_MAX):
        payload = bytes(length)
        size = module_dots(payload, dots=dots)
        assert size * (modules_for(payload) + 2 * QUIET_MODULES) <= dots or size == 2
        assert size <= MODULE_DOTS_MAX
    assert module_dots(bytes(151), dots=384) == 6


def test_a_payload_beyond_all_versions_is_our_mistake_and_says_so() -> None:
    with pytest.raises(DefectError, match="too many"):
        version_for(bytes(2332))


def test_preparing_changes_nothing_that_is_printed() -> None:
    before = qr_picture(b"before", 3)
    prepare(6)
    qr_picture.cache_clear()
    assert qr_picture(b"before", 3) == before
