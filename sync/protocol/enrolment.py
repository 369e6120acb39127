"""Single-use enrolment codes, and the box in which the chain's pepper travels to a new agent.

A code is 19 random characters and one that checks them, in Crockford's base 32: 95 bits, four groups of five, read
aloud without I, L, O and U. A code is worth a store for a day, so hubs keep only its hash.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from retail.errors import RefusedError
from sync.protocol.invitation import read_invitation

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_CHARACTERS = 20
GROUP_CHARACTERS = 5
KEY_BYTES = 32

_LOOKS_LIKE = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V", "-": None, " ": None, "\u00a0": None})
_CHECK_PRIME = 31  # weights 1..19 differ modulo 31: one wrong character or a swap of neighbours shows, but for 0 and Z
_BOX_INFO = b"tillstream enrolment box 1"


def new_code() -> str:
    """Return a new code as a person reads it: `XXXXX-XXXXX-XXXXX-XXXXX`, 95 random bits and a check character."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(CODE_CHARACTERS - 1))
    return _grouped(body + _check_character(body))


def parse_code(text: str) -> str:
    """Return a typed code in the one form that is hashed, without dashes.

    Small letters, spaces, dashes and look-alikes (O for 0, I or L for 1, U for V) are forgiven, and the text of its
    QR code is read. Raises RefusedError with code `code_mistyped`, which needs no hub to find out.
    """
    code = read_invitation(text).code.strip().upper().translate(_LOOKS_LIKE)
    if len(code) != CODE_CHARACTERS or any(character not in ALPHABET for character in code):
        raise _mistyped()
    if _check_character(code[:-1]) != code[-1]:
        raise _mistyped()
    return code


def code_digest(code: str) -> bytes:
    """Return what a hub keeps of a parsed code: SHA-256; 95 bits are beyond any search."""
    return hashlib.sha256(b"tillstream enrolment code 1\0" + code.encode()).digest()


def _check_character(body: str) -> str:
    weighted = sum((place + 1) * ALPHABET.index(character) for place, character in enumerate(body))
    return ALPHABET[weighted % _CHECK_PRIME]


def _grouped(code: str) -> str:
    return "-".join(code[at : at + GROUP_CHARACTERS] for at in range(0, len(code), GROUP_CHARACTERS))


def _mistyped() -> RefusedError:
    return RefusedError(
        "this is no enrolment code: a character is wrong, missing or too many",
        fix="type the four groups of five again as they were printed",
        code="code_mistyped",
    )


def to_base64(data: bytes) -> str:
    """Return base64url without padding, as keys travel."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64(text: str, *, length: int | None = None) -> bytes:
    """Return the bytes of base64url without padding. Raises RefusedError when it is none, or not `length` bytes."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise RefusedError("no base64url", fix="see docs/wire-protocol.md", code="invalid") from error
    if length is not None and len(data) != length:
        raise RefusedError(f"{len(data)} bytes instead of {length}", fix="see docs/wire-protocol.md", code="invalid")
    return data


def seal_to(public: X25519PublicKey, secret: bytes) -> bytes:
    """Return `secret` in a box that only the holder of `public`'s private half opens.

    An ephemeral X25519 key, HKDF-SHA-256 over both public keys, ChaCha20-Poly1305: each box has its own key, so the
    nonce stays zero.
    """
    ephemeral = X25519PrivateKey.generate()
    ephemeral_public = ephemeral.public_key().public_bytes_raw()
    key = _box_key(ephemeral.exchange(public), ephemeral_public + public.public_bytes_raw())
    return ephemeral_public + ChaCha20Poly1305(key).encrypt(bytes(12), secret, None)


def open_sealed(private: X25519PrivateKey, box: bytes) -> bytes:
    """Return what `seal_to` sealed. Raises RefusedError for a box that is not for this key, or was changed."""
    ephemeral_public, sealed = box[:KEY_BYTES], box[KEY_BYTES:]
    try:
        shared = private.exchange(X25519PublicKey.from_public_bytes(ephemeral_public))
        key = _box_key(shared, ephemeral_public + private.public_key().public_bytes_raw())
        return ChaCha20Poly1305(key).decrypt(bytes(12), sealed, None)
    except (InvalidTag, ValueError) as error:
        raise RefusedError("the box is not for this key", fix="enrol again with a new code", code="invalid") from error


def _box_key(shared: bytes, public_keys: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=public_keys, info=_BOX_INFO).derive(shared)
