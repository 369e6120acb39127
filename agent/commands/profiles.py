"""`tillstream learn` and `tillstream profiles test|generate|explain|score`: for those who teach a make of till.

A folder of captures holds `NAME.bin` beside its golden `NAME.json`; profiles are TOML files. As in beangulp, exactly
one profile may claim a job, and a claimed job without a golden fails.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.commands.explained import explained_page, explained_text
from agent.commands.jobs import LanguageChoice, job_of, jobs_of, papers_of, print_json
from pos_adapters.profiles.answers import parse_answers
from pos_adapters.profiles.learning import Answer, Sample
from pos_adapters.profiles.learning import learn as learn_profile
from pos_adapters.profiles.leaving_out import LaidOut, left_out
from pos_adapters.profiles.profile import Profile, claimed_by, parse_profile, profile_toml
from pos_adapters.profiles.profiled import Profiled
from pos_adapters.profiles.scoring import Score, figures, score
from pos_adapters.reading.labels import main_language
from pos_adapters.reading.lines import LineReader, standard_reader
from pos_adapters.reading.reader import read_text, text_of
from pos_adapters.reading.values import Reading, ReceiptText
from pos_adapters.reading.word_files import standard_lexicon
from receipt.paper import Paper
from receipt.printers import DEFAULT_MODEL
from retail.errors import ConfigurationError
from retail.line_items import ReturnLineItem, SaleLineItem
from retail.transaction import DocumentKind

profiles_app = typer.Typer(no_args_is_help=True, help="Test, explain and score how tills are read.")

_NUMBERED = re.compile(r"[-_. ]?\d+$")  # "corner-shop-12" is a receipt of the layout "corner-shop"
FolderArgument = Annotated[
    Path, typer.Argument(exists=True, file_okay=False, metavar="FOLDER", help="NAME.bin beside NAME.json.")
]
ProfilesOption = Annotated[
    list[Path] | None, typer.Option("--profile", exists=True, help="Profiles (TOML files or folders of them).")
]
PrinterOption = Annotated[str, typer.Option("--printer", metavar="MODEL", help="The printer the job was made for.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def learn(
    samples: Annotated[list[Path], typer.Argument(exists=True, metavar="SAMPLES…", help="Jobs of one till.")],
    *,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="PROFILE.toml", help="The profile to write.")],
    answers: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="What you know: {NAME: {kind, total, tenders}}.")
    ] = None,
    printer: PrinterOption = DEFAULT_MODEL,
    as_json: JsonOption = False,
) -> None:
    """Learn from samples how a till prints; write a profile."""
    _check_ending(output, "a profile", (".toml",))
    files = jobs_of(samples)
    told = (
        parse_answers(_json_of(answers), source=str(answers), samples=[file.stem for file in files]) if answers else {}
    )
    taken = [
        Sample(name=file.stem, text=text_of(paper), answer=told.get(file.stem, Answer()))
        for file in files
        for paper in papers_of(job_of(file), printer, LanguageChoice.AUTO)[:1]
    ]
    lesson = learn_profile(output.stem, taken, standard_reader())
    _write(output, profile_toml(lesson.profile))
    summary = {
        "profile": str(output),
        "samples": len(taken),
        "read_before": lesson.read_before,
        "read_after": lesson.read_after,
        "unread": list(lesson.unread),
    }
    if as_json:
        print_json(summary)
    else:
        sys.stdout.write(
            f"{output}: {lesson.read_after} of {len(taken)} samples are read, {lesson.read_before} were before.\n"
        )
        if lesson.unread:
            sys.stdout.write(f"not read: {', '.join(lesson.unread)}; see tillstream profiles explain FILE\n")


@profiles_app.command("score", epilog="Example: tillstream profiles score captures --json")
def score_folder(
    folder: FolderArgument,
    *,
    profile: ProfilesOption = None,
    printer: PrinterOption = DEFAULT_MODEL,
    as_json: JsonOption = False,
) -> None:
    """Hold what is read against goldens: figures by source and language."""
    profiled = Profiled(_profiles(profile, folder))
    held = [
        _scored(folder, file, printer, profiled=profiled)
        for file in jobs_of([folder])
        if file.with_suffix(".json").is_file()
    ]
    if not held:
        raise ConfigurationError(f"{folder} holds no NAME.bin beside NAME.json", fix="add goldens", code="no_goldens")
    found = figures([score for score, _ in held])
    found["leave_one_layout_out"] = left_out(
        [one for _, one in held if one and one.sale], standard_lexicon(), _score_of
    )
    if as_json:
        print_json(found)
        return
    out = found["leave_one_layout_out"]
    assert isinstance(out, dict)
    sys.stdout.write(f"each layout without its own words: recall {out['recall']}, precision {out['precision']}\n")
    for title in ("by_source", "by_language"):
        sys.stdout.write(f"{title.replace('_', ' ')}\n")
        groups = found[title]
        assert isinstance(groups, dict)
        for name, row in {**groups, "all": found["all"]}.items():
            shown = "  ".join(f"{key} {value}" for key, value in row.items())
            sys.stdout.write(f"  {name:24s} {shown}\n")


def _scored(folder: Path, file: Path, printer: str, *, profiled: Profiled) -> tuple[Score, LaidOut | None]:
    """Return the score of a job's document that its golden fits best, and that document."""
    golden = dict(_goldens_of(file.with_suffix(".json"))[0])
    papers = papers_of(job_of(file), str(golden.get("printer") or printer), LanguageChoice.AUTO)
    golden.setdefault(
        "source", str(file.parent.relative_to(folder)) if file.parent != folder else file.stem.split("-")[0]
    )
    name = str(file.relative_to(folder))
    layout = str(golden.get("layout") or _NUMBERED.sub("", file.stem))
    best: tuple[Score, LaidOut] | None = None
    lines = standard_reader()
    for paper in papers:
        text = text_of(paper)
        reading = profiled.read(text)
        golden.setdefault("language", main_language(lines.read_all(text.lines), lines.lexicon) or "unknown")
        one = score(name, golden, _read_document(paper.text, reading))
        if best is None or _fits(one) > _fits(best[0]):
            best = one, LaidOut(name=name, layout=layout, text=text, golden=golden)
    return best if best is not None else (score(name, golden, None), None)


