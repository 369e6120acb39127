"""The names of commands that carry their function inside: `ESC (`, `FS (`, `GS (`, `GS 8 L`, `US (` and small families.

Contract: `describe(data)` names any command of variable length and never fails; data only, standard library
only. Facts from EscPosUtils by kunif (Zlib licence) and Epson's public command reference.
"""

from __future__ import annotations

from functools import cache, lru_cache

from receipt.escpos.commands import (
    BARCODE_ASCIIZ_MAX,
    CUT_WITHOUT_ARGUMENT,
    CUTS,
    CUTS_WITH_FEED,
    GS,
    UNKNOWN_NAMES,
    TokenKind,
)

HEAD_BYTES = 9  # GS 8 L has its function in the ninth
_HEADS_KEPT = 256  # a job uses a few dozen

# prefix, where the function's number stands, the number (one or two bytes, `-` for any), name
FUNCTIONS = """
1b2841 5 30   EscBeeperBuzzer
1b2841 5 61   EscBeeperBuzzerM1a
1b2841 5 62   EscBeeperBuzzerOffline
1b2841 5 63   EscBeeperBuzzerError
1b2859 5 -    EscSpecifyBatchPrint
1c2841 5 30   FsSelectKanjiCharacterFont
1c2843 5 30   FsSelectCharacterEncodeSystem
1c2843 5 3c   FsSetFontPriority
1c2845 5 3c   FsCancelSetValuesTopBottomLogo
1c2845 5 3d   FsTransmitSetValuesTopBottomLogo
1c2845 5 3e   FsSetTopLogoPrinting
1c2845 5 3f   FsSetBottomLogoPrinting
1c2845 5 40   FsMakeExtendSettingsTopBottomLogoPrinting
1c2845 5 41   FsEnableDisableTopBottomLogoPrinting
1c284c 5 21   FsPaperLayoutSetting
1c284c 5 22   FsPaperLayoutInformationTransmission
1c284c 5 30   FsTransmitPositioningInformation
1c284c 5 41   FsFeedPaperLabelPeelingPosition
1c284c 5 42   FsFeedPaperCuttingPosition
1c284c 5 43   FsFeedPaperPrintStartingPosition
1c284c 5 50   FsPaperLayoutErrorSpecialMarginSetting
1c2865 5 -    FsEnableDisableAutomaticStatusBackOptional
1c2866 5 -    FsSelectMICRDataHandling
1c2867 5 20   FsSelectImageScannerCommandSettings
1c2867 5 28   FsSetBasicOperationOfImageScanner
1c2867 5 29   FsSetScanningArea
1c2867 5 32   FsSelectCompressionMethodForImageData
1c2867 5 38   FsDeleteCroppingArea
1c2867 5 39   FsSetCroppingArea
1c2867 5 3c   FsSelectTransmissionFormatForImageScanningResult
1c2867 5 50   FsTransmitSettingValueForBasicOperationsOfImageScanner
1c2867 5 51   FsTransmitSettingValueOfScanningArea
1c2867 5 5a   FsTransmitSettingValueOfCompressionMethdForImageData
1c2867 5 61   FsTransmitSettingValueOfCroppingArea
1c2867 5 64   FsTransmitSettingValueOfTransmissionFormatForImageScanningResult
1d2841 5 -    GsExecuteTestPrint
1d2842 5 -    GsCustomizeASB
1d2843 6 00   GsDeleteSpecifiedRecord
1d2843 6 01   GsStoreDataSpecifiedRecord
1d2843 6 02   GsTransmitDataSpecifiedRecord
1d2843 6 03   GsTransmitCapacityNVUserMemory
1d2843 6 04   GsTransmitRemainingCapacityNVUserMemory
1d2843 6 05   GsTransmitKeycodeList
1d2843 6 06   GsDeleteAllDataNVMemory
1d2843 6 30   GsDeleteSpecifiedRecord
1d2843 6 31   GsStoreDataSpecifiedRecord
1d2843 6 32   GsTransmitDataSpecifiedRecord
1d2843 6 33   GsTransmitCapacityNVUserMemory
1d2843 6 34   GsTransmitRemainingCapacityNVUserMemory
1d2843 6 35   GsTransmitKeycodeList
1d2843 6 36   GsDeleteAllDataNVMemory
1d2844 5 -    GsEnableDisableRealtimeCommand
1d2845 5 01   GsChangeIntoUserSettingMode
1d2845 5 02   GsEndUserSettingMode
1d2845 5 03   GsChangeMeomorySwitch
1d2845 5 04   GsTransmitSettingsMemorySwitch
1d2845 5 05   GsSetCustomizeSettingValues
1d2845 5 06   GsTransmitCustomizeSettingValues
1d2845 5 07   GsCopyUserDefinedPage
1d2845 5 08   GsDefineColumnFormatCharacterCodePage
1d2845 5 09   GsDefineRasterFormatCharacterCodePage
1d2845 5 0a   GsDeleteCharacterCodePage
1d2845 5 0b   GsSetSerialInterface
1d2845 5 0c   GsTransmitSerialInterface
1d2845 5 0d   GsSetBluetoothInterface
1d2845 5 0e   GsTransmitBluetoothInterface
1d2845 5 0f   GsSetUSBInterface
1d2845 5 10   GsTransmitUSBInterface
1d2845 5 30   GsDeletePaperLayout
1d2845 5 31   GsSetPaperLayout
1d2845 5 32   GsTransmitPaperLayout
1d2845 5 33   GsSetControlLabelPaperAndBlackMarks
1d2845 5 34   GsTransmitControlSettingsLabelPaperAndBlackMarks
1d2845 5 63   GsSetInternalBuzzerPatterns
1d2845 5 64   GsTransmitInternalBuzzerPatterns
1d2847 5 20   GsTransmitStatusOfCutSheet
1d2847 5 30   GsSelectSideOfSlipFaceOrBack
1d2847 5 3c   GsReadMagneticInkCharacterAndTransmitReadingResult
1d2847 5 3d   GsRetransmitMagneticInkCharacterReadingResult
1d2847 5 40   GsReadDataAndTransmitResultingInformation
1d2847 5 41   GsScanImageDataAndTransmitImageScanningResult
1d2847 5 42   GsRetransmitImageScanningResult
1d2847 5 43   GsExecutePreScan
1d2847 5 44   GsDeleteImageScanningResultWithSpecifiedDataID
1d2847 5 45   GsDeleteAllImageScanningResult
1d2847 5 46   GsTransmitDataIDListOfImageScanningResult
1d2847 5 47   GsTransmitRemainingCapacityOfNVMemoryForImageDataStorage
1d2847 5 50   GsSelectActiveSheet
1d2847 5 51   GsStartPreProcessForCutSheetInsertion
1d2847 5 52   GsEndPreProcessForCutSheetInsertion
1d2847 5 53   GsExecuteWaitingProcessForCutSheetInsertion
1d2847 5 54   GsFeedToPrintStartingPositionForSlip
1d2847 5 55   GsFinishProcessingOfCutSheet
1d2848 5 30   GsSpecifiesProcessIDResponse
1d2848 5 31   GsSpecifiesOfflineResponse
1d284a 5 -    GsPaperSettings
1d284b 5 30   GsSelectPrintControlMode
1d284b 5 31   GsSelectPrintDensity
1d284b 5 32   GsSelectPrintSpeed
1d284b 5 61   GsSelectNumberOfPartsThermalHeadEnergizing
1d284c 6 00   GsTransmitNVGraphicsMemoryCapacity
1d284c 6 01   GsSetReferenceDotDensityGraphics
1d284c 6 02   GsPrintGraphicsDataInPrintBuffer
1d284c 6 03   GsTransmitRemainingCapacityNVGraphicsMemory
1d284c 6 04   GsTransmitRemainingCapacityDownloadGraphicsMemory
1d284c 6 30   GsTransmitNVGraphicsMemoryCapacity
1d284c 6 31   GsSetReferenceDotDensityGraphics
1d284c 6 32   GsPrintGraphicsDataInPrintBuffer
1d284c 6 33   GsTransmitRemainingCapacityNVGraphicsMemory
1d284c 6 34   GsTransmitRemainingCapacityDownloadGraphicsMemory
1d284c 6 40   GsTransmitKeycodeListDefinedNVGraphics
1d284c 6 41   GsDeleteAllNVGraphicsData
1d284c 6 42   GsDeleteSpecifiedNVGraphicsData
1d284c 6 43   GsDefineNVGraphicsDataRasterW
1d284c 6 44   GsDefineNVGraphicsDataColumnW
1d284c 6 45   GsPrintSpecifiedNVGraphicsData
1d284c 6 50   GsTransmitKeycodeListDefinedDownloadGraphics
1d284c 6 51   GsDeleteAllDownloadGraphicsData
1d284c 6 52   GsDeleteSpecifiedDownloadGraphicsData
1d284c 6 53   GsDefineDownloadGraphicsDataRasterW
1d284c 6 54   GsDefineDownloadGraphicsDataColumnW
1d284c 6 55   GsPrintSpecifiedDownloadGraphicsData
1d284c 6 70   GsStoreGraphicsDataToPrintBufferRasterW
1d284c 6 71   GsStoreGraphicsDataToPrintBufferColumnW
1d284d 5 01   GsSaveSettingsValuesFromWorkToStorage
1d284d 5 02   GsLoadSettingsValuesFromStorageToWork
1d284d 5 03   GsSelectSettingsValuesToWorkAfterInitialize
1d284d 5 31   GsSaveSettingsValuesFromWorkToStorage
1d284d 5 32   GsLoadSettingsValuesFromStorageToWork
1d284d 5 33   GsSelectSettingsValuesToWorkAfterInitialize
1d284e 5 30   GsSetCharacterColor
1d284e 5 31   GsSetBackgroundColor
1d284e 5 32   GsTurnShadingMode
1d2850 5 30   GsSetPrintableAreaInPageMode
1d2851 5 30   GsDrawLineInPageMode
1d2851 5 31   GsDrawRectangleInPageMode
1d2851 5 32   GsDrawHorizontalLineInStandardMode
1d2851 5 33   GsDrawVerticalLineInStandardMode
1d286b 5 3041 GsPDF417SetNumberOfColumns
1d286b 5 3042 GsPDF417SetNumberOfRows
1d286b 5 3043 GsPDF417SetWidthOfModule
1d286b 5 3044 GsPDF417SetRowHeight
1d286b 5 3045 GsPDF417SetErrorCollectionLevel
1d286b 5 3046 GsPDF417SelectOptions
1d286b 5 3050 GsPDF417StoreData
1d286b 5 3051 GsPDF417PrintSymbolData
1d286b 5 3052 GsPDF417TransmitSizeInformation
1d286b 5 3141 GsQRCodeSelectModel
1d286b 5 3143 GsQRCodeSetSizeOfModule
1d286b 5 3145 GsQRCodeSetErrorCollectionLevel
1d286b 5 3150 GsQRCodeStoreData
1d286b 5 3151 GsQRCodePrintSymbolData
1d286b 5 3152 GsQRCodeTransmitSizeInformation
1d286b 5 3241 GsMaxiCodeSelectMode
1d286b 5 3250 GsMaxiCodeStoreData
1d286b 5 3251 GsMaxiCodePrintSymbolData
1d286b 5 3252 GsMaxiCodeTransmitSizeInformation
1d286b 5 3343 GsD2GS1DBSetWidthOfModule
1d286b 5 3347 GsD2GS1DBSetExpandStackedMaximumWidth
1d286b 5 3350 GsD2GS1DBStoreData
1d286b 5 3351 GsD2GS1DBPrintSymbolData
1d286b 5 3352 GsD2GS1DBTransmitSizeInformation
1d286b 5 3443 GsCompositeSetWidthOfModule
1d286b 5 3447 GsCompositeSetExpandStackedMaximumWidth
1d286b 5 3448 GsCompositeSelectHRICharacterFont
1d286b 5 3450 GsCompositeStoreData
1d286b 5 3451 GsCompositePrintSymbolData
1d286b 5 3452 GsCompositeTransmitSizeInformation
1d286b 5 3542 GsAztecCodeSetModeTypesAndDataLayer
1d286b 5 3543 GsAztecCodeSetSizeOfModule
1d286b 5 3545 GsAztecCodeSetErrorCollectionLevel
1d286b 5 3550 GsAztecCodeStoreData
1d286b 5 3551 GsAztecCodePrintSymbolData
1d286b 5 3552 GsAztecCodeTransmitSizeInformation
1d286b 5 3642 GsDataMatrixSetSymbolTypeColumnsRows
1d286b 5 3643 GsDataMatrixSetSizeOfModule
1d286b 5 3650 GsDataMatrixStoreData
1d286b 5 3651 GsDataMatrixPrintSymbolData
1d286b 5 3652 GsDataMatrixTransmitSizeInformation
1d287a 5 2a   GsSetReadOperationsOfCheckPaper
1d287a 5 30   GsSetsCounterForReverseSidePrint
1d287a 5 3e30 GsStartSavingReverseSidePrintData
1d287a 5 3e31 GsFinishSavingReverseSidePrintData
1d287a 5 3f   GsReadCheckDataContinuouslyAndTransmitDataRead
1f2841 5 30   VfdUsSelectDisplays
1f2845 5 01   VfdUsChangeIntoUserSettingMode
1f2845 5 02   VfdUsEndUserSettingMode
1f2845 5 03   VfdUsSetMemorySwitchValues
1f2845 5 04   VfdUsSendingDisplayingMemorySwitchValues
1f2847 5 60   VfdUsKanjiCharacterModeOnOff
1f2847 5 61   VfdUsSelectKanjiCharacterCodeSystem
"""

