"""Decisions about value that are tried out: the book is as it was, and it is known when they would come out different."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest

from agent.journal.records import JournalKind
from agent.value.book import Entry, ValueBook, What
from retail.errors import RefusedError


def made_book() -> ValueBook:
    """Return a book with some rows of several kinds, all committed."""
    book = ValueBook()
    book.put(What.COUPON, "c1", {"serial": "c1", "till_code": "977001", "state": "issued"})
    book.put(What.COUPON, "c2", {"serial": "c2", "till_code": "", "state": "issued"})
    book.put(What.POINTS, "anna", {"points": 10})
    book.put(What.LEASE, "l1", {"account": "anna", "points": 5})
    book.put(What.LANE, "1", {"uses": []})
    book.entry()
    return book


def rows(book: ValueBook) -> dict[What, list[tuple[str, dict[str, object]]]]:
    return {what: copy.deepcopy(list(book.each(what))) for what in What}


def a_sale(book: ValueBook) -> Entry:
    """Decide something that reads, writes, reads its own, drops, and looks through names."""
    points = book.get(What.POINTS, "anna") or {}
    book.put(What.POINTS, "anna", {"points": points["points"] + 1})
    book.put(What.COUPON, "c3", {"serial": "c3", "till_code": "977003", "state": "issued"})
    assert book.get(What.COUPON, "c3") is not None
    if "977001" in book.till_codes():
        book.drop(What.LANE, "1")
    return book.entry([(JournalKind.POINTS_EARNED, {"points": points["points"] + 1})])


def test_a_rehearsal_leaves_the_book_as_it_was_and_doing_it_again_makes_it_so():
    book, twin = made_book(), made_book()
    before = rows(book)
    entry, seen = book.rehearse(lambda: a_sale(book))
    assert rows(book) == before
    assert book.is_as(seen)
    assert set(book.till_codes()) == {"977001"}
    book.redo(entry)
    real = a_sale(twin)
    assert (entry.records, entry.changes) == (real.records, real.changes)
    assert rows(book) == rows(twin)
    assert set(book.till_codes()) == set(twin.till_codes())
    book.undo(entry)
    assert {what: dict(each) for what, each in rows(book).items()} == {what: dict(e) for what, e in before.items()}


def test_a_rehearsal_that_is_refused_leaves_the_book_as_it_was():
    book = made_book()
    before = rows(book)

    def refused() -> Entry:
        book.put(What.POINTS, "anna", {"points": 0})
        raise RefusedError("no", fix="none")

    with pytest.raises(RefusedError):
        book.rehearse(refused)
    assert rows(book) == before
    assert book.entry().changes == ()


MATTERS: dict[str, Callable[[ValueBook], None]] = {
    "a row it has read": lambda book: book.put(What.POINTS, "anna", {"points": 11}),
    "a row it has read, gone": lambda book: book.drop(What.POINTS, "anna"),
    "a row it drops": lambda book: book.put(What.LANE, "1", {"uses": ["one"]}),
    "a row it makes, made by another": lambda book: book.put(What.COUPON, "c3", {"serial": "c3", "till_code": ""}),
    "a name among those it looked through": lambda book: book.put(What.COUPON, "c4", {"till_code": "977004"}),
}

DOES_NOT: dict[str, Callable[[ValueBook], None]] = {
    "another account": lambda book: book.put(What.POINTS, "boris", {"points": 11}),
    "another coupon without a name": lambda book: book.put(What.COUPON, "c5", {"till_code": ""}),
    "another lane": lambda book: book.put(What.LANE, "2", {"uses": []}),
    "a lease": lambda book: book.drop(What.LEASE, "l1"),
}


@pytest.mark.parametrize("name", MATTERS)
def test_what_a_decision_has_looked_at_and_that_changed_makes_it_worthless(name: str):
    book = made_book()
    _, seen = book.rehearse(lambda: a_sale(book))
    MATTERS[name](book)
    assert not book.is_as(seen)


@pytest.mark.parametrize("name", DOES_NOT)
def test_what_it_has_not_looked_at_may_change(name: str):
    book = made_book()
    _, seen = book.rehearse(lambda: a_sale(book))
    DOES_NOT[name](book)
    assert book.is_as(seen)


@pytest.mark.parametrize(
    ("look", "what"),
    [
        (lambda book: list(book.each(What.HOLD)), What.HOLD),
        (lambda book: book.leases_of("anna"), What.LEASE),
        (lambda book: book.leases_of_coupon("c1"), What.COUPON_LEASE),
        (lambda book: book.holding("l1"), What.HOLD),
        (lambda book: book.sales_numbered("7"), What.SALE),
        (lambda book: book.serials_of("977001"), What.COUPON),
    ],
)
def test_a_decision_that_looks_through_a_kind_rests_on_all_of_it(look, what: What):
    book = made_book()

    def decide() -> Entry:
        look(book)
        return book.entry()

    _, seen = book.rehearse(decide)
    assert book.is_as(seen)
    new = {"account": "x", "serial": "x", "number": "x", "lease_id": "x", "points": 1}
    book.put(what, "new", new)
    assert not book.is_as(seen)
