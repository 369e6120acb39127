"""The ESC/POS command table: what each command is called, what it is, and how long it is when that is fixed.

Contract: plain data that costs next to nothing to import (the tap imports it), no behaviour. Commands whose length
hangs on their own bytes are in `lengths`; the names of their sub-functions in `subfunctions`.

Lengths and names of Epson's commands are facts read from EscPosUtils by kunif (Zlib licence), whose names we keep
so that its published token vectors can be held against ours; rows named `Vendor` come from public manuals of
SPRT, Rongta and GOOJPRT printers and from real jobs.
"""

from __future__ import annotations

from enum import IntEnum

ESC = 0x1B
FS = 0x1C
GS = 0x1D
US = 0x1F
DLE = 0x10


class TokenKind(IntEnum):
    """What a token is, for a reader that need not know every command."""

    TEXT = 0  # a run of bytes that print
    CONTROL = 1  # a single control byte with a meaning (LF, HT, CR, FF, CAN), or a run of those without
    COMMAND = 2  # a command that prints nothing by itself
    REALTIME = 3  # executed by the printer on reception: DLE EOT, DLE ENQ, DLE DC4
    CUT = 4  # the paper is cut here
    RASTER = 5  # an image, its definition, or the printing of a stored one
    CODE = 6  # a barcode or two-dimensional code: its data and its settings
    UNKNOWN = 7  # no command we know: whoever changes the stream must stand back
    INCOMPLETE = 8  # the stream ended inside a command


# prefix, argument bytes after it, kind, name
FIXED = """
1b0c 0 command EscPageModeFormFeed
1b20 1 command EscRightSideSpacing
1b21 1 command EscSelectPrintMode
1b24 2 command EscAbsoluteHorizontalPrintPosition
1b25 1 command EscSelectUserDefinedCharacterSet
1b2d 1 command EscUnderlineMode
1b32 0 command EscSelectDefaultLineSpacing
1b33 1 command EscLineSpacing
1b3c 0 command EscReturnHome
1b3d 1 command EscSelectPeripheralDevice
1b3f 1 command EscCancelUserDefinedCharacters
1b40 0 command EscInitialize
1b42 2 command EscVendorBuzzer
1b43 1 command EscSetCutSheetEjectLength
1b45 1 command EscTurnEmphasizedMode
1b46 1 command EscSetCancelCutSheetReverseEject
1b47 1 command EscTurnDoubleStrikeMode
1b4a 1 command EscPrintAndFeedPaper
1b4b 1 command EscPrintAndReverseFeed
1b4c 0 command EscSelectPageMode
1b4d 1 command EscSelectCharacterFont
1b52 1 command EscSelectInternationalCharacterSet
1b53 0 command EscSelectStandardMode
1b54 1 command EscSelectPrintDirection
1b55 1 command EscTurnUnidirectionalPrintMode
1b56 1 command EscTurn90digreeClockwiseRotationMode
1b57 8 command EscSetPrintAreaInPageMode
1b5c 2 command EscSetRelativeHorizontalPrintPosition
1b61 1 command EscSelectJustification
1b64 1 command EscPrintAndFeedNLines
1b65 1 command EscPrintAndReverseFeedNLines
1b66 2 command EscCutSheetWaitTime
1b69 0 cut     EscObsoletePartialCut1Point
1b6d 0 cut     EscObsoletePartialCut3Point
1b70 3 command EscGeneratePulse
1b71 0 command EscReleasePaper
1b72 1 command EscSelectPrinterColor
1b74 1 command EscSelectCharacterCodeTable
1b75 1 command EscObsoleteTransmitPeripheralDeviceStatus
1b76 0 command EscObsoleteTransmitPaperSensorStatus
1b7b 1 command EscTurnUpsideDownPrintMode
1c21 1 command FsSelectPrintModeKanji
1c26 0 command FsSelectKanjiCharacterMode
1c2d 1 command FsTurnKanjiUnderlineMode
1c2e 0 command FsCancelKanjiCharacterMode
1c3f 2 command FsCancelUserDefinedKanjiCharacters
1c43 1 command FsSelectKanjiCharacterCodeSystem
1c4c 0 command FsSelectDoubleDensityPageMode
1c53 2 command FsSetKanjiCharacerSpacing
1c57 1 command FsTurnQuadrupleSizeMode
1c62 0 command FsObsoleteRequestTransmissionOfCheckPaperReadingResult
1c63 0 command FsCleanMICRMechanism
1c70 2 raster  FsObsoletePrintNVBitimage
1d21 1 command GsSelectCharacterSize
1d24 2 command GsSetAbsoluteVerticalPrintPositionInPageMode
1d2f 1 raster  GsObsoletePrintDownloadedBitimage
1d3a 0 command GsStartEndMacroDefinition
1d42 1 command GsTurnWhiteBlackReversePrintMode
1d45 1 command GsObsoleteSelectHeadControlMethod
1d48 1 command GsSelectPrintPositionHRICharacters
1d49 1 command GsTransmitPrinterID
1d4c 2 command GsSetLeftMargin
1d50 2 command GsSetHorizontalVerticalMotionUnits
1d53 0 command GsVendorS
1d54 1 command GsSetPrintPositionBeginningOfPrintLine
1d55 3 command GsVendorU
1d57 2 command GsSetPrintAreaWidth
1d5a 1 code    GsVendorSelect2DCodeType
1d5c 2 command GsSetRelativeVerticalPrintPosition
1d5e 3 command GsExecuteMacro
1d61 1 command GsEnableDisableAutomaticStatusBack
1d62 1 command GsTurnSmoothingMode
1d63 0 command GsObsoletePrintCounter
1d66 1 command GsSelectFontHRICharacters
1d68 1 command GsSetBarcodeHight
1d6a 1 command GsEnableDisableAutomaticStatusBackInk
1d72 1 command GsTransmitStatus
1d77 1 command GsSetBarcodeWidth
1d7a 3 command GsSetOnlineRecoveryWaitTime
1d7c 1 command GsVendorPrintDensity
"""

