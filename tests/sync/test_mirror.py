"""The mirror finds every customer, opens a record only with its token, and forgets when told to."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail.errors import RefusedError
from sync.mirror import CURRENT, Mirror, MirrorVersion, read_current, write_current
from sync.protocol.mirror_file import TOMBSTONE, MirrorFile, Tombstone, erase
from sync.protocol.mirror_pages import PAGE_BYTES, DamagedFileError, unpack_page
from sync.protocol.mirror_record import DamagedRecordError, Dictionary, MirrorRecord, pack, unpack
from sync.protocol.mirror_writer import merge, write_snapshot
from sync.protocol.tokens import CodeKind, locator_of, normalise, token_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def token(number: int) -> bytes:
    """Return a synthetic token: as evenly spread as scrypt's, without its cost."""
    return hashlib.sha256(number.to_bytes(8, "big")).digest()


def anna(number: int) -> MirrorRecord:
    return MirrorRecord(
        customer_id=f"customer-{number}",
        first_name="Анна",
        language="ru",
        tier="gold",
        points=number * 7 - 100,
        birthday=(11, 21),
        segments={"best": date(2026, 12, 31), "subscribers": None},
    )


def snapshot(folder: Path, numbers: range, *, name: str = "snapshot.mirror", version: int = 1) -> Path:
    path = folder / name
    entries = sorted((token(number), anna(number)) for number in numbers) if numbers else []
    write_snapshot(path, entries, count=len(entries), chain="demo", version=version)
    return path


def in_use(folder: Path, *, overlays: tuple[str, ...] = (), version: int = 1) -> Mirror:
    write_current(folder, MirrorVersion(version=version, as_of=NOW, snapshot="snapshot.mirror", overlays=overlays))
    return Mirror(folder)


@pytest.mark.parametrize("count", [0, 1, 7, 40, 1000, 5000])
def test_every_customer_is_found_and_no_stranger(tmp_path: Path, count: int) -> None:
    file = MirrorFile(snapshot(tmp_path, range(count)))
    assert len(file) == count
    assert [file.get(token(number)) for number in range(count)] == [anna(number) for number in range(count)]
    assert all(file.get(token(number)) is None for number in range(count, count + 500))


def test_a_bucket_larger_than_a_page_goes_on_in_the_next_one(tmp_path: Path) -> None:
    """Hostile or unlucky: 200 customers whose locators begin alike."""
    tokens = sorted(b"\x42" * 7 + token(number)[:25] for number in range(200))
    write_snapshot(tmp_path / "m", [(t, anna(1)) for t in tokens], count=200, chain="demo", version=1)
    file = MirrorFile(tmp_path / "m")
    assert file.head.page_count > 1
    assert all(file.get(t) == anna(1) for t in tokens)


@pytest.mark.parametrize("damage", [b"\0\0", b"\xff\x7f", b"\xff\xff", b"\x01\x00", b"\x05\x80"], ids=bytes.hex)
def test_a_damaged_page_of_a_large_bucket_hides_who_stands_in_it_and_nobody_behind_it(
    tmp_path: Path, damage: bytes
) -> None:
    """Whatever its number says: none, too many, or that the bucket ends here; erasing reaches who stands behind it."""
    alike = [b"\x42" * 7 + token(number)[:25] for number in range(200)]
    tokens = sorted([*alike, *(bytes([first]) + token(first)[:31] for first in (1, 0x43, 0xF0))])
    path = tmp_path / "m"
    write_snapshot(path, [(t, anna(1)) for t in tokens], count=len(tokens), chain="demo", version=1)
    whole = path.read_bytes()
    file = MirrorFile(path)
    pages = [at for at, _page in file.pages_of(alike[0])]
    assert len(pages) > 2
    for at in pages:
        path.write_bytes(whole[:at] + damage + whole[at + 2 :])
        here = {e.fingerprint for e in unpack_page(whole[at : at + PAGE_BYTES])}
        hidden = [t for t in tokens if MirrorFile(path).get(t) is None]
        assert {t[:10] for t in hidden} <= here
        behind = [t for t in alike if t[:10] not in here]
        assert erase(path, [locator_of(t) for t in behind]) >= len(behind)
        assert [t for t in behind if isinstance(MirrorFile(path).get(t), MirrorRecord)] == []


