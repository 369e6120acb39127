"""Errors sorted by who must act; that class decides retry or park, an error's text never does."""

from __future__ import annotations


class TillstreamError(Exception):
    """Something went wrong. `message` says what and where, `fix` says what to do about it.

    `code` is a stable word for programs (`snake_case`); it is the `code` of the API's `{code, message, fix}`.
    """

    code = "internal"

    def __init__(self, message: str, *, fix: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
        if code is not None:
            self.code = code


class TryAgainError(TillstreamError):
    """Nobody need act: the same call may succeed later (a link is down, a server is busy)."""

    code = "try_again"

    def __init__(
        self, message: str, *, fix: str = "", code: str | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message, fix=fix, code=code)
        self.retry_after_s = retry_after_s


class OnSiteError(TillstreamError):
    """A person in the store must act: paper, plug, permission, disk."""

    code = "on_site"


class NotPermittedError(TillstreamError):
    """Whoever asked is not allowed what they asked for: another user of this machine is."""

    code = "not_permitted"


class ConfigurationError(TillstreamError):
    """Whoever configured the store or the chain must act: a setting, a campaign, an imported file."""

    code = "configuration"


class RefusedError(TillstreamError):
    """The other side understood and said no; the same call will be refused again."""

    code = "refused"


class DefectError(TillstreamError):
    """We must act: a state that our own code promised not to reach."""

    code = "defect"