def _fits(one: Score) -> tuple[bool, int]:
    return one.kind_right, -one.character_errors


def _score_of(document: LaidOut, reading: Reading) -> Score:
    """Hold another reading of a document against its golden."""
    return score(document.name, document.golden, _read_document(document.text.lines, reading))


def _read_document(lines: Sequence[str], reading: Reading) -> dict[str, Any]:
    transaction = reading.transaction
    goods = [
        {"type": "sale" if isinstance(line, SaleLineItem) else "return", "description": line.description}
        for line in (transaction.line_items if transaction else ())
        if isinstance(line, SaleLineItem | ReturnLineItem)
    ]
    return {
        "kind": reading.kind.value,
        "text": list(lines),
        "parked": {"reason": reading.parked.reason.value} if reading.parked else None,
        "transaction": {
            "total": str(transaction.total),
            "currency": transaction.currency,
            "line_items": goods,
        }
        if transaction
        else None,
    }


@profiles_app.command("test", epilog="Example: tillstream profiles test captures --profile corner-till.toml")
def prove_folder(
    folder: FolderArgument,
    *,
    profile: ProfilesOption = None,
    printer: PrinterOption = DEFAULT_MODEL,
    as_json: JsonOption = False,
) -> None:
    """Read every job with the profile that claims it, and compare with its golden."""
    known = _profiles(profile, folder)
    readers = {one.name: one.reader(standard_lexicon()) for one in known}
    results = [_tested(file, known, readers, printer) for file in jobs_of([folder])]
    if as_json:
        print_json(results)
    else:
        for result in results:
            mark = "ok" if result["ok"] else "FAILED"
            sys.stdout.write(f"{mark:7s}{result['file']}: {result['what']}\n")
    if not all(result["ok"] for result in results):
        raise typer.Exit(1)


