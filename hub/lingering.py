"""Answers whoever is still sending what was refused: the answer goes out at once, the rest is read and thrown away.

A connection that is closed while bytes arrive is reset, and a client that sends its whole body before it reads - most
do - would never see why it was refused. So the connection stays for a while (nginx calls this `lingering_close`).
Nothing of what is read is kept.
"""

from __future__ import annotations

import asyncio

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

LINGER_S = 30.0
"""How long a sender of too much is listened to: a gigabyte at 300 Mbit/s; nginx takes the same."""

SILENT_S = 5.0
"""How long it may say nothing meanwhile: it has read the answer, or it is gone."""


class LingeringResponse(Response):
    """A whole answer at once, and its connection closed when the sender has ended or the time is over."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer, then read on (ASGI)."""
        del scope
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        try:
            async with asyncio.timeout(LINGER_S):
                await _read_to_the_end(receive)
        except TimeoutError:
            pass  # it was told; closing is all that is left
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _read_to_the_end(receive: Receive) -> None:
    while True:
        message = await asyncio.wait_for(receive(), SILENT_S)
        if message["type"] != "http.request" or not message.get("more_body"):
            return
