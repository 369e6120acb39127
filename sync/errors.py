"""What may go wrong between a store and its hub, sorted by who must act (`retail.errors`)."""

from __future__ import annotations

from retail.errors import RefusedError, TryAgainError


class LinkDownError(TryAgainError):
    """The destination could not be reached, or stopped talking; nobody knows whether it took what was sent."""

    code = "link_down"


class AnswerInvalidError(TryAgainError):
    """Something answered, but not the hub, or not to this: a portal's page, a proxy's error, half a body."""

    code = "answer_invalid"


class FencedError(RefusedError):
    """Another device was enrolled for this store. A person must enrol this one again, or put it away."""

    code = "fenced"


class GapError(RefusedError):
    """The hub lacks records before these: it was restored from a backup. Go on from `expected_seq`."""

    code = "gap"

    def __init__(self, message: str, *, expected_seq: int, fix: str = "") -> None:
        super().__init__(message, fix=fix)
        self.expected_seq = expected_seq


class UnknownAncestorError(RefusedError):
    """The hub has another record before these, or none: ask it which records it has."""

    code = "unknown_ancestor"


class RecordRefusedError(RefusedError):
    """One record of a batch is not taken; `seq` says which."""

    code = "record_refused"

    def __init__(self, message: str, *, seq: int, fix: str = "", code: str | None = None) -> None:
        super().__init__(message, fix=fix, code=code)
        self.seq = seq
