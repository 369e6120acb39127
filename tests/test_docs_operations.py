"""`docs/operations.md` is followed word for word on the hub's side: every command block, in order, on one hub."""

from __future__ import annotations

import io
import re
import shlex
import tarfile
import textwrap
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.__main__ import app

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "operations.md").read_text("utf-8")
BLOCKS = re.findall(r"^ *```(sh|toml)\n(.*?)^ *```$", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = [line.strip() for kind, block in BLOCKS if kind == "sh" for line in block.splitlines()]
KEYS_ALONE = frozenset({"init", "add", "refresh"})  # of `hub release`: no hub is asked
TYPED = "four words beside each other\nfour words beside each other\n"
FILES = {
    "customers.csv": "customer_id,first_name\nC1,Ada\n",
    "codes.csv": "code,customer_id\n2912345678903,C1\n",
}


def hub_toml(folder: Path) -> Path:
    """Write the page's own hub.toml, with its state in a folder of the test's."""
    (text,) = [textwrap.dedent(block) for kind, block in BLOCKS if kind == "toml" and "state_dir" in block]
    (path := folder / "hub.toml").write_text(text.replace("/var/lib/tillstream-hub", str(folder / "hub")), "utf-8")
    return path


def chain_files(folder: Path) -> None:
    """Lay what the commands name: the chain's files, and a program."""
    campaigns = (Path(__file__).resolve().parents[1] / "docs" / "campaigns.md").read_text("utf-8")
    (example, *_) = re.findall(r"```toml\n(.*?)```", campaigns, re.DOTALL)
    for name, text in {**FILES, "campaigns.toml": example}.items():
        (folder / name).write_text(text, "utf-8")
    with tarfile.open(folder / "tillstream-0.2.0-amd64.tar.gz", "w:gz") as packed:
        entry = tarfile.TarInfo("tillstream")
        entry.size, entry.mode = 2, 0o755
        packed.addfile(entry, io.BytesIO(b"#!"))


def test_the_hubs_commands_from_the_first_shop_to_the_release_in_rings(tmp_path: Path, monkeypatch) -> None:
    config = hub_toml(tmp_path)
    chain_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    said = {}
    for command in COMMANDS:
        if not command.removeprefix("sudo -u tillstream ").startswith("tillstream hub "):
            continue
        words = shlex.split(command.removeprefix("sudo -u tillstream ").replace("/srv/tillstream", str(tmp_path)))[2:]
        asks_hub = words[0] != "release" or words[1] not in KEYS_ALONE
        done = CliRunner().invoke(app, [*words, *(["--config", str(config)] if asks_hub else [])], input=TYPED)
        assert done.exit_code == 0, (command, done.output, done.exception)
        said[" ".join(words[:2])] = done.output
    assert len(said) >= 10
    assert re.search(r"\w{4,5}-\w{4,5}", said["enrol-code --store"])
    assert "7781: never_heard" in said["stores"]
    assert "ring-1 -> 0.2.0" in said["release advance"]


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(tests/[\w/]+\.py)`", PAGE))))
def test_every_test_that_the_page_names_is_there(name: str) -> None:
    assert (Path(__file__).resolve().parents[1] / name).is_file()
