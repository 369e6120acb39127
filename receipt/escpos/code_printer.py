"""Barcodes and two-dimensional codes of ESC/POS, with their settings, put on the typesetter."""

# ruff: noqa: PLR2004 - the numbers of a byte protocol are named by the command beside them

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from receipt.escpos.codes import TWO_DIMENSIONAL, VENDOR_TYPES, barcode, payload_text
from receipt.escpos.lengths import WHOLE_BYTES_MAX
from receipt.layout import Typesetter
from receipt.paper import Symbology


class CodePrinter:
    """Keeps what GS h, GS w and GS ( k set, and prints codes. Never raises."""

    def __init__(self, typesetter: Typesetter) -> None:
        self._typesetter = typesetter
        self._vendor_type = Symbology.QR
        self.reset()

    def reset(self) -> None:
        """Go back to a printer's own settings."""
        self._height = 162
        self._width = 3
        self._readable = False
        self._module: dict[int, int] = {}
        self._stored: dict[int, bytes] = {}

    def set_height(self, data: bytes, _offset: int) -> None:
        """GS h n: dots of a barcode's height."""
        self._height = data[2] or 162

    def set_width(self, data: bytes, _offset: int) -> None:
        """GS w n: dots of a barcode's module."""
        self._width = data[2] if 1 <= data[2] <= 6 else 3

    def set_readable(self, data: bytes, _offset: int) -> None:
        """GS H n: where a barcode's characters are printed; 0 nowhere."""
        self._readable = data[2] & 3 != 0

    def barcode(self, data: bytes, offset: int) -> None:
        """GS k: print a barcode."""
        printed = barcode(data)
        if printed is not None:
            self._typesetter.code(
                *printed, offset, module_dots=self._width, height_dots=self._height, readable=self._readable
            )

    def function(self, data: bytes, offset: int) -> None:
        """GS ( k pL pH cn fn ...: 67 the module's size, 80 store the data, 81 print the symbol."""
        if not 8 <= len(data) <= WHOLE_BYTES_MAX:  # more than any code can hold
            return
        kind, function = data[5], data[6]
        if function == 67:
            self._module[kind] = data[7]
        elif function == 80:
            self._stored[kind] = data[8:]
        elif function == 81 and kind in TWO_DIMENSIONAL and self._stored.get(kind):
            text = payload_text(self._stored[kind])
            self._typesetter.code(TWO_DIMENSIONAL[kind], text, offset, module_dots=self._module.get(kind, 3))

    def select_vendor_type(self, data: bytes, _offset: int) -> None:
        """GS Z n: what ESC Z prints."""
        self._vendor_type = VENDOR_TYPES.get(data[2], Symbology.QR)

    def vendor_code(self, data: bytes, offset: int) -> None:
        """ESC Z v r k nL nH data: version, correction, module size."""
        if 7 < len(data) <= WHOLE_BYTES_MAX:
            self._typesetter.code(self._vendor_type, payload_text(data[7:]), offset, module_dots=data[4] or 3)


_FUNCTIONS: Final = {
    "PDF417": ("SetWidthOfModule", "StoreData", "PrintSymbolData"),
    "QRCode": ("SetSizeOfModule", "StoreData", "PrintSymbolData"),
    "MaxiCode": ("StoreData", "PrintSymbolData"),
    "D2GS1DB": ("SetWidthOfModule", "StoreData", "PrintSymbolData"),
    "Composite": ("SetWidthOfModule", "StoreData", "PrintSymbolData"),
    "AztecCode": ("SetSizeOfModule", "StoreData", "PrintSymbolData"),
    "DataMatrix": ("SetSizeOfModule", "StoreData", "PrintSymbolData"),
}
CODE_ACTIONS: Final[dict[str, Callable[[CodePrinter, bytes, int], None]]] = {
    **{f"Gs{kind}{each}": CodePrinter.function for kind, functions in _FUNCTIONS.items() for each in functions},
    "GsSetBarcodeHight": CodePrinter.set_height,
    "GsSetBarcodeWidth": CodePrinter.set_width,
    "GsSelectPrintPositionHRICharacters": CodePrinter.set_readable,
    "GsPrintBarcodeAsciiz": CodePrinter.barcode,
    "GsPrintBarcodeSpecifiedLength": CodePrinter.barcode,
    "GsVendorSelect2DCodeType": CodePrinter.select_vendor_type,
    "EscVendor2DCode": CodePrinter.vendor_code,
}