def test_two_who_share_a_fingerprint_are_told_apart_by_their_tokens(tmp_path: Path) -> None:
    """Once in 10^10, and in any place of a page; and a fingerprint that only straddles two others is nobody's."""
    base = token(500)[:10]
    twins = [base + bytes([number]) * 22 for number in (1, 2)]
    straddling = bytes(8) + b"\x07" * 2, b"\x07" * 8 + bytes(2)
    others = [token(number) for number in range(40)]
    tokens = sorted([*twins, *others, *(each + bytes(22) for each in straddling)])
    write_snapshot(tmp_path / "m", ((t, anna(t[11])) for t in tokens), count=1, chain="demo", version=1)
    file = MirrorFile(tmp_path / "m")
    assert [file.get(each) for each in tokens] == [anna(each[11]) for each in tokens]
    assert len(file.find(twins[0])) == 2
    assert file.find(b"\x07" * 10 + bytes(22)) == []


def test_a_record_opens_only_with_the_secret_half_of_its_token(tmp_path: Path) -> None:
    file = MirrorFile(snapshot(tmp_path, range(50)))
    right = token(7)
    assert file.get(right) is not None
    assert file.get(locator_of(right) + bytes(16)) is None


def test_no_two_files_seal_alike_and_no_name_stands_in_clear(tmp_path: Path) -> None:
    first, second = snapshot(tmp_path, range(20)), snapshot(tmp_path, range(20), name="again.mirror")
    pages = [path.read_bytes()[2 * PAGE_BYTES : 3 * PAGE_BYTES] for path in (first, second)]
    assert pages[0] != pages[1]
    assert "Анна".encode() not in first.read_bytes()
    assert b"customer-" not in first.read_bytes()


def test_an_overlay_hides_and_adds_and_the_newest_wins(tmp_path: Path) -> None:
    snapshot(tmp_path, range(10))
    newer = MirrorRecord(customer_id="c3", first_name="Anna", points=999)
    changed: list[tuple[bytes, MirrorRecord | Tombstone]] = sorted(
        [(token(3), newer), (token(4), TOMBSTONE), (token(77), anna(77))], key=lambda entry: entry[0]
    )
    write_snapshot(tmp_path / "o1.mirror", changed, count=3, chain="demo", version=2)
    mirror = in_use(tmp_path, overlays=("o1.mirror",), version=2)
    assert mirror.look_up(token(3)) == newer
    assert mirror.look_up(token(4)) is None
    assert mirror.look_up(token(77)) == anna(77)
    assert mirror.look_up(token(5)) == anna(5)
    assert mirror.age_s(NOW + timedelta(hours=1)) == 3600


def test_merging_keeps_what_the_files_said_together_without_opening_a_record(tmp_path: Path) -> None:
    snapshot(tmp_path, range(500))
    written: dict[int, dict[int, MirrorRecord | Tombstone]] = {
        1: {3: TOMBSTONE, 4: anna(44), 900: anna(900)},
        2: {3: anna(33), 4: TOMBSTONE, 901: anna(901), 5: TOMBSTONE},
    }
    for version, changes in written.items():
        entries = sorted(((token(n), r) for n, r in changes.items()), key=lambda entry: entry[0])
        write_snapshot(tmp_path / f"o{version}.mirror", entries, count=len(entries), chain="demo", version=version + 1)
    names = ("o2.mirror", "o1.mirror")
    before = in_use(tmp_path, overlays=names)
    head = merge(tmp_path / "merged.mirror", [MirrorFile(tmp_path / n) for n in (*names, "snapshot.mirror")])
    merged = MirrorFile(tmp_path / "merged.mirror")
    assert [merged.get(token(n)) for n in range(1000)] == [before.look_up(token(n)) for n in range(1000)]
    assert (head.version, head.entry_count) == (3, 500)


