"""How fast print jobs are read: tokens, text, what is left at the cut, and hostile streams.

Peers. npos 0.1.19 (npm) runs beside us where node is found and NPOS names the folder it was installed in (`npm i
--ignore-scripts npos@0.1.19`); elsewhere its rate of 2026-11-22 stands for it, the best of three. escpos-tools (PHP) is
in no package registry that we reach: its rates measured in November 2026 on two shared cores stand for it, 2.1 MB/s on
text, 2.0 MB/s on Cyrillic text, at most 6.5 MB/s on its own sample, a short receipt with a logo. Jobs are made here, by
python-escpos where a library's habits matter; nothing captured is needed. Rates and times are of the processor, so that
a neighbour on the machine does not count.
"""

from __future__ import annotations

import gc
import os
import random
import shutil
import statistics
import subprocess
import tempfile
import time
import tracemalloc
import warnings
from collections.abc import Callable
from pathlib import Path

import harness
from harness import Figure, figure

from receipt.document import PaperReader
from receipt.escpos.tokenizer import Tokenizer

ESCPOS_TOOLS = "escpos-tools (PHP), measured 2026-11"
ESCPOS_TOOLS_TEXT_MB_S = 2.1
ESCPOS_TOOLS_CYRILLIC_MB_S = 2.0
ESCPOS_TOOLS_SAMPLE_MB_S = 6.5
NPOS_MEASURED = "npos 0.1.19, measured 2026-11-22"
NPOS_SAMPLE_MB_S = 10.3
HOSTILE_BYTES = 10 * 1024 * 1024
PIECE = 4096  # what a socket hands over


def receipt(language: str) -> bytes:
    """Return a receipt of 40 lines as tills print them."""
    names = {
        "en": ("Milk 3.2% 1 l", "Rye bread", "Cheese gouda 48%", "TOTAL", "Cash", "Change", "Thank you!"),
        "ru": ("Молоко 3,2% 1 л", "Хлеб ржаной", "Сыр Гауда 48%", "ИТОГО", "Наличными", "Сдача", "Спасибо!"),
    }[language]

    def said(text: str) -> bytes:
        return text.encode("cp866")

    lines = [b"\x1b@\x1ba\x01\x1b!\x30SHOP\n\x1b!\x00", b"High Street 1\n", b"\x1bt\x11\x1ba\x00" + b"-" * 48 + b"\n"]
    lines += [said(f"{names[each % 3]:<36}{each * 1.5 + 0.99:>12.2f}\n") for each in range(30)]
    lines += [b"=" * 48 + b"\n", b"\x1bE\x01" + said(f"{names[3]:<36}{'742.20':>12}\n") + b"\x1bE\x00"]
    lines += [said(f"{names[4]:<36}{'800.00':>12}\n"), said(f"{names[5]:<36}{'57.80':>12}\n"), b"\n"]
    lines += [b"\x1ba\x01" + said(f"{names[6]}\n"), b"\x1bd\x03", b"\x1dV\x41\x00"]
    return b"".join(lines)


def library_job() -> bytes:
    """Return what python-escpos sends for a short receipt with a logo of 400 x 200 dots and a QR code."""
    from escpos.printer import Dummy
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        printer = Dummy(profile="TM-T20II")
        picture = Image.new("1", (400, 200), 1)
        picture.paste(0, (20, 20, 380, 180))
        printer.image(picture)
        printer.set(align="center", bold=True)
        printer.text("ExampleMart Ltd.\nShop No. 42.\n\n")
        printer.set(align="left", bold=False)
        for name, price in (("Example item 1", 4.0), ("Another thing", 3.5), ("Something else", 1.0)):
            printer.text(f"{name:<38}{price:>10.2f}\n")
        printer.cut()
    return bytes(printer.output)


def tokens(data: bytes) -> None:
    """Cut a stream into tokens, in the pieces that a socket hands over."""
    tokenizer = Tokenizer()
    for at in range(0, len(data), PIECE):
        tokenizer.feed(data[at : at + PIECE])
    tokenizer.close()


def text(data: bytes) -> None:
    """Read a stream into paper."""
    reader = PaperReader()
    for at in range(0, len(data), PIECE):
        reader.feed(data[at : at + PIECE])
    reader.close()


def mb_per_s(read: Callable[[bytes], None], data: bytes, *, repeats: int) -> float:
    """Return the median rate in MB/s."""
    rates = []
    for _ in range(repeats):
        start = time.process_time()
        read(data)
        rates.append(len(data) / (time.process_time() - start) / 1e6)
    return statistics.median(rates)


def at_the_cut(job: bytes, *, repeats: int) -> tuple[float, float]:
    """Return the median time of a whole receipt, and of what is left to do when its cut is held, in us."""
    whole, left = [], []
    before_cut = job[:-4]
    for _ in range(repeats):
        reader = PaperReader()
        start = time.process_time()
        reader.feed(before_cut)
        streamed = time.process_time()
        reader.finish_here()
        end = time.process_time()
        whole.append((end - start) * 1e6)
        left.append((end - streamed) * 1e6)
    return statistics.median(whole), statistics.median(left)


