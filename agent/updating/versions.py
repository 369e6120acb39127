"""Which of two versions is the newer one: numbers by value, a pre-release before its release (PEP 440's usual part)."""

from __future__ import annotations

import re

_VERSION = re.compile(r"^(\d+(?:\.\d+){0,4})(?:(a|b|rc)(\d+))?(?:\+.*)?$")
_RELEASE = ("z", 0)  # after every pre-release


def version_key(text: str) -> tuple[tuple[int, ...], tuple[str, int]]:
    """Return what versions are ordered by. Raises ValueError for what is no version."""
    match = _VERSION.match(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no version, e.g. 1.4.2")
    numbers = tuple(int(each) for each in match[1].split("."))
    while numbers and numbers[-1] == 0:
        numbers = numbers[:-1]
    return numbers, (match[2], int(match[3])) if match[2] else _RELEASE


def is_newer(offered: str, present: str) -> bool:
    """Say whether an offered version is newer than the one that is here. Raises ValueError."""
    return version_key(offered) > version_key(present)
