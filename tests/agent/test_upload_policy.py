"""How much of the line uploads take, and when, as a shop writes it in its agent.toml."""

from datetime import time

import pytest

from agent.config import parse_config
from agent.desk.carriers import upload_policy
from retail.errors import ConfigurationError
from sync.delivery_plan import BATCH_BYTES_MAX

STORE = """
[store]
business_unit_id = "7781"
timezone = "Europe/Berlin"
currency = "EUR"
"""


def policy(hub: str):
    return upload_policy(parse_config(STORE + hub))


def test_without_settings_the_line_is_used_as_it_comes():
    told = policy('[hub]\nurl = "https://hub.example"\n')
    assert (told.bytes_per_s_max, told.window, told.bytes_max) == (None, None, BATCH_BYTES_MAX)


def test_a_cap_is_told_in_kbit_and_makes_batches_small_enough_for_it():
    told = policy('[hub]\nurl = "https://hub.example"\nupload_kbit_s = 64\n')
    assert told.bytes_per_s_max == 8000
    assert told.bytes_max == 160_000


def test_hours_are_the_stores():
    told = policy('[hub]\nurl = "https://hub.example"\nupload_from = 22:00:00\nupload_until = 06:00:00\n')
    assert told.window == (time(22), time(6))
    assert str(told.zone) == "Europe/Berlin"


def test_half_a_window_is_refused():
    with pytest.raises(ConfigurationError, match="belong together"):
        policy('[hub]\nurl = "https://hub.example"\nupload_from = "22:00"\n')
