"""What an answer of the hub means: a message, or the error that its refusal stands for, by status class and code."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TypeVar

from pydantic import ValidationError

from retail.errors import RefusedError, TillstreamError, TryAgainError
from sync.errors import AnswerInvalidError, FencedError, GapError, RecordRefusedError, UnknownAncestorError
from sync.protocol.messages import Message, Refusal
from sync.protocol.signatures import Answer

AnswerT = TypeVar("AnswerT", bound=Message)


class ClockWrongError(TryAgainError):
    """The hub holds our clock for wrong and tells its own."""

    def __init__(self, message: str, *, hub_time: datetime) -> None:
        super().__init__(message, fix="set the clock of this machine", code="clock_wrong")
        self.hub_time = hub_time


def parsed(model: type[AnswerT], answer: Answer) -> AnswerT:
    """Return the message of an answer. Raises AnswerInvalidError when it is of another form."""
    try:
        return model.model_validate_json(answer.body)
    except ValidationError as error:
        raise AnswerInvalidError("the hub's answer is of another form", fix="update the agent") from error


def refusal_error(answer: Answer) -> TillstreamError:
    """Return the error that a refusal stands for, by status class and code."""
    refusal = parsed(Refusal, answer)
    message, fix, code = refusal.message, refusal.fix, refusal.code
    error: TillstreamError
    if code == "gap" and refusal.expected_seq is not None:
        error = GapError(message, expected_seq=refusal.expected_seq, fix=fix)
    elif code in {"gap", "unknown_ancestor"}:
        error = UnknownAncestorError(message, fix=fix)
    elif code == "fenced":
        error = FencedError(message, fix=fix)
    elif code == "clock_wrong" and refusal.hub_time is not None:
        error = _clock_wrong(message, refusal.hub_time)
    elif refusal.seq is not None:
        error = RecordRefusedError(message, seq=refusal.seq, fix=fix, code=code)
    elif _is_passing(answer, refusal):
        wait_s = refusal.retry_after_s if refusal.retry_after_s is not None else retry_after_s(answer.headers)
        error = TryAgainError(message, fix=fix, code=code, retry_after_s=wait_s)
    else:
        error = RefusedError(message, fix=fix, code=code)
    return error


def _is_passing(answer: Answer, refusal: Refusal) -> bool:
    """Return whether the same call may succeed later."""
    busy = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT}
    return answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status in busy or refusal.code == "replayed"


def _clock_wrong(message: str, hub_time: str) -> TillstreamError:
    try:
        told = datetime.fromisoformat(hub_time)
    except ValueError:
        return AnswerInvalidError("the hub told a time that is none", fix="it is tried again")
    if told.tzinfo is None:
        return AnswerInvalidError("the hub told a time without offset", fix="it is tried again")
    return ClockWrongError(message, hub_time=told)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return Retry-After in seconds (RFC 9110 section 10.2.3); None without one, and for what is none.

    A date is counted from the answer's own, because the clock here may be wrong. Anybody on the way may have written
    either.
    """
    told = headers.get("retry-after", "").strip()
    if told.isascii() and told.isdecimal():
        return float(told)
    try:
        wait = parsedate_to_datetime(told) - parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError, OverflowError):  # no date; one without a zone; one beyond any calendar
        return None
    return max(0.0, wait.total_seconds())
