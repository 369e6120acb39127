"""The least that Python can do between register and printer: two sockets and epoll, not a job, a limit or an error.

`bare_proxy.py PORT PRINTER_PORT` serves until it is killed. It holds nothing, follows nothing, remembers nothing, waits
for a printer that is slow and knows none that refuses: no tap, but the floor under one (`tap_overhead.py` runs it
beside ours).
"""

from __future__ import annotations

import contextlib
import select
import socket
import sys

HOST = "127.0.0.1"
PIECE_BYTES = 65536


def serve(port: int, printer: tuple[str, int]) -> None:
    """Join each register to a printer connection of its own."""
    listener = socket.create_server((HOST, port), backlog=64)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # what is accepted has it too
    poll = select.epoll()
    poll.register(listener.fileno(), select.EPOLLIN)
    other: dict[int, tuple[socket.socket, socket.socket]] = {}
    half_closed: set[int] = set()
    while True:
        for fd, _ in poll.poll():
            if fd == listener.fileno():
                register, down = joined(listener, printer)
                for one, two in ((register, down), (down, register)):
                    other[one.fileno()] = (one, two)
                    poll.register(one.fileno(), select.EPOLLIN)
            elif fd in other:
                here, there = other[fd]
                if data := here.recv(PIECE_BYTES):
                    there.sendall(data)
                elif fd not in half_closed:
                    poll.unregister(fd)
                    half_closed.add(there.fileno())
                    there.shutdown(socket.SHUT_WR)
                else:  # the other one's turn: closing takes both from the kernel's list
                    half_closed.discard(fd)
                    for end in (there, here):
                        del other[end.fileno()]
                        end.close()


def joined(listener: socket.socket, printer: tuple[str, int]) -> tuple[socket.socket, socket.socket]:
    """Accept a register, connect it to the printer, pass on what has come already."""
    register, _ = listener.accept()
    down = socket.create_connection(printer)
    down.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with contextlib.suppress(BlockingIOError):
        down.sendall(register.recv(PIECE_BYTES, socket.MSG_DONTWAIT))
    return register, down


if __name__ == "__main__":
    serve(int(sys.argv[1]), (HOST, int(sys.argv[2])))
