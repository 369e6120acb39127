"""What a slip is made of: typed blocks, so that nothing but these operations can ever reach a printer from us."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Align(StrEnum):
    """Where a line stands on the paper."""

    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"


class Size(StrEnum):
    """How large letters are; DOUBLE is twice as wide and as high, and falls back to TALL where a word will not fit."""

    NORMAL = "normal"
    TALL = "tall"
    DOUBLE = "double"


class BarcodeKind(StrEnum):
    """One-dimensional codes that a till's scanner reads."""

    EAN13 = "ean13"
    CODE128 = "code128"
    GS1_128 = "gs1_128"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A paragraph, wrapped between words; line ends in it are kept."""

    text: str
    align: Align = Align.LEFT
    size: Size = Size.NORMAL
    bold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Words at the left edge and words at the right edge; `right` goes below when both do not fit on one line."""

    left: str
    right: str
    bold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A line across the paper."""

    character: str = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Qr:
    """A QR code, error correction M, centred, as large as is well scanned and fits."""

    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Barcode:
    """A one-dimensional code with its characters below it, centred; 13 digits for EAN13."""

    kind: BarcodeKind
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Empty lines."""

    lines: int = 1


Block = Text | Columns | Rule | Qr | Barcode | Feed


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """What we print: blocks from top to bottom, in one language (ISO 639)."""

    blocks: tuple[Block, ...]
    language: str = "en"
