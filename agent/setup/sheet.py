"""The sheet that setup ends with: every check of `doctor`, what failed first, each with its fix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from agent.upkeep.patient import Check
from receipt.slip_blocks import Align, Block, Columns, Rule, Size, Slip, Text


class Words(Protocol):
    """Setup's texts in one language."""

    def __call__(self, key: str, **words: object) -> str:
        """Return a text with its words filled in."""
        ...


FAILED_MAX = 12  # a slip has 80 lines; who has more to mend reads them on the screen
PASSED_MAX = 40


def sheet_of(checks: Sequence[Check], *, words: Words, language: str, store: str, at: str) -> Slip:
    """Return the sheet as a slip; `words` are setup's own in the technician's language, which the checks speak, too."""
    failed = [check for check in checks if not check.ok]
    passed = [check for check in checks if check.ok]
    blocks: list[Block] = [
        Text(text=words("sheet_title"), align=Align.CENTRE, size=Size.TALL, bold=True),
        Columns(left=store, right=at),
        Rule(),
        Columns(left=words("sheet_hold", number=len(passed)), right=words("sheet_fail", number=len(failed)), bold=True),
    ]
    for check in failed[:FAILED_MAX]:
        what, fix = check.in_language(language)
        blocks.append(Text(text=words("sheet_failed", check=check.id, what=what)))
        blocks.append(Text(text=words("sheet_fix", fix=fix)))
    blocks.append(Rule())
    names = ", ".join(check.id for check in passed[:PASSED_MAX])
    blocks.append(Text(text=words("sheet_held", names=names)))
    return Slip(blocks=tuple(blocks))


def sheet_lines(checks: Sequence[Check], *, words: Words, language: str) -> list[str]:
    """Return the same for a screen, what failed first."""
    lines = []
    for check in sorted(checks, key=lambda one: one.ok):
        what, fix = check.in_language(language)
        lines.append(f"{'✓' if check.ok else '!'} {what}")
        if not check.ok:
            lines.append(words("sheet_fix", fix=fix))
    return lines
