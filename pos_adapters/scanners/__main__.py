"""`python -m pos_adapters.scanners`: see `command_line`."""

from __future__ import annotations

import sys

from pos_adapters.scanners.command_line import run

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
