"""Two-dimensional codes and stacked bars as modules, drawn by zxing-cpp where the extra `ocr` is installed.

Contract: `matrix(symbology, data)` returns rows of `1` (black) and `0`, quiet zones left out, each module as high as
it is wide; None where this symbology cannot be drawn here. QR codes are drawn without it (`scene`).
"""

from __future__ import annotations

from typing import Any, Final

from receipt.paper import Symbology

_ZXING_NAMES: Final = {
    Symbology.AZTEC: "Aztec",
    Symbology.DATABAR: "DataBar",
    Symbology.DATAMATRIX: "DataMatrix",
    Symbology.MAXICODE: "MaxiCode",
    Symbology.PDF417: "PDF417",
}
_OPTIONS: Final[dict[Symbology, dict[str, bool]]] = {Symbology.DATAMATRIX: {"force_square": True}}  # as printers do
DATA_MAX: Final = 3_200  # characters: more than any of these holds, and a library should not be asked


def matrix(symbology: Symbology, data: str) -> tuple[str, ...] | None:
    """Return the modules of a code, or None."""
    name = _ZXING_NAMES.get(symbology)
    if name is None or len(data) > DATA_MAX:
        return None
    try:
        import zxingcpp  # noqa: PLC0415 - the optional extra `ocr`
    except ImportError:
        return None
    try:
        content, options = _written(symbology, data), _OPTIONS.get(symbology, {})
        barcode = zxingcpp.create_barcode(content, getattr(zxingcpp, name), **options)
        image: Any = zxingcpp.write_barcode_to_image(barcode, scale=1, add_quiet_zones=False)
    except (AttributeError, RuntimeError, ValueError, TypeError):  # data that does not fit, or an older zxing-cpp
        return None
    height, width = image.shape[:2]
    dots = bytes(image)
    rows = (dots[at * width : (at + 1) * width] for at in range(height))
    return tuple("".join("0" if dot else "1" for dot in row) for row in rows)


def _written(symbology: Symbology, data: str) -> str:
    """Return the data as zxing-cpp takes it: the number of a DataBar has its check digit and 14 digits."""
    if symbology is not Symbology.DATABAR:
        return data
    digits = data.removeprefix("(01)").removeprefix("01") if len(data) > 14 else data  # noqa: PLR2004 - a GTIN's digits
    if len(digits) == 13:  # noqa: PLR2004 - sent without its check digit
        total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(digits) if digit.isdigit())
        digits += str(-total % 10)
    return digits
