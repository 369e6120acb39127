"""A defect is one line of the tap's log; nobody has to read it, and no receipt is in it."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime

from pos_adapters.taps.defects import teller
from pos_adapters.taps.events import EventLog
from pos_adapters.taps.prompt_loop import new_loop

PIPE_BYTES = 1024 * 1024


def told(error: BaseException | None, *, full: bool = False) -> bytes:
    """Return what stands in the log when a loop has reported an error."""
    reader, writer = os.pipe()
    loop = new_loop()
    try:
        os.set_blocking(reader, False)
        if full:
            os.set_blocking(writer, False)
            filled = os.write(writer, b"x" * PIPE_BYTES)
            os.set_blocking(writer, True)
            assert filled < PIPE_BYTES, "the pipe is full"
        log = EventLog(writer, now=lambda: datetime(2026, 1, 1, tzinfo=UTC), as_json=True)
        loop.set_exception_handler(teller(log))
        loop.call_exception_handler({"message": "a line's callback raised", "exception": error})
        return os.read(reader, PIPE_BYTES)
    finally:
        loop.close()
        os.close(reader)
        os.close(writer)


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except type(error) as caught:
        return caught


def test_a_defect_is_said_with_its_place_and_without_its_text() -> None:
    event = json.loads(told(raised(ValueError("no number: Anna 4.30"))))
    assert event["event"] == "defect"
    assert (event["what"], event["cause"]) == ("a line's callback raised", "ValueError")
    assert event["where"].startswith("test_defects.py:")


def test_what_the_system_says_is_said() -> None:
    event = json.loads(told(raised(OSError(24, "Too many open files"))))
    assert event["cause"] == "OSError: Too many open files"


def test_a_report_without_an_error_is_said_as_well() -> None:
    assert json.loads(told(None))["where"] == ""


def test_a_log_that_nobody_reads_holds_nothing() -> None:
    assert b"defect" not in told(raised(ValueError("x")), full=True)
