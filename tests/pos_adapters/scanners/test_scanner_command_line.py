"""A typing mistake in a scanner's command line is said at once, with what was typed."""

from __future__ import annotations

import pytest

from pos_adapters.scanners.command_line import run

PORT, TILL, AGENT = "serial:///dev/scanner", "serial:///dev/till", "unix:///var/lib/tillstream/control.sock"


@pytest.mark.parametrize(
    ("port", "till", "agent", "said"),
    [
        (PORT, TILL, "control.sock", "'control.sock' is not unix:///PATH"),
        (PORT, PORT, AGENT, "named twice"),
        ("hid:///dev/scanner", TILL, AGENT, "'hid:///dev/scanner'"),
        (PORT, "uinput:", AGENT, "a keyboard's till is uinput:"),
    ],
)
def test_a_wrong_address_is_exit_2_and_says_what_is_wrong(
    port: str, till: str, agent: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["--port", port, "--till", till, "--agent", agent, "--workstation", "1"]) == 2
    assert said in capsys.readouterr().err
