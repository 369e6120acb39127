"""Being told to stop by the system, for a program of threads.

A handler of a signal runs in the main thread between any two of its steps, perhaps one in which it holds the very lock
that stopping takes: a `threading.Event` that is set there may wait for ever. So the handler only leaves word, in a
queue that may be written from a handler, and a thread does what there is to do.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from queue import SimpleQueue


def stop_on_signals(stop: Callable[[], None]) -> None:
    """Call `stop` in a thread of its own when SIGTERM or SIGINT comes; call this in the main thread."""
    words: SimpleQueue[int] = SimpleQueue()

    def wait_for_word() -> None:
        words.get()
        stop()

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda number, _: words.put(number))
    threading.Thread(target=wait_for_word, name="stop", daemon=True).start()
