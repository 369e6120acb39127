"""`tillstream-tap`: stand between registers and printers. Standard library and light modules only.

Exit codes: 0 stopped by SIGTERM or SIGINT, 1 a problem (an address in use), 2 usage.
"""

from __future__ import annotations

import sys


def main() -> int:
    """Run the tap; returns the exit code."""
    # asyncio imports ssl if it can, which costs 4 MB and 10 ms; a tap on this machine speaks no TLS.
    sys.modules.setdefault("ssl", None)  # type: ignore[arg-type]
    from pos_adapters.taps.command_line import run  # noqa: PLC0415 - after the line above

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
