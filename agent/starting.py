"""Starts agent, core and desk the short way: as a service manager and the supervisor start them, without typer.

Importing a command line and building it takes longer than everything else a supervisor does before it starts core, and
a store that comes back after a power cut waits for three of them in a row. Any other form of the same command
(`-c`, `--help`) goes through the command line and does the same.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from agent.compiled_ahead import compiled_ahead
from agent.problems import EXIT_LEFT, tell
from retail.errors import TillstreamError

WORDS = 4  # agent run --config FILE

CORE_DOES_WITHOUT = ("ssl", "bz2", "lzma")
"""Core speaks on Unix sockets only and packs nothing; asyncio and shutil, which ask for these, do without."""

DESK_NICENESS = 5
"""Pages and uploads may wait a moment for the processor; the customer at the cutter may not."""


def is_short(arguments: Sequence[str]) -> bool:
    """Return whether this command line is `agent run|core|desk --config FILE` and nothing else."""
    return (
        len(arguments) == WORDS
        and arguments[0] == "agent"
        and arguments[1] in {"run", "core", "desk"}
        and arguments[2] == "--config"
        and not arguments[3].startswith("-")
    )


def start(program: str, config_path: Path) -> int:
    """Run one of the three until it ends; return its exit code."""
    try:
        match program:
            case "core":
                _run_core(config_path)
            case "desk":
                _run_desk(config_path)
            case _:
                run_agent(config_path)
    except TillstreamError as error:
        return tell(error)
    except KeyboardInterrupt:  # somebody at a terminal, before any of the three looks for signals
        return EXIT_LEFT
    return 0


def run_agent(config_path: Path) -> None:
    """Run core, desk and the configured taps until told to stop. Raises TillstreamError.

    Core and desk branch off as soon as all is imported that the three have in common. They take longest from there on,
    and wait at the line until all that they find is there. What ends later is started anew.
    """
    gc.disable()  # as for core
    with compiled_ahead():
        import asyncio  # noqa: PLC0415 - and whatever else these bring

        from agent.children import Child, branch_off, own_command, reserve_descriptors  # noqa: PLC0415
        from agent.clock import SystemClock  # noqa: PLC0415
        from agent.logs import EventLog  # noqa: PLC0415
        from agent.starting_line import StartingLine  # noqa: PLC0415
        from agent.supervisor import supervisor_of  # noqa: PLC0415
    core = Child(name="core", command=own_command("core", config_path))
    desk = Child(name="desk", command=own_command("desk", config_path), niceness=DESK_NICENESS, is_waited_for=False)
    gc.freeze()  # a page that no collection writes to stays one page for three processes
    reserve_descriptors()
    line = StartingLine()
    for child, run in ((core, _run_core), (desk, _run_desk)):
        if branch_off(child, line=line.descriptor):
            run(config_path)
            return
    with line:
        log = EventLog("supervisor", stream=sys.stderr, now=SystemClock().now)
        supervisor = supervisor_of(config_path, begun=(core, desk), log=log)
        line.go(waiting=2)
    gc.enable()
    asyncio.run(supervisor.run())


def _run_core(config_path: Path) -> None:
    gc.disable()  # imports leave nothing to collect, and looking for it takes a tenth of them; core enables it again
    sys.modules.update(dict.fromkeys(CORE_DOES_WITHOUT))  # type: ignore[arg-type]
    with compiled_ahead():
        from agent.core import serve  # noqa: PLC0415 - each process imports its own

    serve(config_path)


def _run_desk(config_path: Path) -> None:
    gc.disable()  # as for core
    _leave_out()
    with compiled_ahead():
        _build_models_late()
        from agent.desk.process import desk  # noqa: PLC0415
        from agent.starting_line import wait_for_go  # noqa: PLC0415

    wait_for_go(os.environ)
    desk(config_path)


def _leave_out() -> None:
    """Keep out what desk's libraries import for others: command lines, reloading, models of pydantic's last version."""
    sys.modules.update(dict.fromkeys(("rich", "pygments", "pydantic.v1")))  # type: ignore[arg-type]
    command_line = ModuleType("uvicorn.main")  # brings click and multiprocessing; `uvicorn` itself asks for three names
    vars(command_line).update(dict.fromkeys(("Server", "main", "run")))
    log_files = ModuleType("logging.config")  # brings handlers for mail and sockets; uvicorn is told to configure none
    sys.modules.update({each.__name__: each for each in (command_line, log_files)})


def _build_models_late() -> None:
    """Let a model's checks be compiled when it checks something first: most never do in a shop, or not at its start.

    Most of them belong to the API's description (`/openapi.json`), which only a programmer asks for.
    """
    from pydantic import BaseModel  # noqa: PLC0415

    BaseModel.model_config["defer_build"] = True
