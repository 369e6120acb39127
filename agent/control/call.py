"""One question to core over `control.sock`, for the command line: connect, ask, read one answer, close."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

from agent.control.server import LINE_BYTES_MAX
from retail.errors import RefusedError, TryAgainError

ANSWER_S = 5.0  # core answers in milliseconds; a commit on a dying disk takes seconds
LONG_S = 900.0  # a copy of a journal of years on a slow disk; a capture looked for among all records


def ask_core(path: Path, op: str, *, answer_s: float = ANSWER_S, **values: object) -> dict[str, Any]:
    """Return core's answer. Raises TryAgainError when core is away, RefusedError when it says no.

    `answer_s` is how long to wait for an op that takes longer than a commit.
    """
    request = json.dumps({"id": 1, "op": op, **values}).encode() + b"\n"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(answer_s)
            link.connect(str(path))
            link.sendall(request)
            answer: dict[str, Any] = json.loads(_line(link))
    except (OSError, ValueError) as error:
        raise TryAgainError(
            f"core does not answer: {error}", fix="tillstream agent run --config FILE", code="core_away"
        ) from error
    if not answer.pop("ok", False):
        raise RefusedError(str(answer.get("message")), fix=str(answer.get("fix", "")), code=str(answer.get("code")))
    answer.pop("id", None)
    return answer


def _line(link: socket.socket) -> bytes:
    received = bytearray()
    while not received.endswith(b"\n"):
        data = link.recv(65536)
        if not data or len(received) > LINE_BYTES_MAX:
            raise OSError("the answer ended in the middle")
        received += data
    return bytes(received)
