"""How a program of ours ends when something is wrong: what it tells on standard error, and with which code."""

from __future__ import annotations

import json
import sys

from retail.errors import ConfigurationError, NotPermittedError, TillstreamError

EXIT_PROBLEM = 1
EXIT_USAGE = 2
EXIT_NOT_PERMITTED = 77  # EX_NOPERM of sysexits.h
EXIT_LEFT = 130  # what a shell calls a program that Ctrl-C ended


def tell(error: TillstreamError, *, as_json: bool = False) -> int:
    """Tell a person (message and `fix:`) or a program (one object) what went wrong; return the exit code."""
    if as_json:
        told = {"code": error.code, "message": error.message, "fix": error.fix}
        sys.stderr.write(json.dumps(told, ensure_ascii=False) + "\n")
    else:
        sys.stderr.write(f"tillstream: {error.message}\n")
        if error.fix:
            sys.stderr.write(f"fix: {error.fix}\n")
    if isinstance(error, NotPermittedError):
        return EXIT_NOT_PERMITTED
    return EXIT_USAGE if isinstance(error, ConfigurationError) else EXIT_PROBLEM
