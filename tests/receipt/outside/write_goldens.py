"""`python -m tests.receipt.outside.write_goldens FOLDER`: the goldens as a folder that `profiles score` takes.

NAME.bin is what a print library that is not ours sends for a receipt, NAME.json what the till that rang it up knows.
Documents that refuse a sale are among them. The table of docs/reading.md is recomputed from this folder with
`python -m tests.receipt.outside.write_goldens FOLDER --table`. With `--gapped`, the folder holds the receipts whose
letters the library lacks and prints as `?` instead: few of them can be read, and none may be read wrongly.
"""

import importlib
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from typer.testing import CliRunner

from agent.commands.profiles import profiles_app
from tests.pos_adapters.reading.layouts.base import LAYOUTS, Golden
from tests.pos_adapters.reading.layouts.documents import refused, returned
from tests.receipt.outside.encoders import (
    DOUBLE_BYTE,
    Dialect,
    EncodedGolden,
    by_python_escpos,
    by_receipt_printer_encoder,
    by_receiptline,
)

SEEDS = (21, 22, 23)
LAYOUT_MODULES = ("asian", "english", "german", "others", "polish_and_czech", "romance", "slavic")
FIGURES = ("documents", "without_error", "character_error_rate", "precision", "recall", "kinds_right", "refused")
TITLES = ("documents", "without error", "character error", "precision", "recall", "class right", "refused")


def goldens() -> list[Golden]:
    """Return three receipts of every layout, and the documents that are no sales."""
    for name in LAYOUT_MODULES:
        importlib.import_module(f"tests.pos_adapters.reading.layouts.{name}")
    return [*(function(seed) for function in LAYOUTS.values() for seed in SEEDS), *refused(), *returned()]


def encoded(all_goldens: Sequence[Golden]) -> Iterable[EncodedGolden]:
    """Yield every golden by every encoder that has its letters, in ESC/POS and in Star's languages."""
    by_alphabet = [golden for golden in all_goldens if golden.language not in DOUBLE_BYTE]
    yield from by_python_escpos(by_alphabet)
    for dialect in (Dialect.ESCPOS, Dialect.STAR_PRNT, Dialect.STAR_LINE):
        yield from by_receiptline(all_goldens, dialect)
    for language in ("esc-pos", "star-prnt"):
        yield from by_receipt_printer_encoder(by_alphabet, language)


def gapped(all_goldens: Sequence[Golden]) -> Iterable[EncodedGolden]:
    """Yield the goldens by encoders that lack some of their letters and print `?` for them."""
    yield from by_python_escpos([golden for golden in all_goldens if golden.language not in DOUBLE_BYTE], gapped=True)
    for dialect in (Dialect.ESCPOS, Dialect.STAR_PRNT):
        yield from by_receiptline(all_goldens, dialect, gapped=True)


def write(folder: Path, jobs: Iterable[EncodedGolden]) -> None:
    """Write the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, one in enumerate(jobs):
        golden = one.golden
        name = f"{one.encoder}-{golden.layout}-{number:04d}".replace(" ", "-").replace("/", "-")
        truth = {
            "kind": golden.kind,
            "total": str(golden.total) if golden.total is not None else None,
            "items": golden.items,
            "currency": golden.currency,
            "text": list(one.lines) if one.lines is not None else None,
            "source": f"{one.encoder} ({one.language})",
            "language": golden.language,
            "layout": golden.layout,
        }
        (folder / f"{name}.bin").write_bytes(one.job)
        (folder / f"{name}.json").write_text(json.dumps(truth, ensure_ascii=False), "utf-8")


def table(folder: Path) -> str:
    """Return the figures of the folder as the table of docs/reading.md."""
    answer = CliRunner().invoke(profiles_app, ["score", str(folder), "--json"], catch_exceptions=False)
    found = json.loads(answer.stdout)
    rows = [f"| | {' | '.join(TITLES)} |", f"|---|{'---|' * len(TITLES)}"]
    groups = [*found["by_source"].items(), *found["by_language"].items(), ("**all**", found["all"])]
    rows += [f"| {name} | {' | '.join(_shown(row[key]) for key in FIGURES)} |" for name, row in groups]
    out = found["leave_one_layout_out"]
    rows += [
        "",
        f"Each of {out['layouts']} layouts of sales read without the wordings that it alone prints: recall {_shown(out['recall'])}, precision {_shown(out['precision'])}.",
    ]
    return "\n".join(rows) + "\n"


def _shown(figure: float | None) -> str:
    if figure is None:
        return "-"
    return str(figure) if isinstance(figure, int) else f"{100 * figure:.2f} %"


if __name__ == "__main__":
    place = Path(sys.argv[1])
    if "--table" in sys.argv:
        sys.stdout.write(table(place))
    else:
        write(place, gapped(goldens()) if "--gapped" in sys.argv else encoded(goldens()))
