"""Schemathesis, an outside reader of OpenAPI, finds nothing in the till API that answers otherwise than declared."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn

from agent.desk.process import bind
from tests.kiosk.kiosk_fakes import FakeClock, app_over_fake


@contextmanager
def served() -> Iterator[str]:
    """Serve the desk's application on a port of its own; yields its address."""
    listening = bind("127.0.0.1:0")
    host = f"127.0.0.1:{listening.getsockname()[1]}"
    app, _core, _switchboard = app_over_fake(clock=FakeClock(), hosts=(host,))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", http="h11", ws="none"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])), daemon=True)
    thread.start()
    try:
        yield f"http://{host}"
    finally:
        server.should_exit = True
        thread.join(30)
        listening.close()


@pytest.mark.real
@pytest.mark.parametrize("examples", [5, pytest.param(300, marks=pytest.mark.slow)], ids=["a sample", "for long"])
def test_schemathesis_finds_no_answer_that_the_till_api_does_not_declare(tmp_path: Path, examples: int):
    with served() as url:
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json"]
        ended = subprocess.run(
            [
                *(*command, "--header", f"Origin: {url}", "--include-path-regex", "^/v1/loyalty"),
                *("--max-examples", str(examples), "--suppress-health-check", "all", "--seed", "7", "--no-color"),
            ],
            cwd=tmp_path,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr[-2000:]
