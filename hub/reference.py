"""The wire's reference, made from the messages: JSON Schema for programs, tables for `docs/wire-protocol.md`.

Descriptions are the docstrings in `sync/protocol/`, read from the source when they are asked for, so that
agents pay nothing for them at start.
"""

from __future__ import annotations

import ast
import inspect
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from sync.protocol import feed_messages, messages, value_messages
from sync.protocol.feed_messages import (
    AppliedAnswer,
    AppliedReport,
    ErasuresFile,
    ErasuresProof,
    ErasuresTaken,
    Manifest,
    SignedManifest,
    StopsFile,
)
from sync.protocol.messages import (
    EnrolAnswer,
    EnrolQuestion,
    JournalAck,
    JournalUpload,
    Message,
    PositionAnswer,
    PositionQuestion,
    Refusal,
)
from sync.protocol.value_messages import CouponAnswer, CouponQuestion, LeaseQuestion, LeasesAnswer

MESSAGES: tuple[type[Message], ...] = (
    EnrolQuestion,
    EnrolAnswer,
    JournalUpload,
    JournalAck,
    PositionQuestion,
    PositionAnswer,
    SignedManifest,
    Manifest,
    ErasuresFile,
    StopsFile,
    AppliedReport,
    AppliedAnswer,
    ErasuresProof,
    ErasuresTaken,
    LeaseQuestion,
    LeasesAnswer,
    CouponQuestion,
    CouponAnswer,
    Refusal,
)
"""Every whole message or file, in the order of `docs/wire-protocol.md`."""

BEGIN = "<!-- made by `tillstream hub schema --markdown`; a test compares -->"
END = "<!-- end of what is made -->"

_LINES = re.compile(r"\s*\n\s*")


def json_schema() -> dict[str, Any]:
    """Return one JSON Schema document with every message below `$defs`, described."""
    _, document = models_json_schema([(model, "validation") for model in MESSAGES], title="Tillstream wire protocol")
    for name, field_texts in _descriptions().items():
        schema = document["$defs"].get(name)
        if schema is None:
            continue
        schema["description"] = field_texts[""]
        for field, text in field_texts.items():
            if field in schema.get("properties", {}):
                schema["properties"][field]["description"] = text
    document["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return document


def openapi() -> dict[str, Any]:
    """Return the OpenAPI document that a running hub serves; one in a temporary folder is asked."""
    from hub.app import create_app  # noqa: PLC0415 - the web stack is imported by the one who asks for it
    from hub.bootstrap import open_hub  # noqa: PLC0415
    from hub.config import HubConfig  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        hub = open_hub(HubConfig(state_dir=Path(folder)))
        try:
            return dict(create_app(hub).openapi())
        finally:
            hub.close()


def markdown() -> str:
    """Return a table for each message and for each shape that stands within one."""
    definitions: Mapping[str, Any] = json_schema()["$defs"]
    wanted = [model.__name__ for model in MESSAGES]
    wanted += sorted(definitions.keys() - set(wanted))
    return "\n\n".join([BEGIN, *(_table(name, definitions[name]) for name in wanted), END]) + "\n"


def _table(name: str, schema: Mapping[str, Any]) -> str:
    lines = [f"### {name}", "", schema.get("description", "")]
    if "enum" in schema:
        lines += ["", "One of " + ", ".join(f"`{value}`" for value in schema["enum"]) + "."]
        return "\n".join(lines)
    lines += ["", "| field | form | needed | meaning |", "| --- | --- | --- | --- |"]
    needed = schema.get("required", [])
    for field, told in schema.get("properties", {}).items():
        meaning = told.get("description", "").replace("|", "\\|")
        lines.append(f"| `{field}` | {_form(told)} | {'yes' if field in needed else 'no'} | {meaning} |")
    return "\n".join(lines)


def _form(told: Mapping[str, Any]) -> str:
    if "$ref" in told:
        return str(told["$ref"]).rpartition("/")[2]
    if "anyOf" in told:
        return " or ".join(_form(each) for each in told["anyOf"])
    if "const" in told:
        return f"`{told['const']}`"
    if told.get("type") == "array":
        return f"list of {_form(told['items'])}{_bounds(told, 'minItems', 'maxItems')}"
    if "pattern" in told:
        return f"text `{told['pattern']}`".replace("|", "\\|")
    form = {"string": "text", "integer": "integer", "number": "number", "boolean": "boolean", "null": "null"}
    bounds = _bounds(told, "minimum", "maximum") + _bounds(told, "exclusiveMinimum", "maxLength")
    return form.get(str(told.get("type")), "object") + bounds


def _bounds(told: Mapping[str, Any], low: str, high: str) -> str:
    if low in told and high in told:
        return f" {told[low]:,} to {told[high]:,}"
    if high in told:
        return f" up to {told[high]:,}"
    return ""


def _descriptions() -> dict[str, dict[str, str]]:
    """Return for each class of the messages its docstring (under "") and those of its fields."""
    found: dict[str, dict[str, str]] = {}
    sources = (messages, feed_messages, value_messages)
    nodes = [node for source in sources for node in ast.parse(inspect.getsource(source)).body]
    for node in nodes:
        if isinstance(node, ast.ClassDef):
            bases = [base.id for base in node.bases if isinstance(base, ast.Name)]
            inherited = {field: text for base in bases for field, text in found.get(base, {}).items() if field}
            found[node.name] = inherited | _fields(node) | {"": _one_line(ast.get_docstring(node) or "")}
    return found


def _fields(node: ast.ClassDef) -> dict[str, str]:
    texts: dict[str, str] = {}
    for statement, after in zip(node.body, node.body[1:], strict=False):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            text = after.value if isinstance(after, ast.Expr) else None
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                texts[statement.target.id] = _one_line(text.value)
    return texts


def _one_line(text: str) -> str:
    return _LINES.sub(" ", text.strip())
