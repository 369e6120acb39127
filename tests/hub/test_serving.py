"""The hub as a process that is asked to end."""

import json
import signal
import socket
import subprocess
import sys

import pytest

from agent.demo.processes import wait_until

pytestmark = pytest.mark.real

WITHIN_S = 90.0
BEGUN = b"POST /v1/journal HTTP/1.1\r\nhost: hub\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n"


def is_refused(address: tuple[str, int]) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(address) != 0


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