def test_erasure_leaves_nothing_of_the_person_in_any_file(tmp_path: Path) -> None:
    path = snapshot(tmp_path, range(300))
    sealed = MirrorFile(path).find(token(5))[0]
    mirror = in_use(tmp_path)
    assert mirror.erase([locator_of(token(5))]) == 1
    assert mirror.look_up(token(5)) is None
    assert sealed not in path.read_bytes()
    assert all(mirror.look_up(token(number)) == anna(number) for number in range(300) if number != 5)
    assert erase(path, [locator_of(token(5))]) == 0, "a second erasure finds nothing more to do"


@pytest.mark.parametrize("damage", ["truncated", "not_ours", "from_the_future", "names"])
def test_a_damaged_file_never_replaces_a_good_one(tmp_path: Path, damage: str) -> None:
    path = snapshot(tmp_path, range(10))
    mirror = in_use(tmp_path)
    bad = bytearray(path.read_bytes())
    if damage == "truncated":
        bad = bad[:-5]
    elif damage == "not_ours":
        bad[:8] = b"<html>\n\n"
    elif damage == "from_the_future":
        bad[8] = 99
    else:
        bad[-1:] = b"!"
    (tmp_path / "bad.mirror").write_bytes(bad)
    with pytest.raises(DamagedFileError):
        MirrorFile(tmp_path / "bad.mirror")
    write_current(tmp_path, MirrorVersion(version=2, as_of=NOW, snapshot="bad.mirror"))
    with pytest.raises(RefusedError):
        mirror.swap()
    assert mirror.look_up(token(3)) == anna(3)


@pytest.mark.parametrize("seed", range(12))
def test_bits_that_rot_cost_who_stands_there_and_nobody_else_is_ever_found(tmp_path: Path, seed: int) -> None:
    """The file is as long as it says, and yet lies: looked up, merged or erased from, it never says a wrong name."""
    chance = random.Random(seed)
    path = snapshot(tmp_path, range(600))
    overlay = MirrorFile(snapshot(tmp_path, range(590, 610), name="overlay", version=2))
    head = MirrorFile(path).head
    rotten = bytearray(path.read_bytes())
    for _ in range((1, 30, 3000)[seed % 3]):
        rotten[chance.randrange(PAGE_BYTES, head.sources_at)] = chance.randrange(256)
    path.write_bytes(rotten)
    file = MirrorFile(path)
    for number in range(600):
        assert file.get(token(number)) in (None, TOMBSTONE, anna(number))
    try:
        merge(tmp_path / "merged", [overlay, file])
    except DamagedFileError:
        assert not (tmp_path / "merged").exists(), "half a file never stands there"
    file.close()
    everybody = [locator_of(token(number)) for number in range(600)]
    erase(path, everybody)
    file = MirrorFile(path)
    assert [number for number in range(600) if isinstance(file.get(token(number)), MirrorRecord)] == []
    assert erase(path, everybody) == 0, "a repeat finds nothing more to do"
    file.close()
    overlay.close()


def test_a_missing_file_never_replaces_a_good_one(tmp_path: Path) -> None:
    snapshot(tmp_path, range(10))
    mirror = in_use(tmp_path)
    write_current(tmp_path, MirrorVersion(version=2, as_of=NOW, snapshot="gone.mirror"))
    with pytest.raises(RefusedError, match=r"gone\.mirror"):
        mirror.swap()
    assert mirror.look_up(token(3)) == anna(3)


def test_an_empty_folder_knows_nobody(tmp_path: Path) -> None:
    mirror = Mirror(tmp_path)
    assert mirror.look_up(token(1)) is None
    assert mirror.age_s(NOW) is None


