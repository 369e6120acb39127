"""How a tap starts itself again, as its own child or supervised: by the interpreter, or as one frozen program."""

from __future__ import annotations

import sys

SEAL = "seal"  # `tillstream-tap seal FOLDER KEY_FILE`, see `seal`
CERTIFICATE = "--certificate"  # an option that needs TLS, which other taps do not load
RECORD = "record"  # `tillstream-tap record FOLDER`, see `record`


def own_program() -> tuple[str, ...]:
    """Return the words that start a tap, without its options."""
    return (sys.executable, "tap") if getattr(sys, "frozen", False) else (sys.executable, "-m", "pos_adapters.taps")
