"""How the agent is, for Prometheus: `GET /metrics`, text format 0.0.4, answered to this machine only.

Numbers and workstation ids, never a member, a receipt or a code. It is the status in another shape: what `tillstream
status --json` does not know stands nowhere here, and a core that is away is `tillstream_up{program="core"} 0`.
"""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
LOOPBACK = frozenset({"127.0.0.1", "::1"})

Sample = tuple[dict[str, str], float]


def metrics_routes(status: Callable[[], Awaitable[Mapping[str, Any]]], root: Path) -> APIRouter:
    """Return the route. `status` is the whole status, `root` the folder whose disk counts."""
    router = APIRouter()

    @router.get("/metrics", include_in_schema=False)
    async def metrics(request: Request) -> Response:
        """Return the exposition; who asks from elsewhere is told that there is nothing."""
        if request.client is None or request.client.host not in LOOPBACK:
            return PlainTextResponse("only on this machine\n", 404)
        told = await status()
        return PlainTextResponse(
            exposition(told, free_bytes=shutil.disk_usage(root).free, version=installed_version("tillstream")),
            media_type=CONTENT_TYPE,
        )

    return router


def exposition(told: Mapping[str, Any], *, free_bytes: int, version: str) -> str:
    """Return a status as Prometheus reads it: every family once, with help and type, in a fixed order."""
    lines: list[str] = []
    for name, about, samples in _families(told, free_bytes, version):
        lines += [f"# HELP {name} {about}", f"# TYPE {name} gauge"]
        lines += [f"{name}{_labels(labels)} {_number(value)}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def _families(told: Mapping[str, Any], free_bytes: int, version: str) -> Iterator[tuple[str, str, list[Sample]]]:
    core, desk, hub = _part(told, "core"), _part(told, "desk"), _part(told, "hub")
    mirror, journal = _part(told, "mirror"), _part(told, "journal")
    taps: list[Mapping[str, Any]] = list(told.get("taps") or [])
    up = [({"program": name}, float(part.get("state") == "running")) for name, part in (("core", core), ("desk", desk))]
    yield "tillstream_build_info", "The version that runs.", [({"version": version}, 1.0)]
    yield "tillstream_up", "Whether a program answers.", up
    single = (
        ("core_rss_bytes", "Memory of core.", core.get("rss_bytes")),
        ("core_started_timestamp_seconds", "When core began.", _seconds(core.get("started_at"))),
        ("core_troubles", "Troubles that core tells of (tillstream doctor).", len(core.get("troubles") or [])),
        ("journal_head_seq", "Number of the newest record.", journal.get("head_seq")),
        ("hub_backlog_records", "Records that the hub has not taken.", hub.get("backlog")),
        ("hub_parked_records", "Records that the hub would not take.", hub.get("parked")),
        ("hub_last_contact_timestamp_seconds", "When the hub last answered.", _seconds(hub.get("last_contact"))),
        ("mirror_age_seconds", "Age of what is known of customers.", mirror.get("age_s")),
        ("mirror_codes", "Codes that are known.", mirror.get("customers")),
        ("disk_free_bytes", "Free at the state folder.", free_bytes),
    )
    for name, about, value in single:
        if isinstance(value, int | float):
            yield f"tillstream_{name}", about, [({}, float(value))]
    lanes = [({"workstation": str(tap.get("workstation_id"))}, tap) for tap in taps]
    if lanes:
        yield (
            "tillstream_tap_connected",
            "Whether a tap talks to core.",
            [(labels, float(bool(tap.get("connected")))) for labels, tap in lanes],
        )
        yield (
            "tillstream_printer_trouble",
            "Whether a printer does not print.",
            [(labels, float(bool((tap.get("printer") or {}).get("trouble")))) for labels, tap in lanes],
        )


def _part(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = told.get(name)
    return part if isinstance(part, Mapping) else {}


def _seconds(moment: object) -> float | None:
    return datetime.fromisoformat(moment).timestamp() if isinstance(moment, str) else None


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    escaped = {
        name: value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n") for name, value in labels.items()
    }
    return "{" + ",".join(f'{name}="{value}"' for name, value in escaped.items()) + "}"
