"""The lines of a document as entries for its arithmetic: the values that `entries` builds and the judge settles."""

from __future__ import annotations

from collections.abc import Container, Sequence
from enum import Enum

from pos_adapters.reading.amounts import Number
from pos_adapters.reading.folding import WIDE
from pos_adapters.reading.labels import Label
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.lines import LineFacts
from retail.line_items import SaleLineItem

STRAY_LETTERS_MAX = 3  # "TOTAL LEI", "TOTAL (3)": letters beside a label that do not make it a name


class Part(Enum):
    """What an entry is for the arithmetic."""

    __hash__ = object.__hash__  # members are single; Enum's own hash is a call of Python for every look-up

    ITEM = "item"
    IMPLICIT = "implicit"  # goods with quantity and price, but no amount of their own
    DETAIL = "detail"  # quantity and price of the goods beside it
    MODIFICATION = "modification"  # a negative line, or a positive one labelled as a discount
    SAVING = "saving"  # "you saved": an echo, unless it acts
    TAX = "tax"
    SURCHARGE = "surcharge"
    TIP = "tip"
    ROUNDING = "rounding"
    VOID = "void"
    RETURN = "return"
    CHECK = "check"  # a subtotal or total on the way
    TOTAL = "total"
    WEAK_TOTAL = "weak_total"
    TENDER = "tender"
    RECEIVED = "received"
    CHANGE = "change"
    STRAY = "stray"  # between subtotal and total, without a label: goods or a charge
    FACT = "fact"  # an id that looks like an amount
    INFO = "info"


GOODS = frozenset((Part.ITEM, Part.IMPLICIT, Part.RETURN, Part.FACT, Part.VOID))


class Entry:
    """One amount of the document. Internal to the solver, which settles `part` and `amount`.

    What most entries lack stands on the class: a receipt has thirty, and they are made while it streams in.
    """

    role: Role | None = None
    label: Label | None = None
    other: int | None = None  # the amount in the other reading of the document
    quantity: Number | None = None
    price: Number | None = None
    described: tuple[int, ...] = ()  # lines that hold the description
    voided = False
    tender: Role | None = None  # how money went back, where the words of giving back say it
    item: SaleLineItem | None = None  # what it becomes where it stays as it is; made while the receipt streams in

    def __init__(self, line: int, facts: LineFacts, part: Part, amount: int) -> None:
        self.line = line
        self.facts = facts
        self.part = part
        self.amount = amount


class Sheet:
    """A document's entries in one fashion, with what the lines without amounts say.

    Most entries are goods by name and amount, on which nothing is open: `others` are the places of the rest.
    """

    __slots__ = (
        "carried", "decimals", "entries", "facts", "first_goods", "first_total", "headed", "items_in",
        "items_made", "labels", "last_goods", "opened", "others", "start",
    )  # fmt: skip

    def __init__(self, facts: Sequence[LineFacts], labels: list[Label | None], decimals: int) -> None:
        self.facts = facts
        self.labels = labels
        self.decimals = decimals
        self.entries: list[Entry] = []
        self.others: list[int] = []
        self.first_goods, self.last_goods = -1, -1  # lines of the first and the last entry that is none of the others
        self.carried: Label | None = None  # printed last, without an amount: the next line's may be its
        self.start = 0
        self.headed = False  # `start` is known, whatever comes
        self.first_total = len(facts)
        self.opened: list[Entry] = []  # entries that may be anything else than goods, once they are settled
        self.items_in = ""  # the currency of the entries' items
        self.items_made = 0  # entries whose items are made


def is_label(facts: LineFacts, label: Label | None, roles: Container[Role]) -> bool:
    """Whether the line consists of a label of `roles`; "Total 0% yogurt" is a name."""
    return label is not None and label.leads and label.role in roles and facts.unknown <= stray_max(facts, label)


def stray_max(facts: LineFacts, label: Label) -> int:
    """Letters beside a label: in scripts without spaces even one makes another word."""
    return 0 if WIDE.match(facts.text, label.start) else STRAY_LETTERS_MAX
