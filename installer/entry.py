"""What the frozen program runs first: the same door as `python -m agent`; as CUPS's backend it is named by a word."""

import sys

from agent.__main__ import main

CUPS_BACKEND = "cups-backend"  # installer/debian/cups-backend

if __name__ == "__main__":
    if sys.argv[1:2] == [CUPS_BACKEND]:
        from pos_adapters.taps.cups import main as backend

        del sys.argv[1]
        sys.exit(backend())
    main()
