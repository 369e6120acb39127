"""Fiscal QR codes: the strongest identity that a receipt carries.

Russia: `t=YYYYMMDDTHHMM[SS]&s=rub.kop&fn=&i=&fp=&n=1..4` (a lower-case `t` inside the date is seen). Kazakhstan: a
consumer address with `i f s t`. Serbia: `suf.purs.gov.rs/v/?vl=`. Germany: the TSE's semicolon fields (DSFinV-K).
Taiwan: the left code of an e-invoice (number, date, sums in hexadecimal).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from urllib.parse import parse_qs, urlsplit

from pos_adapters.reading.values import FiscalIdentity
from retail.transaction import DocumentKind

_MOMENT = re.compile(r"(\d{4})(\d{2})(\d{2})[Tt](\d{2})(\d{2})(\d{2})?")
_TSE_FIELDS_MIN = 11
# Ministry of Finance, Taiwan: number, date (year of the republic), random code, sales, total, buyer, seller.
_TAIWANESE = re.compile(r"([A-Z]{2}\d{8})\d{7}\d{4}[\dA-Fa-f]{8}([\dA-Fa-f]{8})\d{16}")
_RUSSIAN_KINDS = {"1": DocumentKind.SALE, "2": DocumentKind.RETURN, "3": DocumentKind.OTHER, "4": DocumentKind.OTHER}
_GERMAN_KINDS = {
    "Beleg": DocumentKind.SALE,
    "AVTraining": DocumentKind.TRAINING,
    "AVBelegabbruch": DocumentKind.VOID,
    "AVBelegstorno": DocumentKind.VOID,
    "AVBestellung": DocumentKind.QUOTE,
    "AVTransfer": DocumentKind.OTHER,
    "AVSachbezug": DocumentKind.OTHER,
    "AVSonstige": DocumentKind.OTHER,
}
_QUERY_CHARACTERS_MAX = 4096  # a QR code holds 4,296 characters at most


def fiscal_identity(codes: Iterable[tuple[str, str]]) -> FiscalIdentity | None:
    """Return the identity in the first fiscal code among `codes` (symbology, data), None when there is none."""
    for _, data in codes:
        identity = parse_fiscal_code(data)
        if identity is not None:
            return identity
    return None


def parse_fiscal_code(data: str) -> FiscalIdentity | None:
    """Return what a fiscal code says, None when `data` is no fiscal code."""
    data = data.strip()
    if not data or len(data) > _QUERY_CHARACTERS_MAX:
        return None
    if data.startswith("V0;"):
        return _german(data)
    invoice = _TAIWANESE.match(data)
    if invoice is not None:
        return FiscalIdentity(scheme="tw", key=invoice[1], total=Decimal(int(invoice[2], 16)))
    return _in_query(data)


def _in_query(data: str) -> FiscalIdentity | None:
    """Fields of an address, or of what looks like one."""
    query = urlsplit(data).query if "://" in data[:12] else data
    fields = {name.lower(): values[0] for name, values in parse_qs(query).items()}
    if {"fn", "i", "fp"} <= fields.keys():
        key = f"fn={fields['fn']}&i={fields['i']}&fp={fields['fp']}"
        return FiscalIdentity(
            scheme="ru",
            key=key,
            occurred_at=_moment(fields.get("t", "")),
            total=_amount(fields.get("s")),
            operation=int(fields["n"]) if fields.get("n", "") in _RUSSIAN_KINDS else None,
            kind=_RUSSIAN_KINDS.get(fields.get("n", "")),
        )
    if {"i", "f", "s", "t"} <= fields.keys():
        return FiscalIdentity(
            scheme="kz",
            key=f"f={fields['f']}&i={fields['i']}",
            occurred_at=_moment(fields["t"]),
            total=_amount(fields["s"]),
        )
    if "vl" in fields and "purs.gov.rs" in data:
        return FiscalIdentity(scheme="rs", key=fields["vl"])
    return None


def _german(data: str) -> FiscalIdentity | None:
    """V0;till serial;process type;process data;transaction number;signature counter;start;log time;..."""
    fields = data.split(";")
    if len(fields) < _TSE_FIELDS_MIN:
        return None
    return FiscalIdentity(
        scheme="de",
        key=f"{fields[1]};{fields[4]};{fields[5]}",
        total=_german_total(fields[3]),
        kind=_german_kind(fields[2], fields[3]),
    )


def _german_kind(process_type: str, process: str) -> DocumentKind | None:
    """A TSE signs orders, training and what was broken off as well (DSFinV-K, annex I)."""
    if process_type.startswith("Bestellung"):
        return DocumentKind.QUOTE
    return _GERMAN_KINDS.get(process.split("^", maxsplit=1)[0])


def _german_total(process: str) -> Decimal | None:
    """`Beleg^75.33_7.99_0.00_0.00_0.00^10.00:Bar_5.00:Bar:CHF`: gross by tax rate, then payments."""
    parts = process.split("^")
    if len(parts) != 3 or parts[0] != "Beleg":
        return None
    try:
        return sum((Decimal(gross) for gross in parts[1].split("_")), Decimal(0))
    except InvalidOperation:
        return None


def _moment(text: str) -> datetime | None:
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(group or 0) for group in match.groups())
    try:
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the code tells local time
    except ValueError:
        return None


def _amount(text: str | None) -> Decimal | None:
    if text is None or not re.fullmatch(r"\d{1,12}(?:[.,]\d{1,2})?", text):
        return None
    return Decimal(text.replace(",", "."))
