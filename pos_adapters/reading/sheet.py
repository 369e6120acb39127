"""The lines of a document as entries for its arithmetic: the values that `entries` builds and the judge settles."""

from __future__ import annotations

from collections.abc import Container, Sequence
from enum import Enum

from pos_adapters.reading.amounts import Number
from pos_adapters.reading.folding import WIDE
from pos_adapters.reading.labels import Label
from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.lines import LineFacts

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
    """One amount of the document. Internal to the solver, which settles `part` and `amount`."""

    __slots__ = (
        "amount",
        "described",
        "facts",
        "label",
        "line",
        "other",
        "part",
        "price",
        "quantity",
        "role",
        "tender",
        "voided",
    )

    def __init__(self, line: int, facts: LineFacts, part: Part, amount: int) -> None:
        self.line = line
        self.facts = facts
        self.part = part
        self.amount = amount
        self.role: Role | None = None
        self.label: Label | None = None
        self.other: int | None = None  # the amount in the other reading of the document
        self.quantity: Number | None = None
        self.price: Number | None = None
        self.described: tuple[int, ...] = ()  # lines that hold the description
        self.voided = False
        self.tender: Role | None = None  # how money went back, where the words of giving back say it


class Sheet:
    """A document's entries in one fashion, with what the lines without amounts say."""

    __slots__ = ("carried", "decimals", "entries", "facts", "first_total", "labels", "start")

    def __init__(self, facts: Sequence[LineFacts], labels: Sequence[Label | None], decimals: int) -> None:
        self.facts = facts
        self.labels = labels
        self.decimals = decimals
        self.entries: list[Entry] = []
        self.carried: Label | None = None  # printed last, without an amount: the next line's may be its
        self.start = 0
        self.first_total = len(facts)


def is_label(facts: LineFacts, label: Label | None, roles: Container[Role]) -> bool:
    """Whether the line consists of a label of `roles`; "Total 0% yogurt" is a name."""
    return label is not None and label.leads and label.role in roles and facts.unknown <= stray_max(facts, label)


def stray_max(facts: LineFacts, label: Label) -> int:
    """Letters beside a label: in scripts without spaces even one makes another word."""
    return 0 if WIDE.match(facts.text, label.start) else STRAY_LETTERS_MAX
