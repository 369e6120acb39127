"""What a row of each file must be; pure. A function returns the values to keep, or raises RowError with a reason."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal, InvalidOperation

from hub.imports.table_file import RowError
from retail.errors import ConfigurationError
from retail.loyalty import MonthDay
from sync.protocol.tokens import CodeKind, normalise

CUSTOMER_COLUMNS = (
    "customer_id", "first_name", "language", "birthday", "tier", "points", "household_id", "employee",
    "paper_offers", "member_since", "permissions", "rfm_cell", "purchases", "last_visit", "points_expiring",
    "points_expire_on", "home_store",
)  # fmt: skip
"""The second and third line are optional: a column that a file does not have changes nothing of what is known."""

CODE_COLUMNS = ("code", "kind", "customer_id")
SEGMENT_COLUMNS = ("customer_id", "segment", "valid_until", "entered")
CONTACT_COLUMNS = ("customer_id", "campaign_id", "contacts")
BOUGHT_COLUMNS = ("customer_id", "key", "day")
MERGE_COLUMNS = ("customer_id", "into_id")
ITEM_COLUMNS = (
    "item_id", "gtin", "receipt_text", "category", "brand", "cost", "substitutes", "accessories", "restricted",
)  # fmt: skip

ID_CHARS_MAX = 64
NAME_CHARS_MAX = 64  # a first name on a slip of 32 columns
POINTS_MAX = 10**12
CELL_CHARS_MAX = 16  # "555", "A-1"; a cell is no text
PERMISSIONS_MAX = 20  # purposes of consent; a chain has a handful
COUNT_MAX = 10**9

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")
_SEGMENT = re.compile(r"(?=.{1,64}$)[^\s=,;\x00-\x1f]+( [^\s=,;\x00-\x1f]+)*")  # "quiet since may": rules quote it
_BOUGHT_KEY = re.compile(r"(item|category|brand|need|gtin):[^\s=\x00-\x1f]{1,64}")
_PERMISSION = re.compile(r"[a-z0-9_.-]{1,32}")
_DOTTED_DAY = re.compile(r"(\d{1,2})\.(\d{1,2})\.(?:\d{4}|\d{2})?")
_CARD = re.compile(r"[0-9A-Z]{3,40}")
_YES = frozenset({"1", "true", "yes", "y", "да", "ja", "x"})
_NO = frozenset({"", "0", "false", "no", "n", "нет", "nein"})


def customer_row(values: dict[str, str]) -> dict[str, str | int | None]:
    """Return a customer. The year of a birthday is dropped: nobody here needs anybody's age."""
    language = values.get("language", "").lower()
    if language and not _LANGUAGE.fullmatch(language):
        raise RowError(f"language {language!r} is no code such as de or ru")
    return {
        "customer_id": _identifier(values, "customer_id"),
        "first_name": _text(values, "first_name", NAME_CHARS_MAX),
        "language": language,
        "birthday": _birthday(values.get("birthday", "")),
        "tier": _text(values, "tier", ID_CHARS_MAX),
        "points": _whole(values.get("points", ""), "points"),
        "household_id": _text(values, "household_id", ID_CHARS_MAX),
        "employee": _yes_or_no(values.get("employee", ""), "employee"),
        "no_paper": 1 - _yes_or_no(values["paper_offers"] or "1", "paper_offers") if "paper_offers" in values else None,
        "member_since": _day(values["member_since"], "member_since") if "member_since" in values else None,
        "permissions": _permissions(values["permissions"]) if "permissions" in values else None,
        "rfm_cell": _text(values, "rfm_cell", CELL_CHARS_MAX) if "rfm_cell" in values else None,
        "purchases": _count(values["purchases"], "purchases") if values.get("purchases") else None,
        "last_visit": _day(values["last_visit"], "last_visit") if "last_visit" in values else None,
        "points_expiring": _whole(values["points_expiring"], "points_expiring")
        if "points_expiring" in values
        else None,
        "points_expire_on": _day(values["points_expire_on"], "points_expire_on")
        if "points_expire_on" in values
        else None,
        "home_store": _text(values, "home_store", ID_CHARS_MAX),
    }


def contact_row(values: dict[str, str]) -> dict[str, str | int | None]:
    """Return how often other channels have made a campaign's offer to a customer."""
    return {
        "customer_id": _identifier(values, "customer_id"),
        "campaign_id": _identifier(values, "campaign_id"),
        "contacts": _count(values["contacts"], "contacts"),
    }


def bought_row(values: dict[str, str]) -> dict[str, str | int | None]:
    """Return the last day a customer bought something: `item:4711`, `category:coffee`, `brand:x`."""
    key = values["key"].lower()
    if not _BOUGHT_KEY.fullmatch(key):
        raise RowError(f"key {key!r:.80} is none such as item:4711, category:coffee or brand:x")
    day = _day(values["day"], "day")
    if not day:
        raise RowError("no day")
    return {"customer_id": _identifier(values, "customer_id"), "key": key, "day": day}


def merge_row(values: dict[str, str]) -> tuple[str, str]:
    """Return (the account that is no more, the account it became)."""
    old, into = _identifier(values, "customer_id"), _identifier(values, "into_id")
    if old == into:
        raise RowError("an account cannot become itself")
    return old, into