# Line displays (customer pole displays) speak the same grammar with other meanings; `VfdCd` are those of the CD5220
# family, which most makes can imitate.
DISPLAY_FIXED = """
1b11 0 command VfdCdOverwriteMode
1b12 0 command VfdCdVerticalScrollMode
1b13 0 command VfdCdHorizontalScrollMode
1b25 1 command VfdEscSelectCancelUserDefinedCharacterSet
1b2a 1 command VfdCdBrightnessAdjustment
1b3d 1 command VfdEscSelectPeripheralDevice
1b3f 1 command VfdEscCancelUserDefinedCharacters
1b40 0 command VfdEscInitialize
1b51 1 command VfdCdDisplayLine
1b52 1 command VfdEscSelectInternationalCharacterSet
1b5b 1 command VfdCdMoveCursor
1b5f 1 command VfdCdTurnCursorOnOff
1b63 1 command VfdCdSelectAsciiOrJis
1b64 1 command VfdCdLoadUserDefinedCharacters
1b66 1 command VfdCdSelectInternationalCharacterSet
1b6c 2 command VfdCdMoveCursorSpecifiedPosition
1b73 1 command VfdCdStoreUserDefinedCharacters
1b74 1 command VfdEscSelectCharacterCodeTable
1b75 1 command VfdCdDisplayUpperLine
1f01 0 command VfdUsOverwriteMode
1f02 0 command VfdUsVerticalScrollMode
1f03 0 command VfdUsHorizontalScrollMode
1f0a 0 command VfdUsMoveCursorUp
1f0d 0 command VfdUsMoveCursorRightMost
1f23 2 command VfdUsTurnAnnounciatorOnOff
1f24 2 command VfdUsMoveCursorSpecifiedPosition
1f2c 1 command VfdUsDisplayCharWithComma
1f2e 1 command VfdUsDisplayCharWithPeriod
1f3a 0 command VfdUsStartEndMacroDefinition
1f3b 1 command VfdUsDisplayCharWithSemicolon
1f40 0 command VfdUsExecuteSelfTest
1f42 0 command VfdUsMoveCursorBottom
1f43 1 command VfdUsTurnCursorDisplayModeOnOff
1f45 1 command VfdUsSetDisplayBlinkInterval
1f54 2 command VfdUsSetAndDisplayCountTime
1f55 0 command VfdUsDisplayCounterTime
1f58 1 command VfdUsBrightnessAdjustment
1f5e 2 command VfdUsExecuteMacro
1f72 1 command VfdUsTurnReverseMode
1f76 1 command VfdUsStatusConfirmationByDTRSignal
"""

SINGLE: dict[int, str] = {
    0x09: "HorizontalTab",
    0x0A: "PrintAndLineFeed",
    0x0C: "FormFeedPrintAndReturnToStandardMode",
    0x0D: "PrintAndCarriageReturn",
    0x18: "Cancel",
}

DISPLAY_SINGLE: dict[int, str] = {
    0x08: "VfdMoveCursorLeft",
    0x09: "VfdMoveCursorRight",
    0x0A: "VfdMoveCursorDown",
    0x0B: "VfdMoveCursorToHomePosition",
    0x0C: "VfdClearScreen",
    0x0D: "VfdMoveCursorToLeftMost",
    0x18: "VfdClearCursorLine",
}

# The third byte of GS V chooses the cut; functions B, C and D take one more byte, the feed.
CUTS: dict[int, str] = {
    0: "GsPaperFullCut",
    1: "GsPaperPartialCut",
    48: "GsPaperFullCut",
    49: "GsPaperPartialCut",
    65: "GsPaperFeedAndFullCut",
    66: "GsPaperFeedAndPartialCut",
    97: "GsPaperReservedFeedAndFullCut",
    98: "GsPaperReservedFeedAndPartialCut",
    103: "GsPaperFeedAndFullCutAndTopOfForm",
    104: "GsPaperFeedAndPartialCutAndTopOfForm",
}
CUTS_WITH_FEED = frozenset({65, 66, 97, 98, 103, 104})
# GS k with a selector up to here has its data ended by NUL (Epson: 0-6; clones add a few), above it by a length byte.
BARCODE_ASCIIZ_MAX = 0x20

CUT_WITHOUT_ARGUMENT = "GsPaperCutWithoutArgument"

TEXT_NAME = "Text"
CONTROLS_NAME = "Controls"
CONTINUED_NAME = "PayloadContinued"
INCOMPLETE_NAME = "Incomplete"
UNKNOWN_NAMES: dict[int, str] = {
    ESC: "EscUnknown",
    FS: "FsUnknown",
    GS: "GsUnknown",
    DLE: "DleUnknown",
    US: "UsUnknown",
}


def fixed_commands(table: str) -> dict[bytes, tuple[int, TokenKind, str]]:
    """Return prefix -> (argument bytes, kind, name) of one of the tables above."""
    rows = (line.split() for line in table.split("\n") if line)
    return {bytes.fromhex(code): (int(args), TokenKind[kind.upper()], name) for code, args, kind, name in rows}
