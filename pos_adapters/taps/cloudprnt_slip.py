"""A slip for a receipt that is over, on Star CloudPRNT: the printer fetches it from the tap as it fetches its jobs.

    none --a slip comes--> waiting --the server has no job: the poll's answer offers ours--> offered
    offered --the printer fetches--> fetched --it confirms, or never does--> none
    waiting, offered --the server has a job, or too much time has gone by--> none (not sent)

The printer asks every few seconds, so a slip waits longer here than on a wire. A slip that has been fetched is not
offered again: it prints once or not at all.
"""

from __future__ import annotations

import asyncio
import json
from typing import NamedTuple
from urllib.parse import parse_qsl
from uuid import UUID

from pos_adapters.taps.book import AskedCut
from pos_adapters.taps.document import Fate
from pos_adapters.taps.http_wire import Head
from pos_adapters.taps.lane_parts import LaneParts
from pos_adapters.taps.late_slips import OUTCOMES
from pos_adapters.taps.slips import wanted_cut

# A slip prints in a second or two, and the confirmation follows at once.
CONFIRM_WITHIN_S = 30.0


class _Slip(NamedTuple):
    asked: AskedCut
    data: bytes

    @property
    def token(self) -> str:
        """What the printer names when it fetches and confirms."""
        return f"slip-{self.asked.job_id}"


class CloudSlip:
    """One slip at a time (see the module's contract)."""

    def __init__(self, parts: LaneParts) -> None:
        self._parts = parts
        self._slip: _Slip | None = None
        self._offered = False
        self._fetched = False
        self._timer: asyncio.TimerHandle | None = None
        self.media = b"application/vnd.star.starprnt"  # what this printer last fetched
        parts.book.on_late_slip = self.came

    @property
    def waits(self) -> bool:
        """Whether a slip is to be offered."""
        return self._slip is not None and not self._fetched

    def came(self, job_id: UUID, slip: bytes) -> bool:
        """Take a slip; False when it cannot be printed any more (see `book.JobBook.on_late_slip`)."""
        parts = self._parts
        asked = wanted_cut(parts.book, parts.policy, job_id=job_id, slip=slip, now_s=parts.loop.time())
        if asked is None or self._slip is not None:
            return False
        self._slip, self._offered, self._fetched = _Slip(asked, slip), False, False
        left_s = asked.asked_at_s + parts.policy.slip_chance_s - parts.loop.time()
        self._timer = parts.loop.call_later(max(left_s, 0.0), self._settle, Fate.LOST)
        return True

    def offered_in(self, answer: bytes) -> bytes:
        """Return the server's answer to a poll with our slip in it, unless the server has a job itself."""
        try:
            told = json.loads(answer)
        except ValueError:
            return answer
        if self._slip is None or not isinstance(told, dict) or told.get("jobReady"):
            return answer
        self._offered = True
        ours = {"jobReady": True, "mediaTypes": [self.media.decode("latin-1")], "jobToken": self._slip.token}
        return json.dumps({**told, **ours, "deleteMethod": "DELETE"}).encode()

    def answer(self, request: Head) -> bytes | None:
        """Return the whole response to a request that concerns our slip; None: it is the server's."""
        slip = self._slip
        if slip is None or not self._offered:
            return None
        method, target, _ = request.words
        given = dict(parse_qsl(target.partition(b"?")[2].decode("latin-1"), keep_blank_values=True))
        if given.get("token", slip.token) != slip.token:
            return None
        if method == b"GET" and "delete" not in given:
            self._fetched = True
            self._wait(CONFIRM_WITHIN_S, Fate.HANDED)
            return _response(slip.data, self.media)
        if self._fetched and method in {b"DELETE", b"GET"}:
            self._settle(Fate.PRINTED if says_printed(given.get("code", "")) else Fate.LOST)
            return _response(b"", b"text/plain")
        return None

    def receipt_comes(self) -> None:
        """Give up a slip that has not been fetched: another receipt is printed first."""
        if self.waits:
            self._settle(Fate.LOST)

    def _wait(self, delay_s: float, fate: Fate) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._parts.loop.call_later(delay_s, self._settle, fate)

    def _settle(self, fate: Fate) -> None:
        slip, self._slip = self._slip, None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if slip is not None:
            self._parts.book.settle_late(slip.asked.job_id, slip.asked.cut_no, OUTCOMES[fate])


def says_printed(code: str) -> bool:
    """Return whether a confirmation's code says that the job was printed."""
    return code.startswith("2") or code.upper() == "OK"


def _response(body: bytes, media: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s" % (media, len(body), body)
