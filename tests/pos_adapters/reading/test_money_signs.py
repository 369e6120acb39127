"""Which currency a sign means that several share, where no store was asked."""

import pytest

from pos_adapters.reading.reader import read_text
from pos_adapters.reading.values import ReceiptText, StoreFacts


def currency_of(*foot: str, head: str = "SHOP", total: str = "TOTAL", store: str | None = None) -> str | None:
    text = [head, "Milk  $1.20", "Bread $2.00", f"{total} $3.20", "VISA $3.20", *foot]
    sale = read_text(ReceiptText.of("\n".join(text)), store=StoreFacts(currency=store)).transaction
    assert sale is not None
    return sale.currency


@pytest.mark.parametrize(
    ("line", "currency"),
    [
        ("Thank you", "USD"), ("ABN 51 824 753 556", "AUD"), ("HST 13% included 0.37", "CAD"), ("Auckland", "NZD"),
        ("GST included 0.42", None), ("ABN 51 824 753 556\nGST included 0.29", "AUD"), ("Kowloon, Hong Kong", "HKD"),
    ],
)  # fmt: skip
def test_what_only_one_country_prints_tells_whose_dollar_it_is(line: str, currency: str | None) -> None:
    assert currency_of(line) == currency


@pytest.mark.parametrize(("line", "currency"), [("C.U.I.T. 30-70988122-1", "ARS"), ("RUT 76.228.118-5", "CLP")])
def test_whose_peso(line: str, currency: str) -> None:
    assert currency_of(line, "GRACIAS POR SU COMPRA", total="TOTAL A PAGAR") == currency


def test_a_store_s_own_currency_wins() -> None:
    assert currency_of("ABN 51 824 753 556", store="NZD") == "NZD"


def test_a_private_company_of_malaysia_is_no_dinar() -> None:
    text = "SMITH SDN BHD\nMilk  1.20\nBread 2.00\nTOTAL 3.20\nVISA 3.20\n"
    sale = read_text(ReceiptText.of(text)).transaction
    assert sale is not None
    assert sale.currency is None
