"""Ten thousand stores find their hub again at 08:00, and do not come at one moment."""

from __future__ import annotations

import pytest

from sync.backoff import spread_s
from tests.sync.fleet_at_eight import POLL_AFTER_S, morning

STORES = 10_000
STEADY_PER_S = STORES / POLL_AFTER_S
SEEDS = (1,)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("away_s", [60, 3600])
def test_a_hub_that_was_away_hears_hardly_more_at_once_than_on_any_morning(seed: int, away_s: int) -> None:
    told = morning(STORES, away_s=away_s, hub_per_s=1000, retry_after_s=None, seed=seed)
    assert told.refused == 0
    assert told.peak_per_s < STEADY_PER_S * 1.6
    assert told.all_served_after_s <= 300, "no store waits longer than the longest backoff"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_hub_that_was_started_again_hears_who_failed_meanwhile_and_not_the_fleet(seed: int) -> None:
    told = morning(STORES, away_s=20, hub_per_s=5000, retry_after_s=None, seed=seed)
    assert told.peak_per_s < STORES / 4, "after seconds without it stores ask every few seconds"
    assert told.peak_after_first_per_s < STORES / 5


@pytest.mark.parametrize("seed", SEEDS)
def test_retry_after_brings_a_fleet_that_was_switched_on_in_one_second_to_rest(seed: int) -> None:
    told = morning(STORES, away_s=0, hub_per_s=500, retry_after_s=15.0, seed=seed)
    untold = morning(STORES, away_s=0, hub_per_s=500, retry_after_s=None, seed=seed)
    assert told.peak_per_s == STORES, "the first question of a start is not spread: a stop must arrive at once"
    assert told.peak_after_first_per_s < untold.peak_after_first_per_s / 2
    assert told.refused < untold.refused
    assert told.all_served_after_s < 180
    assert told.steady_per_s == pytest.approx(STEADY_PER_S, rel=0.05)


def test_what_is_done_every_so_often_keeps_its_mean_and_never_comes_twice_as_late() -> None:
    drawn = [spread_s(30, random=lambda at=at: at / 100) for at in range(100)]
    assert (min(drawn), max(drawn) < 37.5, round(sum(drawn) / 100)) == (22.5, True, 30)
