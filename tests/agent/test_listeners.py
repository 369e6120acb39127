"""Sockets of taps: the service manager's where it hands some over, our own else."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from agent.listeners import handed_over, listener, socket_unit
from retail.errors import OnSiteError

HEIR = """
import os, sys
from agent.listeners import handed_over, listener
os.environ["LISTEN_PID"] = str(os.getpid())
handed = handed_over(os.environ)
taken = listener(f"127.0.0.1:{sys.argv[1]}", handed)
client = __import__("socket").create_connection(("127.0.0.1", int(sys.argv[1])))
taken.accept()
sys.exit(0 if not handed else 3)
"""


def test_a_socket_that_was_handed_over_is_the_one_a_tap_gets() -> None:
    """The port is held by us here: had the heir opened its own, it would have failed."""
    with socket.create_server(("127.0.0.1", 0)) as ours:
        port = ours.getsockname()[1]

        def hand_over() -> None:
            os.dup2(ours.fileno(), 3)
            os.set_inheritable(3, True)

        done = subprocess.run(
            [sys.executable, "-c", HEIR, str(port)],
            env={**os.environ, "LISTEN_FDS": "1", "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
            preexec_fn=hand_over,
            pass_fds=(3,),
            timeout=60,
            check=False,
        )
        assert done.returncode == 0


def test_sockets_meant_for_another_process_are_not_ours() -> None:
    assert handed_over({"LISTEN_FDS": "1", "LISTEN_PID": "1"}) == {}


def test_a_port_that_is_taken_is_named_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(OnSiteError) as refused:
        listener(f"127.0.0.1:{other.getsockname()[1]}", {})
    assert refused.value.code == "port_taken"
    assert "listen" in refused.value.fix


def test_the_socket_unit_names_every_tap() -> None:
    unit = socket_unit(["0.0.0.0:9100", "0.0.0.0:9101"])
    assert "ListenStream=0.0.0.0:9100\nListenStream=0.0.0.0:9101\n" in unit
    assert "Service=tillstream.service" in unit
