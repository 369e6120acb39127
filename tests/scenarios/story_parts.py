"""What a story's clock says and what its till prints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from escpos.printer import Dummy


class StoryClock:
    """Goes on when the story says so; `wrong_by` is somebody setting the machine's clock."""

    def __init__(self) -> None:
        self.passed = timedelta()
        self.wrong_by = timedelta()

    def now(self) -> datetime:
        return datetime(2026, 11, 20, 10, 0, tzinfo=UTC) + self.passed + self.wrong_by

    def monotonic_s(self) -> float:
        return self.passed.total_seconds()


def paper(receipt: Mapping[str, Any], *, at: datetime, till_code_of: Callable[[str], str]) -> bytes:
    """Return a receipt as a till prints it; `coupon` names one whose till barcode the cashier has scanned."""
    goods = [(str(name), str(amount)) for name, amount in receipt["goods"]]
    coupons = [receipt["coupon"]] if isinstance(receipt.get("coupon"), str) else list(receipt.get("coupon", ()))
    less = [(f"Coupon {till_code_of(name)}", f"-{receipt.get('off', '1.50')}") for name in coupons]
    total = sum(int(amount.replace(".", "")) for _, amount in (*goods, *less))
    printer = Dummy()
    printer.text("CORNER SHOP\n")
    for line in receipt.get("head", ()):
        printer.text(f"{line}\n")
    printer.text(f"{at.astimezone():%d.%m.%Y %H:%M}\nReceipt No {receipt['number']}\n")
    if "cashier" in receipt:
        printer.text(f"Cashier: {receipt['cashier']}\n")
    printer.text("-" * 40 + "\n")
    for name, amount in (*goods, *less):
        printer.text(f"{name:<30}{amount:>10}\n")
    printer.text("-" * 40 + "\n" + f"{'TOTAL EUR':<30}{total / 100:>10.2f}\n")
    printer.text(f"{receipt.get('tender', 'CASH'):<30}{total / 100:>10.2f}\n")
    for line in receipt.get("remarks", ()):
        printer.text(f"{line}\n")
    printer.text("Thank you for your purchase\n")
    return bytes(printer.output)
