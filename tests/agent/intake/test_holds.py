"""How long customers waited at the cut: the newest holds, told once there are enough."""

from __future__ import annotations

from agent.intake.holds import FEW, HOLDS_KEPT, CutHolds


def holds(*held_s: float) -> CutHolds:
    made = CutHolds()
    for each in held_s:
        made.note(each)
    return made


def test_a_few_cuts_say_nothing() -> None:
    assert holds(*[0.02] * (FEW - 1)).p99_ms() is None


def test_ninety_nine_of_a_hundred_waited_no_longer() -> None:
    assert holds(*[number / 1000 for number in range(1, 101)]).p99_ms() == 99
    assert holds(*[0.0042] * 99, 3.0).p99_ms() == 5


def test_what_was_slow_before_a_thousand_cuts_is_forgotten() -> None:
    assert holds(*[9.0] * 500, *[0.001] * HOLDS_KEPT).p99_ms() == 1
