"""Starts core, desk and taps, starts again what ends, and leaves nothing behind when it ends itself.

The listening socket of a tap is made here and inherited (LISTEN_FDS, sd_listen_fds(3)), so that registers that connect
while a killed tap is started again wait in its backlog instead of being refused. On Linux the kernel ends every child
when the supervisor ends, however it ends. What runs is written to `supervisor.json` for status and doctor.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from agent.children import Child, begin, program_start, reserve_descriptors
from agent.config import AgentConfig, WorkstationSection, load_config
from agent.keys import SEAL_PUBLIC_KEY, FileSecrets, load_or_create_keys
from agent.listeners import Handed, handed_over, listener
from agent.notify import notify
from agent.pulse import Pulse
from agent.state_dir import StateDir, refuse_root_elsewhere
from agent.updating.slots import Slots
from receipt.printers import printer_model

RESTART_AFTER_S = (0.05, 0.05, 0.2, 0.5, 1.0, 2.0, 5.0)
"""A tap must listen again within a second; a program that dies of itself at once must not eat the machine."""

STEADY_AFTER_S = 30.0
"""A child that has lived so long has started; its next end is a new story."""

STOP_WITHIN_S = 12.0
"""A tap lets a receipt in flight finish (5 s) and seals what core has not acknowledged (5 s)."""

READY_WITHIN_S = 30.0
LOOK_EVERY_S = 0.02


@dataclass(slots=True, kw_only=True, eq=False)
class Supervisor:
    """Keeps children running until told to stop. `log` takes an event's name and fields."""

    state: StateDir
    children: Sequence[Child]
    log: Callable[..., None]
    environment: Mapping[str, str]
    _stopping: bool = field(default=False, init=False)

    async def run(self) -> None:
        """Run everything until SIGTERM or SIGINT, then end it: taps first, because their last jobs need core."""
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        reserve_descriptors()
        keepers = [loop.create_task(self._keep(child)) for child in self.children]
        readiness = loop.create_task(self._tell_when_ready())
        pulse = Pulse(
            control_socket=self.state.control_socket, hangs=self._end_hanging_core, environment=self.environment
        )
        feeling = loop.create_task(pulse.run())
        await stop.wait()
        self._stopping = True
        readiness.cancel()
        feeling.cancel()
        notify("STOPPING=1", self.environment)
        for group in ("tap", "scanner", "desk", "core"):
            await self._end([child for child in self.children if child.name.split(" ")[0] == group])
        await asyncio.gather(*keepers, readiness, feeling, return_exceptions=True)
        self._report()

    async def _keep(self, child: Child) -> None:
        """Start a child, wait for its end, start it again."""
        while not self._stopping:
            child.started_at_s = time.monotonic()
            child.starts += 1
            try:
                if child.process is None or child.starts > 1:  # core and desk have begun before us
                    await begin(child)
            except OSError as error:
                self.log("child_not_started", child=child.name, cause=error.strerror or str(error))
            else:
                assert child.process is not None
                self.log("child_started", child=child.name, pid=child.process.pid)
                self._report()
                child.last_code = await child.process.wait()
                self.log("child_ended", child=child.name, code=child.last_code)
                self._report()
            if not self._stopping:
                await asyncio.sleep(_pause_s(child))

    def _end_hanging_core(self, silent_s: float) -> None:
        """Kill core, which neither answers nor ends; `_keep` starts it again, and what was promised is journalled."""
        for child in self.children:
            if child.name == "core" and child.process is not None and child.process.returncode is None:
                self.log("core_hangs", silent_s=round(silent_s), pid=child.process.pid)
                child.process.kill()

    async def _end(self, children: Sequence[Child]) -> None:
        """Ask children to end, and end those that do not."""
        running = [each.process for each in children if each.process is not None and each.process.returncode is None]
        for process in running:
            with suppress(ProcessLookupError):
                process.terminate()
        waits = [asyncio.ensure_future(process.wait()) for process in running]
        if waits:
            await asyncio.wait(waits, timeout=STOP_WITHIN_S)
        for process in running:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()

    async def _tell_when_ready(self) -> None:
        """Tell the service manager once core answers; one that never does must not cost the store its taps, too."""
        deadline_s = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline_s:
            try:
                _, writer = await asyncio.open_unix_connection(str(self.state.control_socket))
            except OSError:
                await asyncio.sleep(LOOK_EVERY_S)
                continue
            writer.close()
            notify("READY=1\nSTATUS=serving", self.environment)
            self.log("ready")
            self._end_trial(is_ready=True)
            return
        notify("READY=1\nSTATUS=core does not answer; receipts pass through unread", self.environment)
        self.log("core_away", waited_s=READY_WITHIN_S)
        self._end_trial(is_ready=False)

    def _end_trial(self, *, is_ready: bool) -> None:
        """Keep a program that an update has put on trial, or take it back and end: the launcher starts the other."""
        slots = Slots(self.state.slots)
        if slots.trial is None:
            return
        with suppress(OSError):  # a disk that says no: the launcher counts starts
            if is_ready:
                self.log("update_kept", slot=slots.confirm())
                return
            why = f"core did not answer within {READY_WITHIN_S:.0f} s"
            self.log("update_taken_back", to=slots.go_back(why=why), cause=why)
            os.kill(os.getpid(), signal.SIGTERM)

    def _report(self) -> None:
        """Write what runs, whole and by rename; a disk that says no costs the report only."""
        draft = self.state.supervisor_state.with_suffix(".part")
        content = {"pid": os.getpid(), "children": [child.report() for child in self.children]}
        with suppress(OSError):
            draft.write_text(json.dumps(content, indent=1), "utf-8")
            draft.replace(self.state.supervisor_state)