RECORDS = st.builds(
    MirrorRecord,
    customer_id=st.text(max_size=20),
    first_name=st.text(max_size=20),
    language=st.sampled_from(["en", "ru", ""]),
    tier=st.text(max_size=8),
    points=st.integers(-(2**40), 2**40),
    birthday=st.none() | st.tuples(st.integers(1, 12), st.integers(1, 31)),
    household_id=st.text(max_size=10),
    employee=st.booleans(),
    no_paper_offers=st.booleans(),
    segments=st.dictionaries(st.text(max_size=8), st.none() | st.dates(date(2020, 1, 1), date(2090, 1, 1)), max_size=5),
    contacts=st.dictionaries(st.text(max_size=8), st.integers(0, 100), max_size=3),
    entered=st.dictionaries(st.text(max_size=8), st.dates(), max_size=3),
    member_since=st.none() | st.dates(),
    permissions=st.lists(st.text(max_size=8), max_size=3).map(tuple),
    rfm_cell=st.text(max_size=5),
    purchases=st.none() | st.integers(0, 2**40),
    last_visit=st.none() | st.dates(),
    last_bought=st.dictionaries(st.text(max_size=8), st.dates(), max_size=3),
)


@given(RECORDS)
def test_a_record_survives_packing(record: MirrorRecord) -> None:
    dictionary = Dictionary()
    assert unpack(pack(record, dictionary), dictionary.names) == record


def test_a_record_of_the_first_version_and_one_of_tomorrow_are_read() -> None:
    """The first version ended after the contacts; a later one may append what nobody here knows."""
    names = Dictionary()
    plain = MirrorRecord(customer_id="c", first_name="Anna", tier="gold", points=7)
    first = pack(plain, names)
    assert unpack(first, names.names) == plain, "a customer without anything new takes no byte more than before"
    rich = replace(
        plain, rfm_cell="555", last_visit=date(2026, 11, 1), points_expiring=5, points_expire_on=date(2027, 1, 1)
    )
    assert unpack(pack(rich, names) + b"what tomorrow adds", names.names) == rich


@given(st.binary(max_size=60))
def test_bytes_that_are_no_record_are_refused_with_our_error(data: bytes) -> None:
    try:
        unpack(data, ["en"])
    except DamagedRecordError:
        return


@pytest.mark.parametrize(
    ("written", "country", "normal"),
    [
        ("+49 (170) 123-4567", "", "phone:491701234567"),
        ("0170 1234567", "DE", "phone:491701234567"),
        ("8 (912) 345-67-89", "RU", "phone:79123456789"),
        ("+7 912 345 67 89", "DE", "phone:79123456789"),
        ("0049 170 1234567", "FR", "phone:491701234567"),
        ("49 170 1234567", "DE", "phone:491701234567"),
    ],
)
def test_a_phone_number_has_one_spelling(written: str, country: str, normal: str) -> None:
    assert normalise(written, CodeKind.PHONE, country=country) == normal


def test_a_card_keeps_its_leading_zeros_and_a_token_is_the_same_for_ever() -> None:
    assert normalise(" 0029-0001 234 ", CodeKind.CARD) == "card:00290001234"
    assert token_of("card:2900000000018", bytes(32)).hex() == (
        token_of(normalise("2900 0000 0001 8", CodeKind.CARD), bytes(32)).hex()
    )


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"\xff",
        b"null",
        b"[]",
        b"[" * 100_000,
        b'{"version": 1e999, "as_of": "2026-11-22T12:00:00Z", "snapshot": "s", "overlays": []}',
        b'{"version": 1, "as_of": "0001-01-01T00:00:00+14:00", "snapshot": "s", "overlays": []}',
    ],
)
def test_a_damaged_name_of_what_is_in_use_is_told_whatever_the_damage(tmp_path: Path, damaged: bytes) -> None:
    (tmp_path / CURRENT).write_bytes(damaged)
    with pytest.raises(RefusedError, match="damaged"):
        read_current(tmp_path)
