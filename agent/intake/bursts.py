"""What comes from a tap together is read together: in a burst the cut stands behind its receipt already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pos_adapters.taps.frames import JOB_BYTES, Frame, FrameType


def together(frames: Iterable[Frame]) -> Iterator[tuple[Frame, bool]]:
    """Yield each frame, and whether its job's cut comes directly behind it.

    A job's bytes that follow each other are one frame. What precedes a cut that has come need not be read ahead of it.
    """
    before: Frame | None = None
    for frame in frames:
        if before is not None:
            is_same_job = before.payload[:JOB_BYTES] == frame.payload[:JOB_BYTES]
            if is_same_job and before.type is frame.type is FrameType.BYTES:
                before = Frame(FrameType.BYTES, before.payload + frame.payload[JOB_BYTES:])
                continue
            yield before, is_same_job and frame.type is FrameType.CUT
        before = frame
    if before is not None:
        yield before, False
