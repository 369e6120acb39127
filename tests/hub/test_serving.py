"""The hub as a process that is asked to end."""

import json
import signal
import socket
import subprocess
import sys
import threading

import pytest
from fastapi import FastAPI

from agent.demo.processes import wait_until
from hub.serving import HubServer

pytestmark = pytest.mark.real

WITHIN_S = 90.0
BEGUN = b"POST /v1/journal HTTP/1.1\r\nhost: hub\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n"


def is_refused(address: tuple[str, int]) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(address) != 0


NO_REQUESTS = (
    b"POST /v1/journal HTTP/1.1\r\nhost: hub\r\ncontent-length: many\r\n\r\n",
    b"POST /v1/journal HTTP/1.1\r\nhost: hub\r\ncontent-length: -1\r\n\r\n",
    b"POST /v1/journal HTTP/1.1\r\nhost: hub\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}",
    b"GET /v1/feed\r\n\r\n",
    b"\x1b@RECEIPT 4711\n\x1dV\x00\r\n\r\n",
)


def test_what_is_no_http_is_refused_in_the_form_of_all_refusals_and_counted():
    counted, listener = [], socket.create_server(("127.0.0.1", 0))
    server = HubServer(FastAPI(), refused=counted.append)
    thread = threading.Thread(target=server.serve_until_stopped, args=[listener])
    thread.start()
    try:
        for request in NO_REQUESTS:
            with (
                socket.create_connection(listener.getsockname(), timeout=WITHIN_S) as line,
                line.makefile("rb") as told,
            ):
                line.sendall(request)
                head, _, body = told.read().partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 400 "), request
            assert json.loads(body).keys() >= {"code", "message", "fix"}, request
    finally:
        server.should_exit = True
        thread.join(WITHIN_S)
        listener.close()
    assert counted == ["bad_http"] * len(NO_REQUESTS)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM that a program can hear")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_hub_that_is_asked_to_end_answers_what_was_begun_and_ends_with_0(tmp_path, number):
    command = [sys.executable, "-m", "hub", "run", "--state-dir", str(tmp_path), "--listen", "127.0.0.1:0", "--json"]
    hub = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert hub.stdout is not None
        port = int(json.loads(hub.stdout.readline())["listening"].rpartition(":")[2])
        address = ("127.0.0.1", port)
        with socket.create_connection(address, timeout=WITHIN_S) as line:
            line.sendall(BEGUN)
            assert line.recv(100).startswith(b"HTTP/1.1 100")
            hub.send_signal(number)
            wait_until("it takes nobody new", lambda: is_refused(address), timeout_s=WITHIN_S)
            line.sendall(b"{}")
            answer = line.recv(4096)
        assert b"401" in answer.partition(b"\r\n")[0]
        _, errors = hub.communicate(timeout=WITHIN_S)
        assert (hub.returncode, errors) == (0, b"")
    finally:
        hub.kill()
        hub.wait()
