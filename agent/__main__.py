"""The program `tillstream`: finds the command that was asked for and imports that one only.

`tillstream tap` is decided on before anything else is imported: the tap is a small process on the standard library
and stays one. Every other command is a typer command in `agent/commands/`, or comes from another composition root
through an entry point of the group `tillstream.commands` (the hub's commands do).

Exit codes: 0 done, 1 a problem (message and `fix:` on stderr), 2 usage or configuration. With `--json` a problem
is printed to stderr as one object `{"code","message","fix"}`.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from types import MappingProxyType

PROCESSES: Mapping[str, str] = MappingProxyType(
    {
        "mirror-merge": "sync.mirror_merging",
        "demo-printer": "agent.demo.printer",
        "demo-register": "agent.demo.register",
    }
)
"""Processes that other programs of ours start, as word -> module: the frozen program has no `python -m`."""


def main() -> None:
    """Run one command line and exit with its code."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["tap"]:
        from pos_adapters.taps.__main__ import main as tap  # noqa: PLC0415 - nothing heavier may be imported

        sys.argv = ["tillstream tap", *arguments[1:]]
        sys.exit(tap())
    if arguments[:1] == ["scanner"]:
        from pos_adapters.scanners.command_line import run as scan  # noqa: PLC0415 - a small process, too

        sys.exit(scan(arguments[1:]))
    if arguments[:1] and (process := PROCESSES.get(arguments[0])):
        sys.exit(importlib.import_module(process).main(arguments[1:]))
    from agent.starting import is_short, start  # noqa: PLC0415

    if is_short(arguments):
        from pathlib import Path  # noqa: PLC0415

        sys.exit(start(arguments[1], Path(arguments[3])))
    from agent.command_line import run  # noqa: PLC0415 - typer stays out of the tap's process

    sys.exit(run(arguments))


if __name__ == "__main__":
    main()
