"""Core as a process of its own, as the supervisor starts it, for tests that kill it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from pathlib import Path


async def start_core(config: Path) -> asyncio.subprocess.Process:
    """Start core; it listens some moments later."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "agent", "agent", "core", "--config", str(config), stderr=asyncio.subprocess.DEVNULL
    )


async def ask_when_there(path: Path, code: str) -> dict[str, object]:
    """Scan as desk does, as soon as core listens."""
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(OSError, ValueError):
                reader, writer = await asyncio.open_unix_connection(str(path))
                request = {"id": 1, "op": "scan", "workstation_id": "1", "code": code, "symbology": "ean13"}
                writer.write(json.dumps(request).encode() + b"\n")
                answer = dict(json.loads(await reader.readline()))
                writer.close()
                return answer
            await asyncio.sleep(0.02)
