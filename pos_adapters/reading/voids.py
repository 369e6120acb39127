"""Voided pairs: a line that takes back an earlier one. Neither of the two was sold."""

from __future__ import annotations

from collections.abc import Sequence

from pos_adapters.reading.lexicon import Role
from pos_adapters.reading.sheet import Entry, Part, Sheet

MARK_REACH_LINES = 2  # "** VOID **" marks goods at most this far below


def pair_voids(sheet: Sheet) -> None:
    """Take out voided pairs: a line marked void, or a negative one that repeats the name and size of another."""
    entries = sheet.entries
    for index in sheet.others:
        entry = entries[index]
        if (entry.amount >= 0 and entry.part is not Part.VOID) or entry.voided or not _may_void(entry):
            continue
        marked = _mark_above(sheet, entries[index - 1].line if index else sheet.start - 1, entry.line, Role.VOID_LINE)
        by_word = entry.part is Part.VOID or marked
        partner = _partner_of(entries[:index][::-1], entry, by_word=by_word) or _partner_of(
            entries[index + 1 : index + 2], entry, by_word=False
        )
        if partner is not None and (entry.amount < 0 or by_word):
            entry.voided = partner.voided = True
            entry.part = Part.VOID
        elif entry.amount < 0 and marked:
            entry.part = Part.VOID  # "VOID", "1 x 5.00 -5.00": of three that were rung up, two were sold
        elif entry.amount < 0 and _mark_above(
            sheet, entries[index - 1].line if index else sheet.start - 1, entry.line, Role.RETURN_LINE
        ):
            entry.part = Part.RETURN


def _may_void(entry: Entry) -> bool:
    return entry.part is Part.VOID or (
        entry.amount < 0
        and entry.part in (Part.ITEM, Part.RETURN, Part.MODIFICATION)
        and entry.role is not Role.DISCOUNT
    )


def _mark_above(sheet: Sheet, previous: int, line: int, role: Role) -> bool:
    """Whether a line "** VOID **" without an amount stands directly above."""
    for above in range(line - 1, max(previous, line - MARK_REACH_LINES - 1), -1):
        label = sheet.labels[above]
        if label is not None and label.role is role and label.leads:
            return True
    return False


def _partner_of(others: Sequence[Entry], entry: Entry, *, by_word: bool) -> Entry | None:
    size = abs(entry.amount)
    name = _name_key(entry)
    fallback = None
    for other in others:
        if other.voided or other.part not in (Part.ITEM, Part.IMPLICIT) or other.amount != size:
            continue
        if name and _name_key(other) == name:
            return other
        fallback = fallback or other
    return fallback if by_word else None


def _name_key(entry: Entry) -> str:
    return "".join(letter for letter in entry.facts.text.lower() if letter.isalpha())
