"""What a record's payload says, read alike wherever the hub reads one: a store may have sent any text as payload.

Two things that JSON may write as an escape have no place in a database: half a character (a surrogate alone), which no
page or export can hold either, so that such a payload says nothing; and the zero character, which is left out.
"""

from __future__ import annotations

import json
import re
from typing import Any

_DOUBTFUL = re.compile(r"\\u(?:[dD][89a-fA-F]|0000)")


def read_content(payload: str) -> Any:
    """Return what a payload says. Raises ValueError for what is no JSON, nests too deep, or has half a character."""
    try:
        content = json.loads(payload)
        return _writable(content) if _DOUBTFUL.search(payload) else content
    except RecursionError as error:
        raise ValueError("the payload nests too deep") from error


def content_of(payload: str | None) -> dict[str, Any] | None:
    """Return the object that a payload holds; None where there is none, or none that can be read."""
    if payload is None:
        return None
    try:
        content = read_content(payload)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _writable(content: Any) -> Any:
    """Return content without zero characters. Raises ValueError (UnicodeEncodeError) for half a character."""
    if isinstance(content, str):
        return content.encode().decode().replace("\0", "")
    if isinstance(content, dict):
        return {_writable(key): _writable(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_writable(each) for each in content]
    return content
