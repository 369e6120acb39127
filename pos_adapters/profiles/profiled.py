"""Reading with the profiles of a workstation: the one that claims a document reads it, else nobody's words help.

Two that claim one document are a mistake of configuration, which `profiles test` reports; where a receipt waits for
its cut it is read without either, and its arithmetic decides as ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pos_adapters.profiles.profile import Profile, parse_profile
from pos_adapters.reading.lines import standard_reader
from pos_adapters.reading.reader import read_text
from pos_adapters.reading.values import Reading, ReceiptText, StoreFacts
from pos_adapters.reading.word_files import standard_lexicon
from receipt.paper import PaperLine, plain_texts
from retail.errors import ConfigurationError

PROFILE_BYTES_MAX = 256 * 1024  # a profile is a page that a person can read


class Profiled:
    """Reads documents with some profiles; their words are prepared when it is made, not at a cut."""

    def __init__(self, profiles: Sequence[Profile]) -> None:
        self._known = tuple((profile, profile.reader(standard_lexicon())) for profile in profiles)
        self._readers = (standard_reader(), *(reader for _, reader in self._known))

    def note(self, lines: Sequence[PaperLine]) -> None:
        """Take lines of a document that goes on: each is read by itself now, and remembered until its document ends."""
        texts = plain_texts(lines)
        for reader in self._readers:
            reader.read_all(texts)

    def read(self, text: ReceiptText, *, store: StoreFacts | None = None) -> Reading:
        """Read a document. Never raises, whatever the text."""
        claiming = [(profile, reader) for profile, reader in self._known if profile.claims(text)]
        if len(claiming) != 1:
            return read_text(text, store=store)
        profile, reader = claiming[0]
        return profile.read(text, reader, store=store)


def load_profiles(files: Sequence[Path]) -> list[Profile]:
    """Return the profiles of these files. Raises ConfigurationError for one that cannot be read or is none."""
    profiles = []
    for file in files:
        try:
            if file.stat().st_size > PROFILE_BYTES_MAX:
                raise ConfigurationError(f"{file}: larger than {PROFILE_BYTES_MAX} bytes", fix="name a profile")
            text = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"{file} cannot be read: {error}",
                fix="name a profile that `tillstream learn` wrote",
                code="cannot_read",
            ) from error
        profiles.append(parse_profile(text, source=str(file)))
    return profiles