# prefix, where the selecting byte stands, that byte (`-` for any), name
SMALL_FAMILIES = """
1004 2 - DleTransmitRealtimeStatus
1005 2 - DleSendRealtimeRequest
1014 2 01 DleGeneratePulseRealtime
1014 2 02 DleExecPowerOff
1014 2 03 DleSoundBuzzRealtime
1014 2 07 DleTransmitSpcifiedStatusRealtime
1014 2 08 DleClearBuffer
1b26 2 - EscDefineUserDefinedCharacters
1b2a 2 - EscSelectBitImageMode
1b34 2 - EscVendorItalicOn
1b35 2 - EscVendorItalicOff
1b44 2 - EscHorizontalTabPosition
1b5a 2 - EscVendor2DCode
1b63 2 30 EscSelectPaperTypesPrinting
1b63 2 31 EscSelectPaperTypesCommandSettings
1b63 2 33 EscSelectPaperSensorsPaperEndSignals
1b63 2 34 EscSelectPaperSensorsStopPrinting
1b63 2 35 EscEnableDisablePanelButton
1b63 2 - EscSelectPaperSensors
1b72 2 - EscSelectPrinterColor
1c32 2 - FsDefineUserDefinedKanjiCharacters2424
1c61 2 30 FsObsoleteReadCheckPaper
1c61 2 31 FsObsoleteLoadCheckPaperToPrintStartingPosition
1c61 2 32 FsObsoleteEjectCheckPaper
1c67 2 31 FsObsoleteWriteNVUserMemory
1c67 2 32 FsObsoleteReadNVUserMemory
1c71 2 - FsObsoleteDefineNVBitimage
1d2a 2 - GsObsoleteDefineDownloadedBitimage
1d43 2 30 GsObsoleteSelectCounterPrintMode
1d43 2 31 GsObsoleteSelectCounterModeA
1d43 2 32 GsObsoleteSetCounter
1d43 2 3b GsObsoleteSelectCounterModeB
1d44 2 - GsDefineWindowsBMPGraphics
1d51 2 30 GsObsoletePrintVariableVerticalSizeBitimage
1d67 2 30 GsInitializeMaintenanceCounter
1d67 2 32 GsTransmitMaintenanceCounter
1d76 2 30 GsObsoletePrintRasterBitimage
"""

