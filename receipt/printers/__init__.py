"""Printer models: how wide, how fine, which number selects which code page, what the printer can draw by itself.

Contract: `printer_model(name)` returns one of the models that the TOML files beside this module declare (a file a
vendor; `code_pages.toml` holds the tables that models share). Nothing is read before the first call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from retail.errors import ConfigurationError
from retail.shipped import read_shipped

DEFAULT_MODEL = "generic-80mm"
_CODE_PAGES_FILE = "code_pages.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterModel:
    """The facts of a printer model. `code_pages` names codecs as Python does, or as `receipt.code_pages` adds them."""

    name: str
    vendor: str
    language: str  # escpos or star
    columns: int  # of font A
    columns_b: int  # of font B
    dots: int  # printable, on a line
    dpi: int
    native_qr: bool  # understands the command for QR codes; else they go as images
    cutter: bool
    graphics: bool = True  # draws images and barcodes; printers with needles print them as garbage
    code_pages: Mapping[int, str]
    double_byte: str | None = None  # codec of its ideographs, when it always has them on

    @property
    def cell_dots(self) -> int:
        """Dots from one character of font A to the next."""
        return self.dots // self.columns


def printer_model(name: str) -> PrinterModel:
    """Return a model by its name, whatever the case. Raises ConfigurationError with the nearest names, else all."""
    models = printer_models()
    model = models.get(name.casefold())
    if model is None:
        from difflib import get_close_matches  # noqa: PLC0415 - a tap need not have it

        near = get_close_matches(name.casefold(), models, n=3, cutoff=0.4)
        raise ConfigurationError(
            f"no printer model is called {name!r}",
            fix=f"use one of: {', '.join(models[each].name for each in near or sorted(models))}",
            code="unknown_printer_model",
        )
    return model


@cache
def printer_models() -> Mapping[str, PrinterModel]:
    """Return every model by its name in lower case."""
    folder = Path(__file__).parent
    pages = {
        name: MappingProxyType({int(number): codec for number, codec in table.items()})
        for name, table in read_shipped(folder.joinpath(_CODE_PAGES_FILE)).items()
    }
    models: dict[str, PrinterModel] = {}
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if file.name.endswith(".toml") and file.name != _CODE_PAGES_FILE:
            for name, facts in read_shipped(file).items():
                facts["code_pages"] = pages[facts["code_pages"]]
                models[name.casefold()] = PrinterModel(name=name, **facts)
    return MappingProxyType(models)


@cache
def pages_by_number() -> Mapping[int, tuple[str, ...]]:
    """Return what each number selects on any printer: real jobs select by their own printer's number."""
    found: dict[int, dict[str, None]] = {}
    for model in printer_models().values():
        for number, codec in model.code_pages.items():
            found.setdefault(number, {})[codec] = None
    return MappingProxyType({number: tuple(codecs) for number, codecs in found.items()})
