"""The frames between a tap and core, over a Unix socket, a named pipe or pinned TLS.

A frame is a 5-byte head - payload length (u32, big-endian) and type (u8) - and its payload. JSON payloads are
UTF-8 objects; a reader ignores members it does not know. `job` is the 16-byte UUID of the job as the first bytes of
every payload that concerns a job, so that a late answer can never reach the next customer's receipt.

tap to core
    HELLO    JSON {"protocol": 1, "workstation": id, "printer": address, "tap": uuid, "model": name, "older": bool,
             "trouble": [...], "ahead": bool, "right": path}; "older": jobs may still come SEALED that are older than
             what prints now; said again when they have come; "trouble": as in PRINTER; "ahead": AHEAD is understood;
             "right": a pipe that rights to lent blocks may be put into (`right`), empty where none can be had
    JOB      job + JSON {"received_at": ISO 8601 UTC}
    BYTES    job + the register's bytes, in order
    CUT      job + u16 cut number + u32 offset: bytes of this job before the cut command; BYTES already sent
    OUTCOME  job + u16 cut number + u8 Outcome
    JOB_END  job + JSON {"reason": "close" | "silence", "truncated": bool}
    SEALED   job + a spooled job sealed to the agent's public key (see `sealed_job`); answered by ACK
    USED     job + u16 cut number + u32 offset: as CUT, and the block that was lent for it has been printed
    PRINTER  16 zero bytes (no job) + JSON {"printer": address, "trouble": ["paper_end", ...], "since": ISO 8601 UTC};
             sent when it changes and after HELLO when there is trouble; an empty list says that it prints again
core to tap
    BLOCK    job + u16 cut number + bytes to print immediately before the cut command
    NONE     job + u16 cut number
    SLIP     job + bytes to print as a slip of their own when the register is silent (profile `separate_slip`)
    ACK      job: everything of it is on disk; the tap forgets it
    AHEAD    job + bytes that the next BLOCK may bring: the tap looks through them before anybody waits
    LEND     job + u16 cut number + u32 offset + u64 number: what AHEAD brought may be printed at this cut, should it
             come at this offset or behind feeds, by whoever takes this number out of the pipe
"""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import NamedTuple

PROTOCOL_VERSION = 1
JOB_BYTES = 16
NO_JOB = bytes(JOB_BYTES)
FRAME_BYTES_MAX = 16 * 1024 * 1024  # a sealed job is the largest frame; anything larger is a broken peer

HEAD = struct.Struct(">IB")
CUT_BODY = struct.Struct(">HI")
LEND_BODY = struct.Struct(">HIQ")
ANSWER_BODY = struct.Struct(">H")
OUTCOME_BODY = struct.Struct(">HB")


class FrameType(IntEnum):
    """What a frame says."""

    HELLO = 1
    JOB = 2
    BYTES = 3
    CUT = 4
    OUTCOME = 5
    JOB_END = 6
    SEALED = 7
    PRINTER = 8
    USED = 9
    BLOCK = 16
    NONE = 17
    SLIP = 18
    ACK = 19
    AHEAD = 20
    LEND = 21


class Outcome(IntEnum):
    """What became of a block or slip (journal kinds `offer.printed`, `offer.not_printed`)."""

    PRINTED = 1  # the printer said so
    UNCONFIRMED = 2  # handed to the kernel; the printer has no way to say
    LATE = 3  # it came after the budget; not sent
    NOT_SENT = 4  # the connection was gone, or new register bytes came first


class Frame(NamedTuple):
    """One frame, its payload still in bytes."""

    type: FrameType
    payload: bytes


class BrokenPeerError(Exception):
    """The other side does not speak this protocol: an unknown type, a length over the maximum."""


def encode(frame_type: FrameType, payload: bytes = b"") -> bytes:
    """Return the bytes of one frame."""
    return HEAD.pack(len(payload), frame_type) + payload


class FrameReader:
    """Push bytes, pull frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """Take bytes as they came and return the frames they complete.

        Raises BrokenPeerError when the peer is not one of ours; nothing can be read from it after that.
        """
        self._buffer += data
        frames = []
        position = 0
        while len(self._buffer) - position >= HEAD.size:
            length, number = HEAD.unpack_from(self._buffer, position)
            if length > FRAME_BYTES_MAX or number not in FrameType.__members__.values():
                raise BrokenPeerError(f"frame of type {number} and {length} bytes")
            if len(self._buffer) - position - HEAD.size < length:
                break
            start = position + HEAD.size
            frames.append(Frame(FrameType(number), bytes(self._buffer[start : start + length])))
            position = start + length
        del self._buffer[:position]
        return frames
