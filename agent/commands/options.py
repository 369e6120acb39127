"""What several commands take: the configuration's file, and `--json`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from agent.config import AgentConfig, load_config
from agent.journal.reader import JournalReader
from agent.keys import JOURNAL_KEY, FileSecrets
from agent.state_dir import StateDir
from retail.errors import ConfigurationError, NotPermittedError, OnSiteError

CONFIG_PLACES = (Path("agent.toml"), Path("/etc/tillstream/agent.toml"))
"""Where an agent.toml is looked for when neither `--config` nor TILLSTREAM_CONFIG names one."""

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        envvar="TILLSTREAM_CONFIG",
        metavar="FILE",
        help="The store's agent.toml (else TILLSTREAM_CONFIG, ./agent.toml, /etc/tillstream/agent.toml).",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
OcrOption = Annotated[
    str, typer.Option("--ocr", metavar="LANGUAGES", help="Read pictures too, by Tesseract: eng, eng+rus, or all.")
]


def find_config(named: Path | None) -> Path:
    """Return the agent.toml to use. Raises ConfigurationError when there is none."""
    if named is not None:
        return named
    for place in CONFIG_PLACES:
        if _is_there(place):
            return place
    asks = "sudo tillstream setup" if CONFIG_PLACES[-1].parent.is_dir() else "tillstream setup"
    raise ConfigurationError(
        "no agent.toml here", fix=f"{asks} asks for it; or name one: --config FILE", code="no_config"
    )


def _is_there(place: Path) -> bool:
    """Return whether there is such a file; so it is for whoever may not look: reading it tells them."""
    try:
        return place.is_file()
    except PermissionError:
        return True


def config_of(named: Path | None) -> AgentConfig:
    """Return the configuration. Raises ConfigurationError."""
    return load_config(find_config(named))


def state_of(named: Path | None) -> StateDir:
    """Return the state folder of a configuration. Raises NotPermittedError for whoever may not look into it."""
    state = StateDir(config_of(named).agent.state_dir)
    if state.root.is_dir() and not os.access(state.root, os.R_OK | os.X_OK):
        raise NotPermittedError(f"{state.root}: closed to you", fix="type the same behind sudo")
    return state


def open_journal(state: StateDir, environment: Mapping[str, str] | None = None) -> JournalReader:
    """Return a read-only journal. Raises as `journal_key` does."""
    return JournalReader(state.journal, journal_key(state, environment))


def journal_key(state: StateDir, environment: Mapping[str, str] | None = None) -> bytes:
    """Return the journal's key. Raises OnSiteError when this agent has no journal yet, or has lost its key."""
    key = FileSecrets.of(state.keys, os.environ if environment is None else environment).read(JOURNAL_KEY)
    if key is not None:
        return key
    if state.journal.exists():
        raise OnSiteError(
            f"{state.keys}: the key of the journal is not here",
            fix="put the folder of keys back from a copy of this machine; nothing else opens the journal",
            code="no_journal_key",
        )
    raise OnSiteError(
        f"{state.root}: no agent ever ran here", fix="tillstream agent run --config FILE", code="no_journal"
    )
