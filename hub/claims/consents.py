"""The sentences people say yes to on the claim page: the same, word for word, as on the store's screens."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One permission in one language."""

    purpose: str
    channel: str
    version: str
    language: str
    text: str

    def evidence(self, at: datetime) -> dict[str, str]:
        """Return what convinces somebody who was not there: the words, their hash, when, and how it was answered."""
        return {
            "purpose": self.purpose,
            "channel": self.channel,
            "text": self.text,
            "text_sha256": hashlib.sha256(self.text.encode()).hexdigest(),
            "text_version": self.version,
            "text_language": self.language,
            "answered_at": at.isoformat(timespec="milliseconds"),
            "by": "self",
            "shown_how": "screen",
        }


def sentences(language: str) -> Sequence[Sentence]:
    """Return all permissions in a language, in English where one lacks it."""
    told = json.loads(resources.files("sync.protocol").joinpath("consents.json").read_text("utf-8"))
    return tuple(
        Sentence(
            purpose=each["purpose"],
            channel=each["channel"],
            version=each["version"],
            language=language if language in each["text"] else "en",
            text=each["text"].get(language, each["text"]["en"]),
        )
        for each in told["consents"]
    )
