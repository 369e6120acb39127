"""`journal reread --ocr`: a capture that was printed as a picture becomes a sale when somebody asks, once."""

from __future__ import annotations

import asyncio
import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from agent.command_line import run
from agent.journal.batch import Batch, Capture
from receipt.render.picture import Format, draw
from tests.agent.core_house import CONFIG, Running, journal, make_store
from tests.agent.core_house import receipt as printed_receipt

NO_TESSERACT = "tesseract is not installed; fix: sudo apt-get install tesseract-ocr"


def as_picture(job: bytes) -> bytes:
    """Return a job that prints another one's paper as a bit image, as a driver without fonts does."""
    from io import BytesIO

    from PIL import Image, ImageOps

    drawn = Image.open(BytesIO(draw((job,), Format.PNG).picture))
    rows = ImageOps.invert(drawn.convert("L").crop((0, 0, 608, drawn.height))).convert("1").tobytes()
    return b"\x1b@\x1dv0\x00" + (76).to_bytes(2, "little") + drawn.height.to_bytes(2, "little") + rows + b"\x1dV\x00"


@pytest.fixture
def config(tmp_path):
    """A store that keeps a picture of a receipt which nobody could read."""
    core = make_store(tmp_path / "state")
    body = as_picture(printed_receipt(number=99, cut=False))
    received_at = datetime.now(UTC) - timedelta(days=3)
    capture = Capture(job_id="picture", document_no=0, workstation_id="1", received_at=received_at, body=body)

    async def keep():
        core.writer.start()
        await core.writer.run(lambda store: store.open())
        await core.writer.commit(Batch(capture=capture))
        await asyncio.to_thread(core.writer.close)

    asyncio.run(keep())
    file = tmp_path / "agent.toml"
    file.write_text(CONFIG.format(state_dir=tmp_path / "state", profile="appendix"), "utf-8")
    return file


def reread(capsys, config, *more: str):
    code = run(["journal", "reread", "--dry-run", "--json", "--config", str(config), *more])
    shown = capsys.readouterr()
    return code, json.loads(shown.out) if shown.out else None, shown.err


def test_without_an_eye_a_picture_stays_what_it_was(config, capsys):
    code, told, _ = reread(capsys, config)
    assert code == 0
    assert (told["captures"], told["readable"], told["documents"]) == (1, 0, [])


def test_an_unknown_language_is_told_though_there_is_nothing_to_read(capsys, tmp_path):
    core = make_store(tmp_path / "state")

    async def open_journal():
        core.writer.start()
        await core.writer.run(lambda store: store.open())
        await asyncio.to_thread(core.writer.close)

    asyncio.run(open_journal())
    file = tmp_path / "agent.toml"
    file.write_text(CONFIG.format(state_dir=tmp_path / "state", profile="appendix"), "utf-8")
    code, told, error = reread(capsys, file, "--ocr", "xx")
    assert (code, told) == (2, None)
    assert "xx" in error or "tesseract is not installed" in error


def test_where_nothing_is_installed_the_command_says_what_to_install(config, capsys, tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))  # the operating system's own switch: nothing is faked
    code, told, error = reread(capsys, config, "--ocr", "eng")
    assert (code, told) == (2, None)
    assert "tesseract is not installed" in error
    assert "tesseract-ocr" in error


@pytest.mark.skipif(shutil.which("tesseract") is None, reason=NO_TESSERACT)
def test_a_language_that_is_not_there_is_named_with_those_that_are(config, capsys):
    code, told, error = reread(capsys, config, "--ocr", "eng+xyz")
    assert (code, told) == (2, None)
    assert "tesseract has not xyz" in error


@pytest.mark.real
@pytest.mark.skipif(shutil.which("tesseract") is None, reason=NO_TESSERACT)
def test_tesseract_makes_a_sale_of_a_kept_picture_and_core_journals_it_once(config, capsys, tmp_path):
    code, told, _ = reread(capsys, config, "--ocr", "eng")
    assert code == 0
    assert (told["readable"], told["taken"]) == (1, 0)
    assert (told["documents"][0]["now"], told["documents"][0]["total"]) == ("sale", "7.48")
    core = make_store(tmp_path / "state")

    async def twice() -> list[dict]:
        async with Running(core) as running:
            return [await running.ask("reread", job_id="picture", document_no=0, ocr="eng") for _ in range(2)]

    first, second = asyncio.run(twice())
    assert first["kind"] == "transaction.completed"
    assert (second["ok"], second["code"]) == (False, "not_found")
    (sale,) = [record for record in journal(core) if record.kind == "transaction.completed"]
    assert sale.content()["transaction"]["total"] == "7.48"
    assert sale.content()["reread"] is True
