"""A scanner stops when it is told to, whatever it was doing at that moment."""

from __future__ import annotations

import signal
import threading

from pos_adapters.scanners.stop_signals import stop_on_signals

PATIENCE_S = 60.0


def test_a_signal_that_comes_while_the_lock_is_held_that_stopping_takes_stops_all_the_same() -> None:
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    lock, stopped = threading.Lock(), threading.Event()

    def stop() -> None:
        if lock.acquire(timeout=PATIENCE_S / 2):
            stopped.set()

    try:
        stop_on_signals(stop)
        with lock:
            signal.raise_signal(signal.SIGTERM)
        assert stopped.wait(PATIENCE_S / 4)
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
