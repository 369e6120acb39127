"""Loaded by core and taps that `hold_trace.py` starts: stamps what a held cut passes through. No part of the product.

Python imports a module of this name by itself at every start. It wraps methods when their modules are imported; each
call notes a name and the clock, which all processes of a machine share. A tap writes its stamps behind each cut, core
at its end.
"""

from __future__ import annotations

import atexit
import importlib.abc
import importlib.machinery
import os
import sys
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

WORDS = sys.orig_argv
FOLDER = os.environ.get("HOLD_TRACE", "")
STAMPS: list[tuple[str, int]] = []

# Program -> module -> class -> method -> names of the stamps before and after it.
POINTS: dict[str, dict[str, dict[str, dict[str, tuple[str, str]]]]] = {
    "pos_adapters.taps": {
        "pos_adapters.taps.passage": {
            "Passage": {"_from_register": ("tap has bytes", ""), "_release": ("tap looks through", "tap has written")}
        },
        "pos_adapters.taps.core_link": {
            "CoreLink": {"_write_held": ("", "tap has asked"), "received": ("tap has the answer", "")}
        },
    },
    "run": {  # core is a branch of `agent run`
        "agent.intake.tap_server": {"TapConnection": {"data_received": ("core has bytes", "")}},
        "agent.intake.session": {"TapSession": {"_cut": ("core has the cut", "")}},
        "agent.intake.held_cut": {"HeldCut": {"_say": ("answers", "")}},
        "agent.intake.counter": {"Counter": {"_read": ("document ended", "read")}},
    },
}


def stamped(method: Callable[..., Any], before: str, after: str) -> Callable[..., Any]:
    """Return a method that stamps."""

    def call(*given: Any, **named: Any) -> Any:
        if before:
            STAMPS.append((before, time.perf_counter_ns()))
        result = method(*given, **named)
        if after:
            STAMPS.append((after, time.perf_counter_ns()))
        if after == "tap has written":
            write()
        return result

    return call


def write() -> None:
    """Append what has been stamped to this process's file."""
    lane = WORDS[WORDS.index("--workstation") + 1] if "--workstation" in WORDS else "core"
    with open(os.path.join(FOLDER, f"{lane}.trace"), "a", encoding="utf-8") as file:  # noqa: PTH118, PTH123 - light
        file.writelines(f"{at_ns} {name}\n" for name, at_ns in STAMPS)
    STAMPS.clear()


class Stamping(importlib.abc.MetaPathFinder):
    """Finds the modules that are stamped, and wraps their methods once they are there."""

    def __init__(self, modules: dict[str, dict[str, dict[str, tuple[str, str]]]]) -> None:
        self._modules = modules

    def find_spec(self, name: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        """Return the spec of a module that is to be stamped."""
        del target
        spec = importlib.machinery.PathFinder.find_spec(name, path) if name in self._modules else None
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def executed(module: ModuleType) -> None:
            execute(module)
            for class_name, methods in self._modules[name].items():
                owner = getattr(module, class_name)
                for method, (before, after) in methods.items():
                    setattr(owner, method, stamped(getattr(owner, method), before, after))

        spec.loader.exec_module = executed  # type: ignore[method-assign]
        return spec


PROGRAM = next((program for program in POINTS if program in WORDS), "")
if PROGRAM and FOLDER and not {"seal", "record"} & set(WORDS):
    sys.meta_path.insert(0, Stamping(POINTS[PROGRAM]))
    if PROGRAM == "run":
        atexit.register(write)