def code_row(values: dict[str, str], *, country: str) -> tuple[str, str, str]:
    """Return (kind, the one spelling of the code, customer)."""
    try:
        kind = CodeKind(values["kind"].lower() or CodeKind.CARD)
    except ValueError as error:
        raise RowError(f"kind {values['kind']!r} is none of {', '.join(CodeKind)}") from error
    code = values["code"]
    if not code:
        raise RowError("no code")
    spelled = normalise(code, kind, country=country)
    value = spelled.partition(":")[2]
    if kind is CodeKind.CARD and not _CARD.fullmatch(value):
        raise RowError("a card's code has 3 to 40 letters and digits")
    if kind is CodeKind.PHONE and not PHONE_DIGITS[0] <= len(value) <= PHONE_DIGITS[1]:
        raise RowError("a phone number has 7 to 15 digits, its country's code included (ITU-T E.164)")
    if kind is CodeKind.EMAIL and value.count("@") != 1:
        raise RowError("an e-mail address has one @")
    return kind.value, spelled, _identifier(values, "customer_id")


PHONE_DIGITS = (7, 15)


def segment_row(values: dict[str, str]) -> dict[str, str | int | None]:
    """Return one membership; `valid_until` is the last day of it, empty for until further notice."""
    if not _SEGMENT.fullmatch(values["segment"]):
        raise RowError(f"segment {values['segment']!r:.80} is no name of up to 64 characters without = , ;")
    return {
        "customer_id": _identifier(values, "customer_id"),
        "segment": values["segment"],
        "valid_until": _day(values.get("valid_until", ""), "valid_until"),
        "entered": _day(values["entered"], "entered") if values.get("entered") else None,
    }


def item_row(values: dict[str, str]) -> dict[str, str | int | None]:
    """Return one item; lists are separated by spaces, commas or bars inside the field."""
    gtin = values.get("gtin", "")
    if gtin and not (gtin.isascii() and gtin.isdigit() and len(gtin) <= GTIN_DIGITS_MAX):
        raise RowError(f"gtin {gtin!r:.40} is no number of up to 14 digits")
    item = {
        "item_id": _identifier(values, "item_id"),
        "gtin": gtin,
        "receipt_text": _text(values, "receipt_text", 200),
        "category": _text(values, "category", 200),
        "brand": _text(values, "brand", 100),
        "cost": _amount(values.get("cost", ""), "cost"),
        "substitutes": _list(values.get("substitutes", "")),
        "accessories": _list(values.get("accessories", "")),
        "restricted": _text(values, "restricted", ID_CHARS_MAX),
    }
    return {
        "item_id": str(item["item_id"]),
        "gtin": gtin,
        "receipt_text": str(item["receipt_text"]),
        "body": json.dumps(item, ensure_ascii=False, sort_keys=True),
    }


GTIN_DIGITS_MAX = 14


def _identifier(values: dict[str, str], name: str) -> str:
    value = _text(values, name, ID_CHARS_MAX)
    if not value:
        raise RowError(f"no {name}")
    return value


def _text(values: dict[str, str], name: str, length_max: int) -> str:
    value = values.get(name, "")
    if len(value) > length_max:
        raise RowError(f"{name} is longer than {length_max} characters")
    if any(ord(character) < ord(" ") or ord(character) == 0x7F for character in value):  # noqa: PLR2004 - DEL
        raise RowError(f"{name} has a control character")
    return value


def _birthday(text: str) -> str:
    if not text:
        return ""
    dotted = _DOTTED_DAY.fullmatch(text)
    written = f"{int(dotted[2]):02d}-{int(dotted[1]):02d}" if dotted else text
    try:
        return str(MonthDay.of(written))
    except ConfigurationError as error:
        raise RowError(f"birthday {text!r:.40} is no MM-DD, no YYYY-MM-DD and no DD.MM.YYYY") from error


def _day(text: str, name: str) -> str:
    if not text:
        return ""
    dotted = _DOTTED_DAY.fullmatch(text)
    try:
        if dotted and len(text.rpartition(".")[2]) == len("2026"):
            return date(int(text.rpartition(".")[2]), int(dotted[2]), int(dotted[1])).isoformat()
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise RowError(f"{name} {text!r:.40} is no day such as 2026-11-30") from error


def _whole(text: str, name: str) -> int:
    amount = _amount(text, name)
    number = Decimal(amount or 0)
    if number != int(number) or abs(number) > POINTS_MAX:
        raise RowError(f"{name} {text!r:.40} is no whole number")
    return int(number)


def _count(text: str, name: str) -> int:
    number = _whole(text, name)
    if not 0 <= number <= COUNT_MAX:
        raise RowError(f"{name} {text!r:.40} is no count")
    return number


def _permissions(text: str) -> str:
    names = sorted(set(_list(text.lower())))
    if len(names) > PERMISSIONS_MAX or not all(_PERMISSION.fullmatch(name) for name in names):
        raise RowError("permissions are up to 20 words such as email push paper, separated by spaces")
    return " ".join(names)


def _amount(text: str, name: str) -> str:
    """Return a decimal in our notation; exports write 1 234,50 as well as 1234.50."""
    if not text:
        return ""
    plain = text.replace("\u00a0", "").replace("\u202f", "").replace(" ", "")
    if "," in plain and "." not in plain:
        plain = plain.replace(",", ".")
    try:
        number = Decimal(plain)
    except InvalidOperation as error:
        raise RowError(f"{name} {text!r:.40} is no number") from error
    if not number.is_finite() or abs(number) > POINTS_MAX:
        raise RowError(f"{name} {text!r:.40} is out of range")
    return f"{number:f}"


def _yes_or_no(text: str, name: str) -> int:
    folded = text.casefold()
    if folded not in _YES | _NO:
        raise RowError(f"{name} {text!r:.40} is neither yes nor no")
    return int(folded in _YES)


def _list(text: str) -> list[str]:
    return [part for part in re.split(r"[\s,;|]+", text) if part]
