"""`tillstream-tap`: stand between registers and printers. Standard library and light modules only.

Exit codes: 0 stopped by SIGTERM or SIGINT, 1 a problem (an address in use), 2 usage.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pos_adapters.taps.own_program import CERTIFICATE, RECORD, SEAL

TLS_WORDS = ("+tls://", CERTIFICATE)
SEAL_WORDS = 3  # seal FOLDER KEY_FILE
RECORD_WORDS = 2  # record FOLDER


def main() -> int:
    """Run the tap, or one of its children; returns the exit code."""
    arguments = sys.argv[1:]
    if arguments[:1] == [SEAL] and len(arguments) == SEAL_WORDS:
        from pos_adapters.taps.seal import run as seal  # noqa: PLC0415 - the tap itself never needs it

        return seal(Path(arguments[1]), Path(arguments[2]))
    if arguments[:1] == [RECORD] and len(arguments) == RECORD_WORDS:
        from pos_adapters.taps.record import run as record  # noqa: PLC0415 - nor this

        return record(Path(arguments[1]))
    # asyncio imports ssl if it can, which costs 4 MB and 10 ms; few taps speak TLS.
    if not any(word in argument for argument in arguments for word in TLS_WORDS):
        sys.modules.setdefault("ssl", None)  # type: ignore[arg-type]
    from pos_adapters.taps.command_line import run  # noqa: PLC0415 - after the line above

    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
