"""Finding fonts on this machine, to draw what a printer has no letters for. They are read when first needed."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from receipt.letters import Letters

_LINUX = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf",
    "/usr/share/fonts/truetype/liberation/LiberationMono-Regular.ttf",
    "/usr/share/fonts/truetype/noto/NotoSansMono-Regular.ttf",
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/truetype/noto/NotoSansArabic-Regular.ttf",
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
)
_WINDOWS = tuple(
    f"C:/Windows/Fonts/{name}" for name in ("consola.ttf", "arial.ttf", "malgun.ttf", "msyh.ttc", "msgothic.ttc")
)
_FONTS = _WINDOWS if sys.platform == "win32" else _LINUX


def find_letters(paths: Iterable[str] = _FONTS) -> Letters | None:
    """Return letters of the fonts that this machine has, small and common ones first; None when it has none of them.

    Without a font a character that the printer lacks is printed as `?`.
    """
    found = [path for path in map(Path, paths) if path.is_file()]
    return Letters([path.read_bytes for path in found]) if found else None
