"""What a form of the hub's pages has sent, and where a reader goes after it."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs

from fastapi import Request

from retail.errors import RefusedError

FORM_BYTES_MAX = 8_192
FIELDS_MAX = 32


async def read_form(request: Request) -> Mapping[str, str]:
    """Return a form's fields, of one that came twice the first. Raises RefusedError: no form, or too large."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_BYTES_MAX:
            raise RefusedError("the form is too large", fix="type less", code="too_large")
    try:
        told = parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError as error:
        raise RefusedError("this is no form", fix="open the page again", code="invalid") from error
    return {name: values[0] for name, values in told.items()}


def place_of(request: Request, path: str) -> str:
    """Return the address of a page here, behind whatever proxy."""
    return f"{request.scope.get('root_path', '')}{path}"