DISPLAY_FAMILIES = """
1b26 2 - VfdEscDefineUserDefinedCharacters0816
1b57 3 00 VfdEscCancelWindowArea
1b57 3 01 VfdEscSelectWindowArea
1b57 3 30 VfdEscCancelWindowArea
1b57 3 31 VfdEscSelectWindowArea
"""


@cache
def _families(table: str) -> dict[bytes, tuple[int, dict[bytes, str]]]:
    """Return prefix -> (position of the function's number, number -> name)."""
    found: dict[bytes, tuple[int, dict[bytes, str]]] = {}
    for line in table.split("\n"):
        if line:
            prefix, position, number, name = line.split()
            family = found.setdefault(bytes.fromhex(prefix), (int(position), {}))
            family[1][b"" if number == "-" else bytes.fromhex(number)] = name
    return found


@lru_cache(maxsize=_HEADS_KEPT)
def describe(data: bytes, *, display: bool = False) -> tuple[str, TokenKind]:
    """Return the name and the kind of a command of variable length by its first HEAD_BYTES bytes."""
    name = _family_name(data, FUNCTIONS + DISPLAY_FAMILIES) if display else _name(data)
    kind = KINDS.get(data[:3]) or KINDS.get(data[:2]) or TokenKind.COMMAND
    if name in UNKNOWN_NAMES.values() and kind is not TokenKind.CODE:
        return name, TokenKind.UNKNOWN
    return name, kind


