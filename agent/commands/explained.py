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
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>tillstream explain</title>
<meta name="viewport" content="width=device-width,initial-scale=1">
<style>body{{font:15px/1.45 system-ui,sans-serif;margin:2rem;background:#eceae6;color:#222;display:grid;
grid-template-columns:minmax(0,420px) minmax(0,1fr);gap:2rem;align-items:start}}
@media(max-width:60rem){{body{{grid-template-columns:minmax(0,1fr)}}}}
.paper{{background:#fff;box-shadow:0 1px 6px #0004;position:sticky;top:2rem;
max-height:calc(100vh - 4rem);overflow:auto}}
.paper img{{display:block;width:100%}}
section{{background:#fff;padding:1.2rem 1.5rem;margin-bottom:2rem;overflow-x:auto}}
h2{{margin:0 0 .5rem}}table{{border-collapse:collapse;margin-top:1rem}}th{{text-align:left;font-weight:600}}
td,th{{padding:.1rem .9rem .1rem 0;white-space:pre;font-size:13px;border-bottom:1px solid #eee;vertical-align:top}}
td{{font-family:ui-monospace,"DejaVu Sans Mono",monospace}}td:last-child{{white-space:normal}}
tr.proved td:first-child{{border-left:4px solid #2a8a4a;padding-left:.6rem}}
td:first-child{{padding-left:calc(.6rem + 4px)}}
.item{{color:#17692f}}.total{{color:#0b5f8a;font-weight:700}}.tender,.change{{color:#7a2a8a}}.voided{{color:#a33}}
.rule,.text{{color:#777}}.why{{color:#a33}}.proof{{font-family:ui-monospace,monospace;margin:.2rem 0}}</style>
<div class="paper"><img alt="the receipt" src="data:image/png;base64,{picture}"></div><main>{sections}</main></html>
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
    rows = "".join(_row(paper, role) for role in reading.roles)
    proof = "".join(f'<p class="proof">{html.escape(one)}</p>' for one in reading.proof)
    why = f'<p class="why">{html.escape(_headline(reading))}</p>' if reading.parked else ""
    head = "<tr><th>printed</th><th>role</th><th>proved by</th></tr>"
    return f"<section><h2>{html.escape(reading.kind.value)}</h2>{why}{proof}<table>{head}{rows}</table></section>"


def _row(paper: Paper, role: LineRole) -> str:
    proved = ' class="proved"' if role.equation else ""
    colour = html.escape(role.role.split(" ")[0])
    return (
        f"<tr{proved}><td>{html.escape(_text(paper, role))}</td>"
        f'<td class="{colour}">{html.escape(role.role)}</td><td>{html.escape(role.equation or "")}</td></tr>'
    )


def _text(paper: Paper, role: LineRole) -> str:
    return paper.text[role.line] if role.line < len(paper.text) else ""