def _tested(file: Path, known: list[Profile], readers: dict[str, LineReader], printer: str) -> dict[str, Any]:
    try:
        found = _golden_of(file, known, readers, printer)
    except ConfigurationError as error:  # two profiles claim it: that fails this job, and the others are tried
        return {"file": str(file), "ok": False, "what": f"{error.message}; {error.fix}"}
    golden_file = file.with_suffix(".json")
    if not golden_file.is_file():
        claimed = any(one["profile"] for one in found)
        what = "claimed, but has no golden: profiles generate writes one" if claimed else "no profile claims it"
        return {"file": str(file), "ok": not claimed, "what": what}
    wanted = _goldens_of(golden_file)
    _refuse_unknown_kinds(golden_file, wanted)
    for number, (want, got) in enumerate(zip(wanted, found, strict=False)):
        for key in ("kind", "total", "items", "currency", "profile"):
            if key in want and want[key] is not None and str(want[key]) != str(got[key]):
                what = (
                    f"document {number}: {key} is {got[key]}, golden says {want[key]} ({got['parked'] or 'not parked'})"
                )
                return {"file": str(file), "ok": False, "what": what}
    if len(wanted) != len(found):
        return {"file": str(file), "ok": False, "what": f"{len(found)} documents, golden has {len(wanted)}"}
    return {"file": str(file), "ok": True, "what": f"{len(found)} document(s) as the golden says"}


@profiles_app.command("generate", epilog="Example: tillstream profiles generate captures --profile corner-till.toml")
def generate_goldens(
    folder: FolderArgument,
    *,
    profile: ProfilesOption = None,
    printer: PrinterOption = DEFAULT_MODEL,
    force: Annotated[bool, typer.Option("--force", help="Write over goldens that exist.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write a golden beside each job that has none. Check each by eye: a golden is your word, not the reader's."""
    known = _profiles(profile, folder)
    readers = {one.name: one.reader(standard_lexicon()) for one in known}
    written = []
    for file in jobs_of([folder]):
        golden_file = file.with_suffix(".json")
        if golden_file.exists() and not force:
            continue
        found = _golden_of(file, known, readers, printer)
        _write(golden_file, json.dumps(found[0] if len(found) == 1 else found, ensure_ascii=False, indent=1) + "\n")
        written.append(str(golden_file))
    if as_json:
        print_json({"written": written})
    else:
        sys.stdout.write("".join(f"{name}: check it\n" for name in written) or "every job has its golden\n")


def _golden_of(file: Path, known: list[Profile], readers: dict[str, LineReader], printer: str) -> list[dict[str, Any]]:
    found = []
    for paper in papers_of(job_of(file), printer, LanguageChoice.AUTO):
        text = text_of(paper)
        reading = _read_with(known, readers, text)
        transaction = reading.transaction
        found.append(
            {
                "kind": reading.kind.value,
                "total": str(transaction.total) if transaction else None,
                "items": transaction.item_count if transaction else None,
                "currency": transaction.currency if transaction else None,
                "profile": reading.profile,
                "parked": reading.parked.detail if reading.parked else None,
                "text": list(paper.text),
            }
        )
    return found


def _read_with(
    known: list[Profile], readers: dict[str, LineReader], text: ReceiptText, *, explain: bool = False
) -> Reading:
    profile = claimed_by(known, text)
    if profile is None:
        return read_text(text, explain=explain)
    return profile.read(text, readers[profile.name], explain=explain)


@profiles_app.command("explain", epilog="Example: tillstream profiles explain receipt.bin -o receipt.html")
def explain_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, metavar="FILE", help="A print job.")],
    *,
    profile: ProfilesOption = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="PAGE.html", help="Write a page with the picture beside.")
    ] = None,
    printer: PrinterOption = DEFAULT_MODEL,
    as_json: JsonOption = False,
) -> None:
    """Show, line by line, which role each line got and which equation proved it."""
    if output is not None:
        _check_ending(output, "a page", (".html", ".htm"))
    known = _profiles(profile, None)
    readers = {one.name: one.reader(standard_lexicon()) for one in known}
    papers = papers_of(job_of(file), printer, LanguageChoice.AUTO)
    readings = [(paper, _read_with(known, readers, text_of(paper), explain=True)) for paper in papers]
    if output is not None:
        _write(output, explained_page(readings, printer))
    if as_json:
        print_json([_explained(paper, reading) for paper, reading in readings])
    elif output is None:
        sys.stdout.write(explained_text(readings, colour=sys.stdout.isatty()))


