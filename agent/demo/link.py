"""The internet line of the demo: a TCP forwarder between the store and its hub that can be cut and mended.

`cut` resets what is open and closes the port, so that whoever tries is refused at once, as with a dead modem;
`mend` opens the same port again. One thread owns every socket; `cut` and `mend` return when it has done as told.
"""

from __future__ import annotations

import selectors
import socket
import struct
import threading
from typing import Self

READ_BYTES = 64 * 1024
BACKLOG = 64  # an agent keeps a handful of connections open, the feed included
WRITE_TIMEOUT_S = 5.0  # both ends are on this machine; one that takes nothing for so long is dead
BREAK = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: closing discards and resets


class Link:
    """One line to one far end. Use as a context manager; `port` is where the near end connects."""

    def __init__(self, *, far_port: int) -> None:
        self._far_port = far_port
        self._told, self._teller = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)
        self._done = threading.Semaphore(0)
        self._selector = selectors.DefaultSelector()
        self._listener: socket.socket | None = None
        self._peers: dict[socket.socket, socket.socket] = {}
        self.port = 0
        self.cuts = 0

    def __enter__(self) -> Self:
        self._selector.register(self._told, selectors.EVENT_READ)
        self._thread.start()
        self.mend()
        return self

    def __exit__(self, *_: object) -> None:
        self._tell(b"q")
        self._thread.join()
        self._selector.close()
        self._told.close()
        self._teller.close()

    @property
    def is_up(self) -> bool:
        """Tell whether somebody may connect now."""
        return self._listener is not None

    def cut(self) -> None:
        """Drop everything that is open and refuse what comes; a second cut changes nothing."""
        if self.is_up:
            self.cuts += 1
            self._tell(b"c")

    def mend(self) -> None:
        """Let connections through (again); mending a whole line changes nothing."""
        if not self.is_up:
            self._tell(b"m")

    def _tell(self, order: bytes) -> None:
        self._teller.sendall(order)
        self._done.acquire()

    def _run(self) -> None:
        order = b""
        while order != b"q":
            for key, _ in self._selector.select():
                if key.fileobj is self._told:
                    order = self._told.recv(1)
                    self._open() if order == b"m" else self._close()
                    self._done.release()
                    break  # what else was ready may be closed by now
                self._serve(key.fileobj)

    def _serve(self, ready: object) -> None:
        assert isinstance(ready, socket.socket)
        if ready is self._listener:
            self._join()
        elif ready in self._peers:
            self._pump(ready)

    def _open(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=BACKLOG)
        self.port = self._listener.getsockname()[1]
        self._selector.register(self._listener, selectors.EVENT_READ)

    def _close(self) -> None:
        if self._listener is not None:
            self._selector.unregister(self._listener)
            self._listener.close()
            self._listener = None
        for end in list(self._peers):
            self._drop(end)

    def _join(self) -> None:
        """Take one connection from the near end and make its other half."""
        assert self._listener is not None
        near, _ = self._listener.accept()
        try:
            far = socket.create_connection(("127.0.0.1", self._far_port), timeout=WRITE_TIMEOUT_S)
        except OSError:
            _break(near)
            return
        self._peers |= {near: far, far: near}
        for end in (near, far):
            end.settimeout(WRITE_TIMEOUT_S)
            self._selector.register(end, selectors.EVENT_READ)

    def _pump(self, end: socket.socket) -> None:
        """Copy what came to the other half; an end passes on, a broken half breaks the other."""
        peer = self._peers[end]
        try:
            data = end.recv(READ_BYTES)
            peer.sendall(data) if data else peer.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(end)
            self._drop(peer)
            return
        if not data:
            self._selector.unregister(end)
            if peer not in self._selector.get_map():  # it has ended too: nothing is left to copy
                for done in (end, peer):
                    del self._peers[done]
                    done.close()

    def _drop(self, end: socket.socket) -> None:
        if end in self._selector.get_map():
            self._selector.unregister(end)
        del self._peers[end]
        _break(end)


def _break(end: socket.socket) -> None:
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, BREAK)
    end.close()
