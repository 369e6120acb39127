"""A message is let in once, by whichever worker it reaches, and also after a restart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hub.gate import NonceMemory, ReplayedError
from hub.nonces import SharedNonces
from sync.protocol.signatures import SKEW_MAX, Signed
from tests.hub.rig import HubRig

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def signed(nonce: str, key_id: str = "key") -> Signed:
    return Signed(key_id=key_id, nonce=nonce, created_at_s=int(NOW.timestamp()))


@pytest.fixture(params=["memory", "shared"])
def nonces(request, tmp_path):
    if request.param == "memory":
        yield NonceMemory()
        return
    shared = SharedNonces(tmp_path / "nonces.db")
    yield shared
    shared.close()


def test_a_nonce_is_taken_once_a_key(nonces):
    nonces.take(signed("a"), now=NOW)
    nonces.take(signed("a", "another"), now=NOW)
    with pytest.raises(ReplayedError):
        nonces.take(signed("a"), now=NOW)


def test_two_workers_on_one_folder_know_of_each_other_and_of_the_day_before(tmp_path):
    first, second = (SharedNonces(tmp_path / "nonces.db") for _ in range(2))
    first.take(signed("a"), now=NOW)
    with pytest.raises(ReplayedError):
        second.take(signed("a"), now=NOW)
    first.close()
    second.close()
    restarted = SharedNonces(tmp_path / "nonces.db")
    with pytest.raises(ReplayedError):
        restarted.take(signed("a"), now=NOW)
    restarted.close()


def test_what_has_run_out_is_forgotten_and_the_file_stays_small(tmp_path):
    shared = SharedNonces(tmp_path / "nonces.db", nonces_max=50)
    for number in range(2_001):
        shared.take(signed(str(number)), now=NOW + timedelta(seconds=number / 1000))
    assert shared._connection.execute("SELECT count(*) FROM nonce").fetchone()[0] <= 1_051
    shared.take(signed("much later"), now=NOW + 3 * SKEW_MAX)
    shared.close()


def test_a_damaged_file_is_made_anew(tmp_path):
    (tmp_path / "nonces.db").write_bytes(b"no database at all" * 500)
    shared = SharedNonces(tmp_path / "nonces.db")
    shared.take(signed("a"), now=NOW)
    shared.close()


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_replay_to_another_worker_of_the_hub_is_refused(tmp_path, anyio_backend):
    first, second = HubRig(tmp_path / "hub"), HubRig(tmp_path / "hub")
    async with first.serving(), second.serving():
        device = await first.enrolled()
        asked = device.signed("GET", "/v1/feed", query="cursor=")
        assert (await first.send(asked)).status_code in (200, 304)
        again = await second.send(asked)
    assert (again.status_code, again.json()["code"]) == (401, "replayed")
    assert second.hub.refusals.counts() == {"replayed": 1}
    first.hub.close()
    second.hub.close()


def test_a_file_that_is_damaged_while_it_is_open_stops_no_upload(tmp_path):
    shared = SharedNonces(tmp_path / "nonces.db")
    for number in range(3_000):
        shared.take(signed(str(number)), now=NOW)
    shared.close()
    raw = bytearray((tmp_path / "nonces.db").read_bytes())
    raw[4096:] = b"\xff" * (len(raw) - 4096)
    (tmp_path / "nonces.db").write_bytes(raw)
    again = SharedNonces(tmp_path / "nonces.db")
    again.take(signed("new"), now=NOW)
    with pytest.raises(ReplayedError):
        again.take(signed("new"), now=NOW)
    again.close()
