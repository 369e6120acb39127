"""Reads the agent's public key that jobs are sealed to. Standard library only: the command line checks it at once."""

from __future__ import annotations

from pathlib import Path

PUBLIC_KEY_BYTES = 32


def read_public_key(path: Path) -> bytes:
    """Return the key in a file that holds it as hexadecimal text or as raw bytes. Raises OSError, ValueError."""
    content = path.read_bytes()
    if len(content) == PUBLIC_KEY_BYTES:
        return content
    key = bytes.fromhex(content.decode("ascii").strip())
    if len(key) != PUBLIC_KEY_BYTES:
        raise ValueError(f"{path}: {len(key)} bytes instead of {PUBLIC_KEY_BYTES}")
    return key
