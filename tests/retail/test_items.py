"""Items: a receipt text is no product, restricted goods are never spoken of, substitutes cover the same need."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from retail.facts import Facts, basket_of
from retail.items import Item, ItemCatalogue
from retail.line_items import ReturnLineItem, SaleLineItem
from retail.money import Money
from retail.transaction import RetailTransaction

ITEMS = ItemCatalogue(
    [
        Item(item_id="1", gtin="4000000010017", receipt_text="Coffee beans 500g", category="Drinks/Coffee", brand="Bo"),
        Item(item_id="2", receipt_text="Cigarettes", category="Kiosk/Tobacco", restricted="tobacco"),
        Item(item_id="3", receipt_text="Newspaper", category="Kiosk"),
        Item(item_id="4", receipt_text="Red wine", category="Drinks/Wine", restricted="alcohol"),
        Item(item_id="5", receipt_text="Coffee pads", category="Drinks/Coffee", substitutes=("1",)),
    ]
)


def line(text: str = "x", **fields: str) -> SaleLineItem:
    return SaleLineItem(description=text, amount=Money.of("2.00", "EUR"), **fields)


def basket(*lines: SaleLineItem | ReturnLineItem):
    total = Money(Decimal(2) * len(lines), "EUR")
    return basket_of(RetailTransaction(line_items=lines, total=total), ITEMS)


def test_a_line_is_found_by_id_then_gtin_then_by_its_text_whatever_case_and_spacing() -> None:
    assert ITEMS.find(line("Newspaper", item_id="1")) == ITEMS.get("1")
    assert ITEMS.find(line("Newspaper", gtin="4000000010017")) == ITEMS.get("1")
    assert ITEMS.find(line("NEWSPAPER ")) == ITEMS.get("3")
    assert ITEMS.find(line("coffee  BEANS 500G")) == ITEMS.get("1")
    assert ITEMS.find(line("Magazine", item_id="99")) is None


def test_an_item_answers_to_its_category_and_the_ones_above() -> None:
    keys = basket(line("Coffee beans 500g")).amounts
    assert set(keys) == {
        "", "item:1", "need:1", "gtin:4000000010017", "brand:bo", "category:drinks/coffee", "category:drinks"
    }  # fmt: skip


def test_amounts_add_up_by_key() -> None:
    amounts = basket(line("Coffee beans 500g"), line("Coffee pads"), line("Newspaper")).amounts
    assert amounts["category:drinks/coffee"] == 4
    assert amounts[""] == 6


def test_whoever_buys_a_substitute_has_covered_the_need() -> None:
    facts = Facts(moment=datetime(2026, 11, 21, tzinfo=UTC), basket=basket(line("Coffee pads")))
    assert "need:1" in facts.bought
    assert "item:1" not in facts.bought


def test_restricted_goods_are_in_the_total_and_nowhere_else() -> None:
    bought = basket(line("Cigarettes"), line("Newspaper"))
    assert str(bought.total) == "4"
    assert bought.amounts[""] == 2
    assert "category:kiosk/tobacco" not in bought.amounts
    assert [each.line.description for each in bought.lines] == ["Newspaper"]


def test_goods_brought_back_are_not_bought() -> None:
    back = ReturnLineItem(description="Newspaper", amount=Money.of("-2.00", "EUR"))
    assert basket(back).lines == ()


def test_a_key_is_restricted_when_only_restricted_goods_answer_to_it() -> None:
    keys = ITEMS.restricted_keys(frozenset())
    assert {"category:kiosk/tobacco", "item:2", "category:drinks/wine"} <= keys
    assert not {"category:kiosk", "category:drinks", "item:3"} & keys
    assert "category:drinks/wine" not in ITEMS.restricted_keys(frozenset({"alcohol"}))
    assert ItemCatalogue().restricted_keys(frozenset()) == frozenset()
