"""A technician at a terminal inside the container who mistypes: `tillstream setup` from the first question to the file.

Every entry is (what must stand on the screen next, what is typed then; None: only read). A question that never comes
ends the dialogue with the screen, so that a person sees where.
"""

from __future__ import annotations

import errno
import os
import pty
import re
import select
import subprocess
import sys
import time

from container import Container

PATIENCE_S = 120.0
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/var/tmp", "LANG": "C.UTF-8", "TERM": "xterm"}
CONFIG = "/etc/tillstream/agent.toml"
WIZARD = ("tillstream", "setup", "--config", CONFIG, "--no-find", "--no-scan", "--no-proof", "--no-learn", "--no-start")
DIALOGUE = (
    ("Store number", ""), ("this one is needed", None), ("", "shop 7781!"), ("does not fit", None), ("", "7781"),
    ("call the store", "Corner shop"), ("Country", "Grmany"), (r"DE \(Germany\)\?", None), ("", "?"),
    ("two letters", None), ("", "de"), ("Language", ""), ("Time zone", "Europe/Brelin"),
    (r"Europe/Berlin\?", None), ("", ""),
    ("Currency", ""), ("What may be printed", "seperate slip"), (r"separate_slip\?", None), ("", ""),
    ("hub's address", "hub.example"), ("https://hub.example", None), ("", "-"), ("member codes", ""),
    ("Number of this checkout", ""), ("Where the till will print", ""), ("printer's address", "127.0.0.1:banana"),
    ("does not fit", None), ("", "127.0.0.1:9200"), ("Printer model", ""), ("Write it", "perhaps"), ("yes or no", None),
    ("", "y"), ("The sheet is printed", None),
)  # fmt: skip
PRINTER = """
import os, socket
listener = socket.create_server(("127.0.0.1", 9200))
os.write(1, b"ready")
while True:
    link, _ = listener.accept()
    with link:
        while data := link.recv(4096):
            os.write(1, data)
"""


def sets_up(container: Container) -> tuple[bool, str]:
    """Drive the wizard beside a printer; return whether it ended well with a sheet on paper, and what it said last."""
    words = ["nsenter", "-t", str(container.init_pid), "-n", sys.executable, "-c", PRINTER]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as printer:
        assert printer.stdout is not None
        assert printer.stdout.read(len(b"ready")) == b"ready"
        done, said = _answers(container)
        printer.kill()
        paper = printer.stdout.read()
    return done and b"SETUP SHEET" in paper, said


def _answers(container: Container) -> tuple[bool, str]:
    words = ["nsenter", "-t", str(container.init_pid), "-m", "-u", "-i", "-n", "-p", *WIZARD]
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        words, stdin=theirs, stdout=theirs, stderr=theirs, env=ENVIRONMENT, start_new_session=True
    )
    os.close(theirs)
    screen, read_to, until_s = "", 0, time.monotonic() + PATIENCE_S
    for wanted, typed in DIALOGUE:
        while not (found := re.compile(wanted).search(screen, read_to)):
            piece = _read(ours)
            screen += piece
            if time.monotonic() > until_s or (not piece and process.poll() is not None):
                process.kill()
                os.close(ours)
                return False, f"never asked: {wanted!r}; {screen[-600:]}"
        read_to = found.end()
        if typed is not None:
            os.write(ours, typed.encode() + b"\n")
    while (piece := _read(ours)) or process.poll() is None:
        screen += piece
        if time.monotonic() > until_s:
            process.kill()
    os.close(ours)
    return process.wait() == 0, screen.strip().splitlines()[-1]


def _read(place: int) -> str:
    """Return what came on the screen within a second; nothing at its end."""
    if not select.select([place], [], [], 1.0)[0]:
        return ""
    try:
        return os.read(place, 65536).decode("utf-8", "replace")
    except OSError as error:
        if error.errno != errno.EIO:  # the other side is closed
            raise
        return ""
