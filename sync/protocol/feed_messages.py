"""What hub and store say of central data: which files a store should have, and what it has in use.

The second half of the wire's messages; `messages` has what all of them share.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, StringConstraints, field_validator

from sync.protocol.messages import SEQ_MAX, Base64, Hash, Message, Name, Versioned

FEED_FILES_MAX: Final = 200
"""Files one manifest may name: a snapshot, a month of overlays, and as many again."""


ERASURES_CHARS_MAX: Final = 4 * 1024 * 1024
"""Of a list of erasures that travels back: some 20,000 people, as many as fit into one body."""


class FeedKind(StrEnum):
    """What a file of the feed is, in the order in which they are applied."""

    ERASURES = "erasures"
    STOPS = "stops"
    CONFIG = "config"
    VALUE = "value"
    MIRROR = "mirror"
    MIRROR_OVERLAY = "mirror_overlay"
    ITEMS = "items"
    CAMPAIGNS = "campaigns"


class MirrorPart(StrEnum):
    """Whose customers a mirror file holds."""

    ALL = "all"
    NEARBY = "nearby"


class FeedFile(Message):
    """One file, fetched by its hash from `GET /v1/feed/files/{sha256}` (Range is honoured)."""

    kind: FeedKind
    """What the file is."""

    sha256: Hash
    """SHA-256 of its bytes: its name and its proof."""

    size_bytes: Annotated[int, Field(ge=0, le=2**43)]
    """How many bytes it has; what comes beyond is not taken."""

    version: Annotated[int, Field(ge=0, le=SEQ_MAX)]
    """Grows with each new content of its kind; for erasures: the number of the last erasure in it."""

    as_of: str
    """ISO 8601: how new the data in it is."""

    base: Annotated[int, Field(ge=0, le=SEQ_MAX)] = 0
    """For an overlay: the version of the mirror file on which it belongs."""

    erased_through: Annotated[int, Field(ge=0, le=SEQ_MAX)] = 0
    """For mirror files: the last erasure that was known when it was made. Later ones are erased from it before use."""

    part: MirrorPart = MirrorPart.ALL
    """For mirror files: everybody, or a slice of who shops in this store or near: others may be customers, too."""


class Manifest(Versioned):
    """What a store should have. Signed by the chain's feed key, so that it can be kept and verified again later."""

    tenant: Name
    """The chain."""

    store: str
    """The store that asked; a manifest of another store is not taken."""

    cursor: str
    """Names this state; given back with the next question, so that nothing new is answered with 304."""

    issued_at: str
    """ISO 8601. An agent refuses a manifest older than the one it has: nobody can play it back."""

    files: Annotated[list[FeedFile], Field(max_length=FEED_FILES_MAX)]
    """What the store should have, at most one file of a kind, but for overlays. Kinds that a reader does not know are
    passed over: a newer hub serves older stores."""

    @field_validator("files", mode="before")
    @classmethod
    def _known_kinds(cls, files: object) -> object:
        if not isinstance(files, list):
            return files
        known = set(FeedKind)
        return [each for each in files if not (isinstance(each, dict) and each.get("kind") not in known)]

    poll_after_s: Annotated[float, Field(gt=0, le=86_400)] = 60.0
    """When to ask again; the agent adds jitter."""

    ring: Annotated[str, StringConstraints(max_length=64)] | None = None
    """The store's ring, the channel of its program updates; left out where the chain has given it none."""


class SignedManifest(Message):
    """`GET /v1/feed?cursor=…`: a manifest as the text that was signed."""

    manifest: Annotated[str, StringConstraints(max_length=262_144)]
    """A `Manifest` as JSON text, byte for byte what was signed."""

    key_id: str
    """The name of the feed key."""

    signature: Base64
    """Ed25519 over `tillstream-manifest-1`, a zero byte, and the manifest's UTF-8 bytes."""


class Erasure(Message):
    """One person. Applying it twice changes nothing."""

    erasure_no: int
    """Grows by one with each erasure of the chain."""

    customer_id: str
    """Who must be forgotten."""

    locators: list[str] = Field(default_factory=list)
    """The first halves of the person's tokens, hexadecimal, and the ids under which they joined at a screen."""

    requested_at: str = ""
    """When the chain was asked, ISO 8601."""


class ErasuresFile(Versioned):
    """Feed file of kind `erasures`: who must be forgotten."""

    through: int
    """The number of the last erasure here: the store's mark once it has applied them."""

    erasures: list[Erasure]
    """All erasures of the chain, oldest first."""


