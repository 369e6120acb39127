"""An explained reading, for the terminal in colour, and as a page: the receipt's picture left, the reading right."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence

from pos_adapters.reading.values import LineRole, Reading
from receipt.paper import Paper

_PLAIN = "\x1b[0m"
_COLOURS = {
    "item": "\x1b[32m",
    "total": "\x1b[1;36m",
    "tender": "\x1b[35m",
    "change": "\x1b[35m",
    "voided": "\x1b[31m",
}
_PAGE = """<!doctype html><meta charset="utf-8"><title>tillstream explain</title>
<style>body{{font:14px system-ui;display:flex;gap:2em;margin:2em}}
td{{padding:0 .8em;white-space:pre;font-family:monospace}}
tr.proved td{{background:#eaf7ea}}h2{{margin:0 0 .5em}}
.why{{color:#a33}}section{{margin-bottom:2em}}img{{max-width:420px}}</style>
<div><img alt="the receipt" src="data:image/png;base64,{picture}"></div><div>{sections}</div>
"""


def explained_text(readings: Sequence[tuple[Paper, Reading]], *, colour: bool) -> str:
    """Return the readings for a terminal."""
    pieces = []
    for paper, reading in readings:
        pieces.append(_headline(reading))
        pieces += [_line(paper, role, colour=colour) for role in reading.roles]
        pieces += [f"proof: {proof}" for proof in reading.proof]
        pieces.append("")
    return "\n".join(pieces) + "\n"


def explained_page(readings: Sequence[tuple[Paper, Reading]], printer: str) -> str:
    """Return the readings as a page that needs nothing else."""
    from receipt.render.picture import Format, render  # noqa: PLC0415 - draws: the terminal need not wait for it

    picture = render([paper for paper, _ in readings], Format.PNG, model=printer)
    sections = "".join(_section(paper, reading) for paper, reading in readings)
    return _PAGE.format(picture=base64.b64encode(picture).decode("ascii"), sections=sections)


def _headline(reading: Reading) -> str:
    told = f"{reading.kind.value}"
    if reading.profile:
        told += f", profile {reading.profile}"
    if reading.parked is not None:
        told += f", parked: {reading.parked.reason.value} - {reading.parked.detail}"
    return told


def _line(paper: Paper, role: LineRole, *, colour: bool) -> str:
    text = paper.text[role.line] if role.line < len(paper.text) else ""
    begin = _COLOURS.get(role.role.split(" ")[0], "") if colour else ""
    equation = f"  [{role.equation}]" if role.equation else ""
    return f"{begin}{role.role:18s}{_PLAIN if begin else ''} | {text}{equation}"


def _section(paper: Paper, reading: Reading) -> str:
    rows = "".join(
        f'<tr class="{"proved" if role.equation else ""}"><td>{html.escape(_text(paper, role))}</td>'
        f"<td>{html.escape(role.role)}</td><td>{html.escape(role.equation or '')}</td></tr>"
        for role in reading.roles
    )
    proof = "".join(f"<p>{html.escape(one)}</p>" for one in reading.proof)
    why = f'<p class="why">{html.escape(_headline(reading))}</p>' if reading.parked else ""
    return f"<section><h2>{html.escape(reading.kind.value)}</h2>{why}{proof}<table>{rows}</table></section>"


def _text(paper: Paper, role: LineRole) -> str:
    return paper.text[role.line] if role.line < len(paper.text) else ""
