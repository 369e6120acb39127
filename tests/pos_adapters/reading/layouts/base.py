"""The printing side of the goldens: baskets, pages, and the truth that the printing till knows.

A layout is a function that rings up a basket and prints it as one make of till would. What it sold, it tells: the
truth of a golden never comes from our reader. `chain=True` marks layouts that follow the public look of a real chain
with its clutter.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    name: str
    layout: str
    language: str
    chain: bool
    lines: tuple[str, ...]
    kind: str = "sale"
    total: Decimal | None = None
    items: int | None = None
    currency: str | None = None
    tenders: tuple[tuple[str, Decimal], ...] = ()  # net by type
    codes: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@dataclass(slots=True)
class Goods:
    name: str
    amount: Decimal
    unit: Decimal
    quantity: Decimal = Decimal(1)
    weighed: bool = False
    code: str = ""

    @property
    def count(self) -> int:
        return int(self.quantity)


def cents(value: Decimal | str | float) -> Decimal:
    return Decimal(value).quantize(Decimal("0.01"), ROUND_HALF_UP)


@dataclass(slots=True)
class Page:
    width: int = 40
    decimal: str = ","
    thousands: str = "."
    decimals: int = 2
    rng: random.Random = field(default_factory=random.Random)
    lines: list[str] = field(default_factory=list)

    def money(self, amount: Decimal | int) -> str:
        text = f"{abs(Decimal(amount)):,.{self.decimals}f}"
        text = text.replace(",", "T").replace(".", self.decimal).replace("T", self.thousands)
        return f"-{text}" if amount < 0 else text

    def kilos(self, quantity: Decimal) -> str:
        return f"{quantity:.3f}".replace(".", self.decimal)

    def text(self, text: str = "") -> None:
        self.lines.append(text.rstrip())

    def center(self, text: str) -> None:
        self.text(" " * max(0, (self.width - cells(text)) // 2) + text)

    def row(self, left: str, right: str, *, width: int | None = None) -> None:
        gap = (width or self.width) - cells(left) - cells(right)
        self.text(left + " " * max(1, gap) + right)

    def columns(self, *cells_: tuple[str, int]) -> None:
        """Cells of (text, width); a negative width aligns right."""
        line = ""
        for text, width in cells_:
            room = abs(width)
            cut = fit(text, room)
            line += " " * (room - cells(cut)) + cut if width < 0 else cut + " " * (room - cells(cut))
        self.text(line)

    def rule(self, mark: str = "-") -> None:
        self.text(mark * self.width)


def cells(text: str) -> int:
    return sum(2 if ord(letter) >= 0x1100 and letter not in "₩€₴₺₽₸“”‘’–" else 1 for letter in text)


def fit(text: str, room: int) -> str:
    while cells(text) > room:
        text = text[:-1]
    return text


class Shop:
    """A seeded till: the same seed rings up the same basket."""

    def __init__(self, seed: int, catalogue: list[tuple[str, str]], *, decimals: int = 2) -> None:
        self.rng = random.Random(seed)
        self.catalogue = catalogue
        self.decimals = decimals

    def round(self, value: Decimal) -> Decimal:
        return value.quantize(Decimal(1).scaleb(-self.decimals), ROUND_HALF_UP)

    def basket(self, low: int = 2, high: int = 8, *, weighed: bool = False, many: float = 0.3) -> list[Goods]:
        picked = self.rng.sample(self.catalogue, k=min(len(self.catalogue), self.rng.randint(low, high)))
        goods = []
        for name, price in picked:
            unit = Decimal(price)
            code = "4" + "".join(self.rng.choice("0123456789") for _ in range(11))
            if weighed and self.rng.random() < 0.4:
                quantity = Decimal(self.rng.randint(120, 2400)).scaleb(-3)
                goods.append(Goods(name, self.round(quantity * unit), unit, quantity, weighed=True, code=code))
            elif self.rng.random() < many:
                count = self.rng.randint(2, 4)
                goods.append(Goods(name, unit * count, unit, Decimal(count), code=code))
            else:
                goods.append(Goods(name, unit, unit, code=code))
        return goods

    def handed(self, total: Decimal, steps: tuple[int, ...] = (5, 10, 20, 50, 100)) -> Decimal:
        for step in steps:
            if total % step and total < step * 4:
                return (total // step + 1) * step
        return (total // steps[-1] + 1) * steps[-1]

    def digits(self, count: int) -> str:
        return str(self.rng.randint(1, 9)) + "".join(self.rng.choice("0123456789") for _ in range(count - 1))

    def stamp(self) -> tuple[int, int, int, int, int]:
        return (
            2024,
            self.rng.randint(1, 12),
            self.rng.randint(13, 28),
            self.rng.randint(8, 21),
            self.rng.randint(10, 59),
        )


def total_of(goods: list[Goods]) -> Decimal:
    return sum((one.amount for one in goods), Decimal(0))


LayoutFunction = Callable[[int], Golden]
LAYOUTS: dict[str, LayoutFunction] = {}


def layout(function: LayoutFunction) -> LayoutFunction:
    LAYOUTS[function.__name__] = function
    return function


def golden(function_name: str, seed: int, page: Page, **truth: object) -> Golden:
    return Golden(
        name=f"{function_name}-{seed}",
        layout=function_name,
        lines=tuple(page.lines),
        **truth,  # type: ignore[arg-type]
    )