def supervisor_of(config_path: Path, *, begun: Sequence[Child], log: Callable[..., None]) -> Supervisor:
    """Return the supervisor of an `agent.toml`; everything that a child finds when it starts is made.

    `begun` are core and desk, which were started already, where the system let them.
    Raises ConfigurationError, and OnSiteError for an address that is not to be had.
    """
    config = load_config(config_path)
    state = StateDir(config.agent.state_dir)
    refuse_root_elsewhere(state.root, config_path)
    state.create()
    load_or_create_keys(FileSecrets.of(state.keys, os.environ))  # taps are started with the public one
    handed = handed_over(os.environ)
    children = [
        *begun,
        *(_tap(each, config, state, handed=handed) for each in config.workstation if each.tap is not None),
        *(_scanner(lane, place, config, state) for lane in config.workstation for place in range(len(lane.scanner))),
    ]
    return Supervisor(state=state, children=children, log=log, environment=dict(os.environ))


def _tap(workstation: WorkstationSection, config: AgentConfig, state: StateDir, *, handed: Handed) -> Child:
    tap = workstation.tap
    assert tap is not None
    start = [*program_start("agent"), "tap"] if getattr(sys, "frozen", False) else program_start("pos_adapters.taps")
    options = {
        "--listen": tap.listen,
        "--printer": tap.printer,
        "--workstation": workstation.id,
        "--model": tap.model,
        "--language": printer_model(tap.model).language,
        "--profile": config.store.print_profile.value,
        "--agent": f"unix://{state.core_socket.resolve()}",
        "--state-dir": str(state.root.resolve()),
        "--agent-key": str((state.keys / SEAL_PUBLIC_KEY).resolve()),
    }
    pairs = [*options.items(), *(("--allow", each) for each in tap.allow)]
    if tap.snmp is not None:
        pairs.append(("--snmp", tap.snmp))
    if tap.certificate is not None:
        pairs.append(("--certificate", str(tap.certificate)))
    command = [*start, *(word for pair in pairs for word in pair), "--json"]
    socket_of_tap = None if tap.listen.startswith("serial:") else listener(tap.listen, handed)
    return Child(name=f"tap {workstation.id}", command=command, listener=socket_of_tap)


def _scanner(workstation: WorkstationSection, place: int, config: AgentConfig, state: StateDir) -> Child:
    """Return the program of one scanner; where it stands in line, core is asked about the store's coupon codes."""
    scanner = workstation.scanner[place]
    frozen = getattr(sys, "frozen", False)
    start = [*program_start("agent"), "scanner"] if frozen else program_start("pos_adapters.scanners")
    pairs = [
        ("--port", scanner.port),
        ("--workstation", workstation.id),
        ("--agent", f"unix://{state.control_socket.resolve()}"),
    ]
    if scanner.till:
        pairs += [("--till", scanner.till), *(("--ask", rule.prefix) for rule in config.codes.coupon if rule.prefix)]
    command = [*start, *(word for pair in pairs for word in pair), "--json"]
    return Child(name=f"scanner {workstation.id}.{place + 1}", command=command)


def _pause_s(child: Child) -> float:
    """Return how long to wait before a child is started again."""
    lived_s = time.monotonic() - child.started_at_s
    child.quick_ends = 0 if lived_s > STEADY_AFTER_S else child.quick_ends + 1
    return RESTART_AFTER_S[min(child.quick_ends, len(RESTART_AFTER_S) - 1)]
