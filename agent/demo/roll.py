"""The paper that came out of one printer of the demo: each job's bytes, its text, and a picture of it, in a folder."""

from __future__ import annotations

from pathlib import Path

from agent.demo.paper_trail import papers_of, text_of
from receipt.render.picture import Format, render

PAPERS_SHOWN_MAX = 50  # a page with more pictures is no longer looked at; older ones stay in the folder


class Roll:
    """One printer's roll. Files are `job-0001.bin`, `.txt` and `.png`; one writer, any number of readers."""

    def __init__(self, folder: Path, *, model: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._model = model

    def print_job(self, number: int, data: bytes) -> Path:
        """Keep job `number`; return the file of its bytes."""
        path = self._folder / f"job-{number:04}.bin"
        path.write_bytes(data)
        papers = papers_of(data, model=self._model)
        path.with_suffix(".png").write_bytes(render(papers, Format.PNG, model=self._model))
        path.with_suffix(".txt").write_text("\n".join(text_of(papers)) + "\n", encoding="utf-8")
        return path

    def newest(self) -> list[str]:
        """Return the names of the newest jobs, newest first, without suffix."""
        names = sorted((path.stem for path in self._folder.glob("job-*.txt")), reverse=True)
        return names[:PAPERS_SHOWN_MAX]

    def file(self, name: str) -> Path | None:
        """Return a file of the roll by its name; None when it has none such."""
        path = self._folder / name
        return path if path.parent == self._folder and path.is_file() else None
