"""Who this agent is to its hub: what enrolment told, kept beside the agent's keys."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from retail.errors import OnSiteError, RefusedError
from sync.protocol.enrolment import KEY_BYTES, from_base64, open_sealed
from sync.protocol.tokens import PEPPER_BYTES

if TYPE_CHECKING:  # the wire's messages are compiled models: 17 MB that core, which reads enrolments, has no use for
    from sync.protocol.messages import EnrolAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """An enrolment. Holds the chain's pepper: keep it where keys are kept, in a file of mode 0600; `repr` hides it."""

    hub_url: str
    tenant: str
    store: str
    agent: str
    epoch: int
    hub_key: bytes = field(repr=False)
    feed_key: bytes = field(repr=False)
    pepper: bytes = field(repr=False)
    country: str = ""
    contact_key: bytes = b""
    """The hub's X25519 key, to which stores seal names and contacts of new members; empty when it told none."""

    @property
    def hub_public_key(self) -> Ed25519PublicKey:
        """The key that signs the hub's answers."""
        return Ed25519PublicKey.from_public_bytes(self.hub_key)

    @property
    def feed_public_key(self) -> Ed25519PublicKey:
        """The key that signs the chain's manifests."""
        return Ed25519PublicKey.from_public_bytes(self.feed_key)

    def to_json(self) -> str:
        """Return the text that `from_json` reads."""
        told = {name: value.hex() if isinstance(value, bytes) else value for name, value in asdict(self).items()}
        return json.dumps(told, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Enrolled:
        """Return the enrolment in a text. Raises OnSiteError when it is damaged."""
        try:
            told: dict[str, Any] = json.loads(text)
            told.setdefault("contact_key", "")  # a hub of before told none
            for name in ("hub_key", "feed_key", "pepper", "contact_key"):
                told[name] = bytes.fromhex(told[name])
            enrolled = cls(**told)
            enrolled._require_whole()
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise OnSiteError(
                "the enrolment file is damaged", fix="enrol again with a new code", code="enrolment"
            ) from error
        return enrolled

    def _require_whole(self) -> None:
        """Raise ValueError unless every part is of its kind: JSON that was damaged may be JSON all the same."""
        texts = (self.hub_url, self.tenant, self.store, self.agent, self.country)
        keys = (self.hub_key, self.feed_key, self.contact_key or bytes(KEY_BYTES))
        are_parts = all(isinstance(text, str) for text in texts) and type(self.epoch) is int
        if not are_parts or len(self.pepper) != PEPPER_BYTES or any(len(key) != KEY_BYTES for key in keys):
            raise ValueError("a part is of another kind or length")


def read_enrolled(path: Path) -> Enrolled | None:
    """Return the enrolment in a file, None when there is none. Raises OnSiteError when it cannot be read."""
    try:
        return Enrolled.from_json(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise OnSiteError(
            f"{path}: cannot be read: {error}", fix="enrol again with a new code", code="enrolment"
        ) from error


def enrolled_from(answer: EnrolAnswer, *, hub_url: str, seal: X25519PrivateKey) -> Enrolled:
    """Return what an answer of the hub means. Raises RefusedError when its keys are none, or not for us."""
    pepper = open_sealed(seal, from_base64(answer.sealed_pepper))
    if len(pepper) != PEPPER_BYTES:
        raise RefusedError("the hub's pepper has the wrong length", fix="update the agent or the hub", code="invalid")
    return Enrolled(
        hub_url=hub_url,
        tenant=answer.tenant,
        store=answer.store,
        agent=answer.agent,
        epoch=answer.epoch,
        hub_key=from_base64(answer.hub_key, length=KEY_BYTES),
        feed_key=from_base64(answer.feed_key, length=KEY_BYTES),
        pepper=pepper,
        country=answer.country,
        contact_key=from_base64(answer.contact_key, length=KEY_BYTES) if answer.contact_key else b"",
    )