class StopMessage(Message):
    """One stop button that is pressed for this store."""

    stop_no: int
    """Names it, so that people can speak of it."""

    kind: Annotated[str, StringConstraints(max_length=32)]
    """`printing`, `burning` or `campaign`; others are passed over."""

    campaign_id: str = ""
    """Which campaign, for `campaign`."""

    since: str
    """When it was pressed, ISO 8601. It acts from the moment it arrives."""

    until: str = ""
    """When it ends by itself, ISO 8601; empty: when it is taken back."""

    why: Annotated[str, StringConstraints(max_length=200)] = ""
    """What people in the store are told."""


class StopsFile(Versioned):
    """Feed file of kind `stops`: what this store must not do now. An empty list takes all stops back."""

    stops: list[StopMessage]
    """Every stop that acts in this store."""


class FeedRefusal(Message):
    """A file that a store could not use; its last good one stays in use."""

    kind: FeedKind
    """What the file is."""

    sha256: Hash
    """Which file."""

    message: Annotated[str, StringConstraints(max_length=2000)]
    """Why it could not be used."""


class StoreHealth(Message):
    """How a store is, for the fleet's page; counts are of its business day. Nothing here is of a person."""

    documents: Annotated[int, Field(ge=0, le=SEQ_MAX)] = 0
    """Documents that came from tills and could be sales: read, or parked."""

    documents_parked: Annotated[int, Field(ge=0, le=SEQ_MAX)] = 0
    """Those whose sums could not be proved."""

    blocks: Annotated[int, Field(ge=0, le=SEQ_MAX)] = 0
    """Blocks of ours that the printer confirmed or may have printed."""

    blocks_late: Annotated[int, Field(ge=0, le=SEQ_MAX)] = 0
    """Blocks that came after the budget, so that the receipt went without."""

    held_p99_ms: Annotated[int, Field(ge=0, le=SEQ_MAX)] | None = None
    """Milliseconds that 99 of 100 cuts waited for core at most, of the newest 1,000 since it began; null for a few."""

    spooled_jobs: Annotated[int, Field(ge=0, le=SEQ_MAX)] = 0
    """Jobs on the store's disk that core has not taken yet."""

    disk_free_mb: Annotated[int, Field(ge=0, le=SEQ_MAX)] | None = None
    """Room on the disk of the state folder, in MB."""

    backlog_age_s: Annotated[int, Field(ge=0, le=SEQ_MAX)] | None = None
    """How old the oldest record is that the hub has not taken; null where it has them all."""

    captured_percent: Annotated[int, Field(ge=0, le=SEQ_MAX)] | None = None
    """Sales that were captured, of a hundred that the Z reports of the newest day with any told; null without one."""

    troubles: list[Annotated[str, StringConstraints(max_length=64)]] = Field(default_factory=list, max_length=64)
    """Codes of what `tillstream status` tells as troubles now."""

    has_left: bool = False
    """The last word of a PC that is being wiped: whoever enrols for the store next speaks again."""


class AppliedReport(Versioned):
    """`POST /v1/feed/applied`: what this store has in use."""

    cursor: str
    """The cursor of the newest manifest that was worked through."""

    erased_through: Annotated[int, Field(ge=0, le=SEQ_MAX)]
    """Every erasure up to this number is done on this store's disks."""

    mirror_version: int | None = None
    """The version of the mirror file in use."""

    campaigns_version: int | None = None
    """The version of the campaigns file in use."""

    backlog_records: int | None = None
    """Journal records that the hub has not taken yet."""

    parked_records: int | None = None
    """Journal records that are parked for the hub."""

    program: Annotated[str, StringConstraints(max_length=64)] = ""
    """Name and version of the agent's program."""

    health: StoreHealth | None = None
    """How the store is; an agent that does not know leaves it out."""

    refused: list[FeedRefusal] = Field(default_factory=list, max_length=FEED_FILES_MAX)
    """Files of the manifest that could not be used, and why: what stops a bundle before it reaches more stores."""


class AppliedAnswer(Versioned):
    """The hub has noted the report."""

    erased_through: int
    """The mark as the hub keeps it."""

    wants_erasures: bool = False
    """The mark is above every order that the hub knows: it was put back from a copy and asks for an `ErasuresProof`."""


class ErasuresProof(Versioned):
    """`POST /v1/feed/erasures`: orders of erasure that the hub once gave, for a hub that was put back from a copy."""

    signed: SignedManifest
    """The manifest that named the list, signed by the chain's feed key."""

    erasures: Annotated[str, StringConstraints(max_length=ERASURES_CHARS_MAX)]
    """The `ErasuresFile` as JSON text, byte for byte what the manifest's hash is of."""


class ErasuresTaken(Versioned):
    """The hub has noted the orders it lacked; it carries them out within minutes."""

    noted: int
    """How many people the hub had not known, or not with these tokens."""
