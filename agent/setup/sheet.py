"""The sheet that setup ends with: every check of `doctor`, what failed first, each with its fix."""

from __future__ import annotations

from collections.abc import Sequence

from agent.upkeep.patient import Check
from receipt.slip_blocks import Align, Block, Columns, Rule, Size, Slip, Text

FAILED_MAX = 12  # a slip has 80 lines; who has more to mend reads them on the screen
PASSED_MAX = 40


def sheet_of(checks: Sequence[Check], *, title: str, store: str, at: str) -> Slip:
    """Return the sheet as a slip."""
    failed = [check for check in checks if not check.ok]
    passed = [check for check in checks if check.ok]
    blocks: list[Block] = [
        Text(text=title, align=Align.CENTRE, size=Size.TALL, bold=True),
        Columns(left=store, right=at),
        Rule(),
        Columns(left=f"{len(passed)} OK", right=f"{len(failed)} FAIL", bold=True),
    ]
    for check in failed[:FAILED_MAX]:
        blocks.append(Text(text=f"FAIL {check.id}: {check.what}"))
        blocks.append(Text(text=f"  fix: {check.fix}"))
    blocks.append(Rule())
    names = ", ".join(check.id for check in passed[:PASSED_MAX])
    blocks.append(Text(text=f"OK: {names}"))
    return Slip(blocks=tuple(blocks))


def sheet_lines(checks: Sequence[Check]) -> list[str]:
    """Return the same for a screen, what failed first."""
    lines = []
    for check in sorted(checks, key=lambda one: one.ok):
        lines.append(f"{'✓' if check.ok else '!'} {check.what}")
        if not check.ok:
            lines.append(f"  fix: {check.fix}")
    return lines
