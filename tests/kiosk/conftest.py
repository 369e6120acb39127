"""A desk and a browser for the tests of the pages."""

import sys
from pathlib import Path

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from kiosk_fakes import running_desk
from page_browser import chromium

HOST = "127.0.0.1:8090"


@pytest.fixture(scope="session")
def desk_server():
    """The real application on a real socket; it answers to HOST too, whatever its port."""
    with running_desk(hosts=(HOST, "localhost:8090")) as desk:
        yield desk


@pytest.fixture
def desk(desk_server):
    """A client that calls the desk HOST, and the fake core behind it."""
    desk_server.core.forget()
    with httpx.Client(base_url=desk_server.url, headers={"host": HOST}) as client:
        yield client, desk_server.core


@pytest.fixture(scope="module")
def browser():
    """Debian's Chromium, for one module."""
    with chromium() as opened:
        yield opened


@pytest.fixture
def store():
    """A desk over a fake core, for one test."""
    with running_desk() as desk:
        yield desk
