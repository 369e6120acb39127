"""The metrics say what the status says, in Prometheus's own writing, to this machine and to nobody else."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from agent.desk.metrics import exposition, metrics_routes

TOLD: Mapping[str, Any] = {
    "core": {"state": "running", "rss_bytes": 61_234_567, "started_at": "2026-11-22T08:00:00+00:00", "troubles": [{}]},
    "desk": {"state": "running"},
    "taps": [
        {"workstation_id": "1", "connected": True, "printer": {"name": "x", "trouble": ["paper_end"]}},
        {"workstation_id": 'a"\\b', "connected": False, "printer": None},
    ],
    "hub": {"last_contact": "2026-11-22T08:30:00+00:00", "backlog": 3, "parked": 0},
    "mirror": {"version": 7, "age_s": 12.5, "customers": 10_000_000},
    "journal": {"head_seq": 123_456_789},
}
LINE = re.compile(
    r'^(?:# (?:HELP|TYPE) tillstream_\w+ .+|tillstream_\w+(?:\{\w+="(?:[^"\\\n]|\\["\\n])*"(?:,\w+="[^"]*")*\})? -?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$'
)


def test_every_line_is_one_that_prometheus_reads_and_large_numbers_keep_their_digits() -> None:
    text = exposition(TOLD, free_bytes=512_000_000_001, version="0.1.0")
    assert [line for line in text.splitlines() if not LINE.match(line)] == []
    for line in (
        'tillstream_up{program="core"} 1',
        "tillstream_journal_head_seq 123456789",
        "tillstream_core_rss_bytes 61234567",
        "tillstream_disk_free_bytes 512000000001",
        "tillstream_mirror_age_seconds 12.5",
        'tillstream_tap_connected{workstation="1"} 1',
        'tillstream_printer_trouble{workstation="1"} 1',
        r'tillstream_tap_connected{workstation="a\"\\b"} 0',
    ):
        assert line in text.splitlines()
    names = re.findall(r"^# TYPE (\S+)", text, re.MULTILINE)
    assert len(names) == len(set(names)) >= 12


def test_a_core_that_is_away_is_a_zero_and_not_an_error() -> None:
    text = exposition({"core": "away", "hub": {"last_contact": None}}, free_bytes=1, version="0.1.0")
    assert 'tillstream_up{program="core"} 0' in text
    assert "last_contact" not in text


def test_only_this_machine_is_answered(tmp_path: Path) -> None:
    async def status() -> Mapping[str, Any]:
        return TOLD

    app = FastAPI()
    app.include_router(metrics_routes(status, tmp_path))

    async def asked(host: str) -> httpx.Response:
        transport = httpx.ASGITransport(app, client=(host, 40000))
        async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
            return await client.get("/metrics")

    here = asyncio.run(asked("127.0.0.1"))
    assert here.status_code == 200
    assert here.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert asyncio.run(asked("192.0.2.9")).status_code == 404