KINDS: dict[bytes, TokenKind] = {
    b"\x10\x04": TokenKind.REALTIME,
    b"\x10\x05": TokenKind.REALTIME,
    b"\x10\x14": TokenKind.REALTIME,
    b"\x1b*": TokenKind.RASTER,
    b"\x1bZ": TokenKind.CODE,
    b"\x1cq": TokenKind.RASTER,
    b"\x1d(L": TokenKind.RASTER,
    b"\x1d(k": TokenKind.CODE,
    b"\x1d*": TokenKind.RASTER,
    b"\x1d8": TokenKind.RASTER,
    b"\x1dD": TokenKind.RASTER,
    b"\x1dQ": TokenKind.RASTER,
    b"\x1dV": TokenKind.CUT,
    b"\x1dk": TokenKind.CODE,
    b"\x1dv": TokenKind.RASTER,
}


def _name(data: bytes) -> str:
    head = data[:2]
    if head == b"\x1dV":
        return _cut_name(data)
    if head == b"\x1dk":
        return "GsPrintBarcodeAsciiz" if data[2] <= BARCODE_ASCIIZ_MAX else "GsPrintBarcodeSpecifiedLength"
    if data[:3] == b"\x1d8L":
        name = _name(b"\x1d(L\x00\x00" + data[7:9])
        return name[:-1] + "DW" if name.endswith("W") else name  # 32-bit lengths: Epson's ...W becomes ...DW
    return _family_name(data, FUNCTIONS + SMALL_FAMILIES)


def _family_name(data: bytes, table: str) -> str:
    families = _families(table)
    family = families.get(data[:3]) or families.get(data[:2])
    if family is None:
        return UNKNOWN_NAMES.get(data[0], "Unknown")
    position, names = family
    for number in (data[position : position + 2], data[position : position + 1], b""):
        if number in names:
            return names[number]
    return UNKNOWN_NAMES[data[0]]


def _cut_name(data: bytes) -> str:
    if len(data) == 2 or (len(data) == 3 and data[2] in CUTS_WITH_FEED):  # noqa: PLR2004
        return CUT_WITHOUT_ARGUMENT
    return CUTS.get(data[2], UNKNOWN_NAMES[GS])
