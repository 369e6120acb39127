"""The demo's internet line."""

import socket
from collections.abc import Iterator

import pytest

from agent.demo.link import Link
from agent.demo.processes import free_port, listens


@pytest.fixture
def far_end() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        yield server


def test_what_is_sent_arrives_both_ways_and_ends_are_passed_on(far_end: socket.socket) -> None:
    with Link(far_port=far_end.getsockname()[1]) as link, socket.create_connection(("127.0.0.1", link.port)) as near:
        far, _ = far_end.accept()
        with far:
            near.sendall(b"to the hub")
            near.shutdown(socket.SHUT_WR)
            assert far.makefile("rb").read() == b"to the hub"
            far.sendall(b"to the store")
            far.shutdown(socket.SHUT_WR)
            assert near.makefile("rb").read() == b"to the store"


def test_a_cut_link_breaks_what_is_open_and_refuses_the_next(far_end: socket.socket) -> None:
    with Link(far_port=far_end.getsockname()[1]) as link:
        near = socket.create_connection(("127.0.0.1", link.port))
        far, _ = far_end.accept()
        link.cut()
        with near, far, pytest.raises(ConnectionResetError):
            near.recv(1)
        assert not link.is_up
        assert not listens(link.port)
        assert link.cuts == 1
        link.cut()
        assert link.cuts == 1


def test_a_mended_link_is_found_at_the_same_port(far_end: socket.socket) -> None:
    with Link(far_port=far_end.getsockname()[1]) as link:
        port = link.port
        link.cut()
        link.mend()
        assert link.port == port
        assert listens(port)


def test_a_far_end_that_is_away_looks_like_a_broken_line() -> None:
    with (
        Link(far_port=free_port()) as link,
        socket.create_connection(("127.0.0.1", link.port)) as near,
        pytest.raises(ConnectionResetError),
    ):
        near.recv(1)