def _explained(paper: Paper, reading: Reading) -> dict[str, Any]:
    return {
        "kind": reading.kind.value,
        "profile": reading.profile,
        "proof": list(reading.proof),
        "parked": {"reason": reading.parked.reason.value, "detail": reading.parked.detail} if reading.parked else None,
        "lines": [
            {
                "text": paper.text[role.line] if role.line < len(paper.text) else "",
                "role": role.role,
                "amount": str(role.amount) if role.amount is not None else None,
                "equation": role.equation,
            }
            for role in reading.roles
        ],
    }


def _profiles(named: list[Path] | None, folder: Path | None) -> list[Profile]:
    places = [*(named or ()), *([folder] if folder is not None else ())]
    files = [file for place in places for file in (sorted(place.glob("*.toml")) if place.is_dir() else [place])]
    for place in named or ():
        if place.is_dir() and not any(place.glob("*.toml")):
            raise ConfigurationError(
                f"{place} holds no profile", fix="name a folder with *.toml files", code="no_profiles"
            )
    profiles = [
        parse_profile(_text_of(file), source=str(file)) for file in {file.resolve(): file for file in files}.values()
    ]
    names = [profile.name for profile in profiles]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ConfigurationError(
            f"two profiles are called `{twice}`", fix="give each a name of its own", code="two_profiles"
        )
    return profiles


def _goldens_of(file: Path) -> list[dict[str, Any]]:
    """Return the goldens of a job, one a document."""
    told = _json_of(file)
    goldens = told if isinstance(told, list) else [told]
    if not goldens or not all(isinstance(golden, dict) for golden in goldens):
        raise ConfigurationError(
            f"{file}: no golden", fix='write {"kind": "sale", "total": "4.30", "items": 2}', code="bad_golden"
        )
    return goldens


def _refuse_unknown_kinds(file: Path, goldens: list[dict[str, Any]]) -> None:
    kinds = [kind.value for kind in DocumentKind]
    for golden in goldens:
        if golden.get("kind", kinds[0]) not in kinds:
            raise ConfigurationError(
                f"{file}: no document is of the kind `{golden['kind']}`",
                fix=f"use one of: {', '.join(kinds)}",
                code="bad_golden",
            )


def _json_of(file: Path) -> Any:
    try:
        return json.loads(_text_of(file))
    except json.JSONDecodeError as error:
        raise ConfigurationError(
            f"{file}, line {error.lineno}: no JSON: {error.msg}", fix="correct the line", code="bad_json"
        ) from error


def _text_of(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{file} cannot be read: {error}", fix="name a UTF-8 file", code="cannot_read"
        ) from error


def _check_ending(output: Path, what: str, endings: Sequence[str]) -> None:
    """Raise where a file's name says that it holds something else than is written."""
    if output.suffix.lower() not in endings:
        raise ConfigurationError(
            f"{output}: {what} is written, which this name does not say",
            fix=f"end the name in {' or '.join(endings)}",
            code="bad_format",
        )


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"{file} cannot be written: {error.strerror}", fix="name another place", code="cannot_write"
        ) from error
