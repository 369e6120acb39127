"""How long the cut is held: 12 workstations at a receipt a second each, through real taps, core and journal, desk busy.

A register sends a 2 KB receipt of a member who was scanned, then the cut; the clock runs from the cut leaving the
register to the cut reaching the printer, so it holds the tap's own time, reading, decision among 1,000 campaigns, the
durable commit, the slip's bytes. Two clients ask desk for pages all the time. With 0, 1 and 5 ms added to every sync.
Each twice: the receipt sent in one burst, so that core has everything still to read when the cut comes (while a printer
prints it for half a second), and at the pace of a cable of 115,200 baud, where a hold is what the paper waits for.
Every sale is another member's, as in a store. The mirror holds ten million customers, which takes some minutes and two
gigabytes of memory to make; it is kept in the folder for temporary files. `--quick` runs four workstations and twenty
thousand customers. Beside the figures stands the floor (`hold_floor.py`): what the same machine takes for two bare
processes and one commit.

Tills, printers and browsers are other machines in a store. Here they share two processors with the agent, so they give
way to it: the kernel notes when the cut reached the printer's socket, and none of them interrupts the agent.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

import bench_store
import harness
import slow_sync
from hold_floor import floor_ms

from agent.promptness import be_patient

ADDED_MS = (0, 1, 5)
WORKSTATIONS = 12
QUICK_WORKSTATIONS = 4
RECEIPTS_A_SECOND = 1.0
CUT = b"\x1dV\x00"
PIECE_BYTES = 512
CABLE_BYTES_A_SECOND = 11_520  # 115,200 baud
PRODUCT = "4006381333931"
START_S = 300.0  # on a machine that others use, too
DESK_CLIENTS = 2
STORE_NICENESS = 10
FLOOR_S = 4.0
SO_TIMESTAMPNS = 35  # asm-generic/socket.h: when the newest of the bytes that are read reached the socket
_TIMESPEC = struct.Struct("=qq")

Holds = dict[tuple[int, bool], list[tuple[float, bool]]]
"""(ms added to a sync, whether at a cable's pace) -> (hold in s, whether the block was printed) of every receipt."""

Floors = dict[tuple[int, bool], tuple[float, float]]
"""The same -> p50 and p99 of what `hold_floor.py` takes beside the same busy desk, in ms."""


class Printer:
    """Takes what a tap sends and tells when the cut came, by the kernel's clock, and whether our block came before it.

    The kernel notes when bytes reached the printer's socket: how soon this process is given the processor to read them
    is no part of a hold, since a printer has a processor of its own.
    """

    def __init__(self) -> None:
        self.cut_at_ns: asyncio.Future[tuple[int, bool]] | None = None
        self._taken = bytearray()

    def serve(self, port: int) -> socket.socket:
        """Listen as a network printer does, one connection after the other; return the listening socket."""
        listener = socket.create_server(("127.0.0.1", port))
        listener.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        listener.settimeout(0)
        asyncio.get_running_loop().add_reader(listener, self._begin, listener)
        return listener

    def _begin(self, listener: socket.socket) -> None:
        """Begin a receipt."""
        connection, _ = listener.accept()
        connection.settimeout(0)
        self._taken.clear()
        asyncio.get_running_loop().add_reader(connection, self._take, connection)

    def _take(self, connection: socket.socket) -> None:
        """Take bytes; the clock stops with the cut."""
        try:
            data, notes, _, _ = connection.recvmsg(65_536, socket.CMSG_SPACE(_TIMESPEC.size))
        except OSError:
            data, notes = b"", []
        if not data:
            asyncio.get_running_loop().remove_reader(connection)
            connection.close()
            return
        self._taken += data
        if CUT in self._taken and self.cut_at_ns is not None and not self.cut_at_ns.done():
            seconds, ns = _TIMESPEC.unpack(notes[0][2][: _TIMESPEC.size])
            self.cut_at_ns.set_result((seconds * 1_000_000_000 + ns, b"Katharina" in self._taken))


class Core:
    """Asks core over its control socket, as desk does."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def connect(self) -> None:
        """Connect; raises OSError while core is not there."""
        self._reader, self._writer = await asyncio.open_unix_connection(str(self._path))
        self._lock = asyncio.Lock()

    async def ask(self, **request: object) -> dict[str, object]:
        """Return the answer to one request; requests wait for each other."""
        async with self._lock:
            self._writer.write(json.dumps({"id": 1, **request}).encode() + b"\n")
            return json.loads(await self._reader.readline())


@functools.cache
def _receipt_form() -> bytes:
    """Return a receipt of about 2 KB as python-escpos prints it, without its cut; its number is still to be set."""
    from escpos.printer import Dummy

    goods = [(f"Household article number {place}", 100 + place) for place in range(30)]
    printer = Dummy()
    printer.text(f"CORNER SHOP\n{datetime.now().astimezone():%d.%m.%Y %H:%M}\nReceipt No NUMBER\n")
    for name, cents in goods:
        printer.text(f"{name:<38}{cents / 100:>10.2f}\n")
    total = sum(cents for _, cents in goods) / 100
    printer.text(f"{'TOTAL EUR':<38}{total:>10.2f}\n{'CASH':<38}{total:>10.2f}\nThank you for your purchase\n")
    return bytes(printer.output)


def receipt(number: int) -> bytes:
    """Return a receipt with this number; making it costs the measuring process nothing."""
    return _receipt_form().replace(b"NUMBER", str(number).encode())


async def register(
    store: bench_store.BenchStore,
    lane: int,
    printer: Printer,
    core: Core,
    cards: Iterator[str],
    *,
    first: int,
    seconds: float,
    paced: bool,
) -> list[tuple[float, bool]]:
    """Sell once a second, receipts numbered from `first`, to the holders of `cards`.

    Returns (hold in s, whether the block was printed) of each.
    """
    loop = asyncio.get_running_loop()
    seen = []
    began = loop.time()
    number = lane * 100_000 + first
    await asyncio.sleep(lane / len(store.tap_ports))
    while loop.time() < began + seconds:
        due = loop.time() + 1 / RECEIPTS_A_SECOND
        number += 1
        body = receipt(number)
        workstation = str(lane + 1)
        await core.ask(op="scan", workstation_id=workstation, code=PRODUCT, symbology="ean13", source="scanner")
        card = next(cards)
        await core.ask(op="scan", workstation_id=workstation, code=card, symbology="ean13", source="scanner")
        await asyncio.sleep(0.3)
        printer.cut_at_ns = loop.create_future()
        reader, writer = await asyncio.open_connection("127.0.0.1", store.tap_ports[lane])
        for at in range(0, len(body), PIECE_BYTES):
            writer.write(body[at : at + PIECE_BYTES])
            await writer.drain()
            if paced:
                await asyncio.sleep(PIECE_BYTES / CABLE_BYTES_A_SECOND)
        sent_at_ns = time.time_ns()
        writer.write(CUT)
        cut_at_ns, printed = await asyncio.wait_for(printer.cut_at_ns, 5)
        seen.append(((cut_at_ns - sent_at_ns) / 1e9, printed))
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        del reader
        await asyncio.sleep(max(0.0, due - loop.time()))
    return seen


BROWSE = """
import os, sys, urllib.request
os.nice(10)
if hasattr(os, "SCHED_IDLE"):
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
while True:
    try:
        urllib.request.urlopen(sys.argv[1], timeout=10).read()
    except OSError:
        pass
"""


@contextlib.contextmanager
def browsing(port: int) -> Iterator[None]:
    """Ask desk for pages without a pause, from processes of their own.

    A store's browsers are other machines: here they get what processor nobody else wants, and wait for nobody's.
    """
    command = [sys.executable, "-c", BROWSE, f"http://127.0.0.1:{port}/v1/status"]
    browsers = [subprocess.Popen(command) for _ in range(DESK_CLIENTS)]
    try:
        yield
    finally:
        for browser in browsers:
            browser.kill()
            browser.wait()


async def sell(
    store: bench_store.BenchStore, shim: Mapping[str, str], seconds: float, runs: Iterable[tuple[int, bool]]
) -> tuple[Holds, Floors]:
    """Wait until the store runs, sell for a while in each of the runs; before each measure its floor."""
    syncs = Path(shim["SLOW_SYNC_COUNT"])
    printers = [Printer() for _ in store.printer_ports]
    servers = [printer.serve(port) for printer, port in zip(printers, store.printer_ports, strict=True)]
    core = Core(store.state.control_socket)
    await until_it_runs(core)
    held: Holds = {}
    floors: Floors = {}
    cards = itertools.cycle(store.cards)
    with browsing(store.desk_port):
        for added_ms, paced in runs:
            slow_sync.change(syncs, added_ms=added_ms)
            floors[added_ms, paced] = await asyncio.to_thread(
                floor_ms, syncs.parent, shim, seconds=FLOOR_S, is_burst=not paced
            )
            first = added_ms * 10_000 + 5_000 * paced  # a number that came before would be a copy
            lanes = [
                register(store, lane, printer, core, cards, first=first, seconds=seconds, paced=paced)
                for lane, printer in enumerate(printers)
            ]
            held[added_ms, paced] = [hold for lane in await asyncio.gather(*lanes) for hold in lane]
    for server in servers:
        server.close()
    return held, floors


async def until_it_runs(core: Core) -> None:
    """Return when core answers and all taps are connected. Raises TimeoutError."""
    async with asyncio.timeout(START_S):
        while True:
            with contextlib.suppress(OSError, ValueError):
                await core.connect()
                status = await core.ask(op="status")
                if status["core"]["memory_complete"] and all(tap["connected"] for tap in status["taps"]):
                    return
            await asyncio.sleep(0.1)


def sync_ms(library: Path, folder: Path, *, added_ms: int) -> float:
    """Return how long one append and sync takes under the shim, in ms: the unit the goals are stated in."""
    code = (
        "import os,sys,time\nd=os.open(sys.argv[1],os.O_WRONLY|os.O_CREAT)\nt=[]\n"
        "for _ in range(100):\n b=time.perf_counter();os.write(d,bytes(4096));os.fdatasync(d);"
        "t.append(time.perf_counter()-b)\nprint(sorted(t)[50]*1e3)"
    )
    env = slow_sync.environment(library, added_ms=added_ms, count_file=folder / "unit")
    done = subprocess.run([sys.executable, "-c", code, str(folder / "raw")], env=env, check=True, capture_output=True)
    return float(done.stdout)


RUNS = tuple(itertools.product(ADDED_MS, (False, True)))
"""(ms added to a sync, whether at a cable's pace)."""


def run_store(
    store: bench_store.BenchStore,
    folder: Path,
    library: Path,
    *,
    seconds: float,
    runs: Iterable[tuple[int, bool]] = RUNS,
) -> tuple[Holds, Floors]:
    """Run one store under the shim and sell in it."""
    syncs = folder / "syncs"
    env = slow_sync.environment(library, added_ms=0, count_file=syncs)
    log = (folder / "agent.log").open("wb")
    agent = subprocess.Popen(
        [sys.executable, "-m", "agent", "agent", "run", "--config", str(store.config)],
        env=env, cwd=harness.ROOT, stdout=log, stderr=log,
    )  # fmt: skip
    os.nice(STORE_NICENESS)
    be_patient()  # tills and printers are other machines: none of them takes the agent's processor away
    try:
        return asyncio.run(sell(store, env, seconds, runs))
    finally:
        os.kill(agent.pid, signal.SIGTERM)
        agent.wait()
        log.close()


def measure(*, quick: bool) -> list[harness.Figure]:
    """Sell at every added delay and hold the result against the goals."""
    if not slow_sync.is_available():
        sys.stderr.write("hold_at_cut: gcc is not here (apt-get install gcc libc6-dev); nothing measured\n")
        return []
    seconds, customers, workstations = (2.0, 20_000, QUICK_WORKSTATIONS) if quick else (20.0, 10_000_000, WORKSTATIONS)
    figures: list[harness.Figure] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library = slow_sync.build(folder)
        unit_ms = {added_ms: sync_ms(library, folder, added_ms=added_ms) for added_ms in ADDED_MS}
        members = int(2 * len(ADDED_MS) * seconds * workstations)
        store = bench_store.make_store(
            folder, workstations=workstations, customers=customers, campaigns=1000, members=members
        )
        held, floors = run_store(store, folder, library, seconds=seconds)
        for (added_ms, paced), quantiles in floors.items():
            what = "two bare processes and one commit" + ("" if paced else " with reading and deciding alone")
            figures += [
                harness.figure(f"floor, {what}, {part}, ms, +{added_ms} ms a sync", each)
                for part, each in zip(("p50", "p99"), quantiles, strict=True)
            ]
        for (added_ms, paced), holds in held.items():
            at = f"{workstations} workstations, +{added_ms} ms a sync, {'at a cable' if paced else 'in a burst'}"
            figures += judged(holds, at=at, unit_ms=unit_ms[added_ms])
    return figures


def judged(holds: list[tuple[float, bool]], *, at: str, unit_ms: float) -> list[harness.Figure]:
    """Return the figures of one run."""
    held_ms = [hold * 1e3 for hold, _ in holds]
    p50, p99 = harness.quantile(held_ms, 0.5), harness.quantile(held_ms, 0.99)
    printed = sum(printed for _, printed in holds) / len(holds)
    p50_limit, p99_limit = unit_ms + 1, 2 * unit_ms + 3
    return [
        harness.figure(
            f"hold p50, ms, {at}", p50, unit_ms, "one sync",
            goal=f"<= one sync + 1 ms ({p50_limit:.3g})", holds=p50 <= p50_limit,
        ),
        harness.figure(
            f"hold p99, ms, {at}", p99, unit_ms, "one sync",
            goal=f"<= 2 syncs + 3 ms ({p99_limit:.3g})", holds=p99 <= p99_limit,
        ),
        harness.figure(f"receipts with their offer, share, {at}", printed, goal=">= 0.99", holds=printed >= 0.99),
    ]  # fmt: skip


if __name__ == "__main__":
    harness.main("hold_at_cut", measure)
