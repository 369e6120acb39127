"""A sale of the demo, and the receipt that its register prints of it with python-escpos, an encoder not ours."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

from escpos.printer import Dummy

from agent.demo.catalogue import FOLDER, Basket, BasketLine, Language, Tender, note_for, total_of
from retail.money import Money, total

CUT = b"\x1dV\x00"  # GS V 0, what python-escpos ends with
STATUS_REQUEST = b"\x10\x04\x01"  # DLE EOT 1: real tills ask before they print, and wait for the answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """What is rung up: who pays how for what, and where; `card_code` only where the till itself prints it."""

    number: int
    workstation_id: str
    language: Language
    basket: Basket
    tender: Tender
    printed_at: datetime
    card_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterJob:
    """The bytes of one print job; `cut_offsets` are where its cut commands begin, and where a block may be inserted."""

    data: bytes
    cut_offsets: tuple[int, ...]

    @property
    def last_part(self) -> int:
        """Where the last part begins, that is sent when everything else was: the last cut, else the end."""
        return self.cut_offsets[-1] if self.cut_offsets else len(self.data)


def receipt_of(sale: Sale, *, columns: int) -> RegisterJob:
    """Return the job that a register prints of `sale` on paper `columns` characters wide."""
    words = _words()[sale.language]
    paper = Dummy()
    paper.hw("INIT")
    if "code_page" in words:
        paper.charcode(words["code_page"])
    _print_header(paper, sale, words)
    rule = "-" * columns + "\n"
    paper.text(rule)
    for line in sale.basket:
        _print_line(paper, line, sale, columns=columns)
    paper.text(rule)
    _print_total(paper, sale, columns=columns)
    paper.text(rule)
    _print_footer(paper, sale, words)
    paper.cut()
    data = STATUS_REQUEST + paper.output
    assert data.endswith(CUT), data[-8:]
    return RegisterJob(data=data, cut_offsets=(len(data) - len(CUT),))


def _print_header(paper: Dummy, sale: Sale, words: dict[str, Any]) -> None:
    paper.set(align="center", bold=True)
    paper.text(words["header"][0] + "\n")
    paper.set(align="center", bold=False)
    for line in words["header"][1:]:
        paper.text(line + "\n")
    paper.set(align="left")
    paper.text(words["number"].format(number=sale.number, workstation=sale.workstation_id) + "\n")
    at = sale.printed_at
    when = words["when"].format(day=at.day, month=at.month, year=at.year, hour=at.hour, minute=at.minute)
    paper.text(when + "\n")


def _print_line(paper: Dummy, line: BasketLine, sale: Sale, *, columns: int) -> None:
    words = _words()[sale.language]
    if line.quantity > 1:
        paper.text(line.item.name[sale.language] + "\n")
        price = _amount(line.item.price, words)
        left = "  " + words["quantity"].format(quantity=line.quantity, price=price)
    else:
        left = line.item.name[sale.language]
    paper.text(_spread(left, _amount(line.amount, words), columns))


def _print_total(paper: Dummy, sale: Sale, *, columns: int) -> None:
    words = _words()[sale.language]
    amount = total_of(sale.basket)
    paper.set(bold=True)
    paper.text(_spread(f"{words['total']} EUR", _amount(amount, words), columns))
    paper.set(bold=False)
    given = note_for(amount) if sale.tender is Tender.CASH else amount
    paper.text(_spread(words[sale.tender.value], _amount(given, words), columns))
    if amount < given:
        paper.text(_spread(words["change"], _amount(given - amount, words), columns))
    for rate, tax in _taxes(sale.basket):
        paper.text(_spread(words["tax"].format(rate=rate), _amount(tax, words), columns))


def _print_footer(paper: Dummy, sale: Sale, words: dict[str, Any]) -> None:
    paper.text(words["count"].format(count=sum(line.quantity for line in sale.basket)) + "\n")
    if sale.card_code is not None:
        paper.text(words["member"].format(code=sale.card_code) + "\n")
    paper.set(align="center")
    for line in words["thanks"]:
        paper.text(line + "\n")


def _taxes(basket: Basket) -> list[tuple[int, Money]]:
    """Return the tax contained in the basket by rate in percent, rounded once a rate."""
    rates = sorted({line.item.vat_percent for line in basket})
    taxes = []
    for rate in rates:
        gross = total([line.amount for line in basket if line.item.vat_percent == rate])
        taxes.append((rate, gross.share(Decimal(100 * rate) / (100 + rate))))
    return taxes


def _amount(money: Money, words: dict[str, Any]) -> str:
    return f"{money.amount:.2f}".replace(".", words["decimal"])


def _spread(left: str, right: str, columns: int) -> str:
    """Return one line with `left` and `right` at the edges; a long name gives way to the amount."""
    room = columns - len(right) - 1
    return f"{left[:room]:<{room}} {right}\n"


@cache
def _words() -> dict[Language, dict[str, Any]]:
    table = tomllib.loads((FOLDER / "receipts.toml").read_text(encoding="utf-8"))
    return {Language(language): words for language, words in table.items()}
