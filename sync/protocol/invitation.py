"""What the QR code beside an enrolment code holds: `tillstream://enrol?code=...&store=...&hub=...`.

Whoever scans it need not type: an agent takes it where it takes the code. It is as secret, and as short-lived, as the
code itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

BEGIN = "tillstream://enrol?"
CHARACTERS_MAX = 1000  # a code, a store and an address; what is longer is no invitation of ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An enrolment code, and what its hub says of the store that it is for; empty where it says nothing."""

    code: str
    store: str = ""
    hub: str = ""


def invitation_text(invitation: Invitation) -> str:
    """Return what the QR code holds."""
    told = {"code": invitation.code, "store": invitation.store, "hub": invitation.hub}
    return BEGIN + urlencode({name: each for name, each in told.items() if each})


def read_invitation(text: str) -> Invitation:
    """Return what was scanned or typed: an invitation, or a bare code, which is judged by whoever uses it."""
    told = text.strip()
    if len(told) > CHARACTERS_MAX or not told.casefold().startswith(BEGIN):
        return Invitation(code=text)
    words = dict(parse_qsl(told[len(BEGIN) :]))
    return Invitation(code=words.get("code", ""), store=words.get("store", ""), hub=words.get("hub", ""))
