"""A manifest of the feed, signed by the chain's key: the same check when it arrives and when it is read from disk."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import ValidationError

from retail.errors import RefusedError
from sync.protocol.enrolment import from_base64, to_base64
from sync.protocol.feed_messages import Manifest, SignedManifest
from sync.protocol.signatures import SigningKey, key_id_of

_CONTEXT = b"tillstream-manifest-1\0"


class BadManifestError(RefusedError):
    """The manifest is not the chain's; the last good one stays in use."""

    code = "bad_manifest"


def sign_manifest(manifest: Manifest, key: SigningKey) -> SignedManifest:
    """Return a manifest as the text that is signed, with its signature."""
    text = manifest.model_dump_json(exclude_none=True)
    return SignedManifest(
        manifest=text, key_id=key.key_id, signature=to_base64(key.private.sign(_CONTEXT + text.encode()))
    )


def open_manifest(signed: SignedManifest, public: Ed25519PublicKey) -> Manifest:
    """Return the manifest that the chain's key signed. Raises BadManifestError for anything else."""
    fix = "the next feed brings another; if it stays so, enrol again"
    if signed.key_id != key_id_of(public):
        raise BadManifestError("the manifest is signed by a key that is not this chain's", fix=fix)
    try:
        public.verify(from_base64(signed.signature), _CONTEXT + signed.manifest.encode())
        return Manifest.model_validate_json(signed.manifest)
    except (InvalidSignature, RefusedError) as error:
        raise BadManifestError("the manifest's signature does not hold", fix=fix) from error
    except ValidationError as error:
        raise BadManifestError("the manifest is of another form", fix="update this program") from error
