"""Papers that hold pictures, read by sight: text by an OCR program, codes by zxing where the extra `ocr` has it.

Contract: `read_by_sight(paper, reads)` returns the paper with the lines that stand on its pictures in their places;
a paper without pictures comes back as it is. What was read is a guess: whoever takes a transaction from it lets the
receipt's own arithmetic decide, as with any other text. The paper's card numbers are masked before they are returned.
"""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Final, Protocol

from pos_adapters.reading.masking import mask_text
from receipt.paper import Paper, PaperLine, PrintedCode, PrintedImage, Symbology

if TYPE_CHECKING:
    from PIL import Image

TALL_DOTS_MIN: Final = 16  # lower pictures are rules and dots, no text
_SCALE: Final = 2  # printers have 203 dots an inch, Tesseract was taught on 300 and more
_MARGIN_DOTS: Final = 20  # letters that touch the edge are not seen
_SYMBOLOGIES: Final = {
    "QRCode": Symbology.QR,
    "EAN13": Symbology.EAN13,
    "EAN8": Symbology.EAN8,
    "UPCA": Symbology.UPCA,
    "Code128": Symbology.CODE128,
    "Code39": Symbology.CODE39,
    "ITF": Symbology.ITF,
    "PDF417": Symbology.PDF417,
    "DataMatrix": Symbology.DATAMATRIX,
    "Aztec": Symbology.AZTEC,
}


class ReadsPictures(Protocol):
    """Reads the lines on a picture."""

    def lines(self, png: bytes) -> list[str]:
        """Return what stands on a PNG picture, line by line. Raises OnSiteError when it cannot be read now."""
        ...


def read_by_sight(paper: Paper, reads: ReadsPictures) -> Paper:
    """Return the paper with the text and the codes of its pictures among its lines."""
    if not paper.pictures:
        return paper
    lines: list[PaperLine] = []
    codes = list(paper.codes)
    pictures = sorted(paper.pictures, key=lambda image: image.line)
    for index in range(len(paper.lines) + 1):
        while pictures and (pictures[0].line <= index or index == len(paper.lines)):
            image = pictures.pop(0)
            seen, found = _seen(image, reads)
            codes += [replace(code, line=len(lines)) for code in found]
            masked = mask_text("\n".join(seen)).split("\n") if seen else []  # a number may go on over two lines
            lines += [PaperLine(text, (), image.offset) for text in masked]
        if index < len(paper.lines):
            lines.append(paper.lines[index])
    return replace(paper, lines=tuple(lines), codes=tuple(codes))


def _seen(image: PrintedImage, reads: ReadsPictures) -> tuple[list[str], list[PrintedCode]]:
    if image.height_dots < TALL_DOTS_MIN or not image.width_dots:
        return [], []
    png, codes = _enlarged(image)
    return [line for line in reads.lines(png) if line.strip()], codes


def _enlarged(image: PrintedImage) -> tuple[bytes, list[PrintedCode]]:
    """Return a picture as a PNG for Tesseract, and the codes that are seen on it."""
    from PIL import Image, ImageOps  # noqa: PLC0415 - only who reads pictures loads it

    row_bytes = (image.width_dots + 7) // 8
    rows = image.rows.ljust(row_bytes * image.height_dots, b"\0")[: row_bytes * image.height_dots]
    picture = ImageOps.invert(Image.frombytes("1", (image.width_dots, image.height_dots), rows).convert("L"))
    picture = ImageOps.expand(picture, border=_MARGIN_DOTS, fill=255)
    codes = _codes(picture, image.offset)
    large = picture.resize((picture.width * _SCALE, picture.height * _SCALE), Image.Resampling.LANCZOS)
    out = BytesIO()
    large.save(out, "PNG", dpi=(203 * _SCALE, 203 * _SCALE))
    return out.getvalue(), codes


def _codes(picture: Image.Image, offset: int) -> list[PrintedCode]:
    """Return the codes on a picture, and paint them over: letters are looked for in what is left."""
    from PIL import ImageDraw  # noqa: PLC0415 - see above

    try:
        import zxingcpp  # noqa: PLC0415 - the optional extra `ocr`
    except ImportError:
        return []
    found = []
    for barcode in zxingcpp.read_barcodes(picture):
        symbology = _SYMBOLOGIES.get(barcode.format.name)
        if symbology is not None:
            found.append(PrintedCode(symbology=symbology, data=mask_text(barcode.text), line=0, offset=offset))
            place = barcode.position
            corners = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
            ImageDraw.Draw(picture).polygon(
                [(corner.x, corner.y) for corner in corners], fill=255, outline=255, width=9
            )
    return found
