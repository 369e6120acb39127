"""What is shipped as TOML is read from the JSON beside it where the program was frozen, and says the same."""

import json
import tomllib
from pathlib import Path

from retail.shipped import pack, packed_beside, read_shipped

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("pos_adapters", "receipt", "agent/speech")


def test_a_table_is_read_as_toml_and_as_the_json_beside_it_where_there_is_one(tmp_path: Path) -> None:
    table = tmp_path / "words.toml"
    table.write_text('total = ["Итого"]\n', "utf-8")
    assert read_shipped(table) == {"total": ["Итого"]}
    pack(table, packed_beside(table))
    assert read_shipped(table) == {"total": ["Итого"]}


def test_the_json_beside_a_table_counts_for_the_very_table_it_was_made_of_only(tmp_path: Path) -> None:
    table = tmp_path / "words.toml"
    table.write_text('total = ["Total"]\n', "utf-8")
    pack(table, packed_beside(table))
    kept = packed_beside(table).read_text("utf-8")
    packed_beside(table).write_text(kept.replace("Total", "TOTAL"), "utf-8")
    assert read_shipped(table) == {"total": ["TOTAL"]}
    table.write_text('total = ["Summe"]\n', "utf-8")
    assert read_shipped(table) == {"total": ["Summe"]}


def test_every_table_of_the_rooms_that_are_packed_says_the_same_as_json() -> None:
    tables = [tomllib.loads(file.read_text("utf-8")) for room in ROOMS for file in (ROOT / room).rglob("*.toml")]
    assert len(tables) > 30
    assert all(json.loads(json.dumps(table)) == table for table in tables)


def test_no_json_beside_a_table_lies_in_the_sources_where_it_would_grow_old() -> None:
    assert not [found for room in ROOMS for found in (ROOT / room).rglob("*.toml.json")]
