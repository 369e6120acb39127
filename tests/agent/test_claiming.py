"""The address in a stranger's QR code: it proves the sale to the hub and says nothing else."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent.offering.claiming import ClaimPage
from retail.identifiers import TransactionId
from retail.money import Money
from retail.transaction import RetailTransaction
from sync.protocol.claims import ClaimSigner, verify_claim

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NUMBER = TransactionId("0f9c2f5e-6d6a-5a1e-9a73-6a1f5f2c9a01")


def sale(total: str, *, currency: str = "EUR", number: TransactionId | None = NUMBER) -> RetailTransaction:
    return RetailTransaction(
        line_items=(), total=Money(Decimal(total), currency), transaction_id=number, business_day=date(2026, 11, 21)
    )


def page(address: str) -> ClaimPage:
    return ClaimPage(address=address, signer=ClaimSigner(KEY))


def test_the_token_proves_sale_total_and_last_day() -> None:
    address = page("https://hub.example/c/{token}").of(sale("4.305", currency="KWD"))
    claim = verify_claim(address.removeprefix("https://hub.example/c/"), [KEY.public_key().public_bytes_raw()])
    assert (claim.transaction_id, claim.total_e4, claim.currency) == (NUMBER, 43_050, "KWD")
    assert claim.last_day == date(2026, 11, 28)


def test_a_page_of_the_chains_own_gets_the_number() -> None:
    assert page("https://x.example/{transaction_id}").of(sale("1.00")) == f"https://x.example/{NUMBER}"


def test_refunds_unnumbered_sales_and_stores_without_a_page_get_no_address() -> None:
    address = "https://hub.example/c/{token}"
    assert page(address).of(sale("-1.00")) == ""
    assert page(address).of(sale("1.00", number=None)) == ""
    assert page("").of(sale("1.00")) == ""