def hostile_streams() -> dict[str, bytes]:
    """Return streams that try to exhaust a reader."""
    noise = random.Random(7).randbytes(HOSTILE_BYTES)  # reproducible
    return {
        "noise": noise,
        "line feeds": b"\n" * HOSTILE_BYTES,
        "lines of a letter": _repeated(b"x\n"),
        "centred lines, wider than the paper": _repeated(b"y" * 70 + b"\r\n", after=b"\x1ba\x01"),
        "no line feed": b"A" * HOSTILE_BYTES,
        "unknown commands": b"\x1b\xff" * (HOSTILE_BYTES // 2),
        "endless raster": b"\x1d8L\xff\xff\xff\xff" + bytes(HOSTILE_BYTES),
        "raster heads": _repeated(b"\x1dv0\x00\xff\xff\xff\xff"),
        "a macro called for ever": _repeated(b"\x1d^\xff\x00\x00", after=b"\x1d:" + b"AAAA\n" * 300 + b"\x1d:"),
        "page mode in page mode": _repeated(b"\x1bLhello\n\x1dW\xff\xff"),
        "ESC alone": _repeated(b"\x1b"),
        "bytes of 0xFF": _repeated(b"\xff"),
        "bytes of NUL": _repeated(b"\x00"),
        "a page change before each letter": _repeated(b"\x1bt\x11\xe0\x1bt\x02\xe1"),
    }


def _repeated(piece: bytes, *, after: bytes = b"") -> bytes:
    return after + piece * ((HOSTILE_BYTES - len(after)) // len(piece))


def memory_above_start_mb(data: bytes) -> float:
    """Return the most memory that reading a stream holds beyond the stream itself, in MB."""
    gc.collect()
    tracemalloc.start()
    text(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 1e6


def npos_mb_per_s(data: bytes) -> float | None:
    """Return npos' rate on a job, or None where node or npos is missing or npos gives up on the job."""
    place = os.environ.get("NPOS")
    node = shutil.which("node")
    if not place or not node or not Path(place).is_dir():
        return None
    script = """
const npos = require(process.argv[1] + '/node_modules/npos'); const data = require('fs').readFileSync(process.argv[2]);
(async () => { const rates = [];
  for (let round = 0; round < 50; round++) { const before = process.cpuUsage(); await npos.parser().parse(data);
    const used = process.cpuUsage(before); rates.push(data.length / (used.user + used.system)); }
  console.log(rates.sort((a, b) => a - b)[25]); })().catch(() => process.exit(1));
"""
    with tempfile.NamedTemporaryFile(suffix=".bin") as job:
        job.write(data)
        job.flush()
        run = subprocess.run(
            [node, "-e", script, place, job.name], capture_output=True, text=True, check=False, timeout=60
        )
    return float(run.stdout) if run.returncode == 0 and run.stdout.strip() else None


def rates(*, repeats: int) -> list[Figure]:
    """Measure tokens and text on three kinds of jobs."""
    english, cyrillic, sample = receipt("en") * 200, receipt("ru") * 200, library_job()
    found = []
    for what, data, peer, times in (
        ("tokens of a short library job with a logo, MB/s", sample * 50, ESCPOS_TOOLS_SAMPLE_MB_S, 50),
        ("tokens of English text, MB/s", english, ESCPOS_TOOLS_TEXT_MB_S, 10),
        ("tokens of Cyrillic text, MB/s", cyrillic, ESCPOS_TOOLS_CYRILLIC_MB_S, 10),
    ):
        ours = mb_per_s(tokens, data, repeats=repeats)
        goal = f">= {times} x escpos-tools"
        found.append(figure(what, ours, peer, ESCPOS_TOOLS, goal=goal, holds=ours >= times * peer))
    for what, data in (("text of English receipts, MB/s", english), ("text of Cyrillic receipts, MB/s", cyrillic)):
        ours = mb_per_s(text, data, repeats=max(1, repeats // 2))
        found.append(figure(what, ours, ESCPOS_TOOLS_TEXT_MB_S, ESCPOS_TOOLS))
    here = npos_mb_per_s(sample)
    npos, name = (NPOS_SAMPLE_MB_S, NPOS_MEASURED) if here is None else (here, "npos 0.1.19")
    ours = mb_per_s(tokens, sample, repeats=repeats)
    what = "tokens of a short library job with a logo, MB/s, beside npos"
    found.append(figure(what, ours, npos, name, goal="faster than npos", holds=ours > npos))
    return found


def measure(*, quick: bool) -> list[Figure]:
    """Measure everything; `quick` with fewer repetitions."""
    repeats = 5 if quick else 21
    found = rates(repeats=repeats)
    for language, name in (("en", "English"), ("ru", "Cyrillic")):
        whole, left = at_the_cut(receipt(language), repeats=150 if quick else 2000)
        what = f"{name} receipt of 40 lines to text, p50 us"
        found.append(figure(what, whole, goal="<= 500 us together with structure (read.py)", holds=whole <= 500))
        found.append(figure(f"{name} receipt: left at the cut, p50 us", left, goal="<= 100 us", holds=left <= 100))
    for name, data in hostile_streams().items():
        part = data[: len(data) // 40] if quick else data
        memory = memory_above_start_mb(part)
        what = f"memory above start on {len(part) / 1e6:.1f} MB of {name}, MB"
        found.append(figure(what, memory, goal="<= 32 MB", holds=memory <= 32))
        slow, fast = (_seconds(data[: len(data) // each]) for each in ((80, 160) if quick else (10, 20)))
        growth = slow / fast
        what = f"time for twice the bytes of {name}"
        found.append(figure(what, growth, goal="linear: about 2", holds=growth < 3))
    return found


def _seconds(data: bytes) -> float:
    start = time.process_time()
    text(data)
    return time.process_time() - start


if __name__ == "__main__":
    harness.main("decode", measure)
