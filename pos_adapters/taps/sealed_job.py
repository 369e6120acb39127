r"""A job sealed to the agent's public key, as it lies in the spool and travels in a SEALED frame.

    magic      8 bytes   b"TSJOB\x00\x00\x01"
    ephemeral  32 bytes  X25519 public key, made for this job and forgotten
    sealed     rest      ChaCha20-Poly1305, nonce of zeros (a key seals one job), magic and ephemeral authenticated

The key is HKDF-SHA256 of the X25519 secret between ephemeral key and agent key, salted with both public keys. Inside:
u32 length of a JSON header (big-endian), the header, the register's bytes. Only the agent's private key opens it: not
the tap, and nobody who takes the disk without that key.

The tap's own process never imports this module (cryptography takes 20 MB); its child `seal` and core do.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from retail.errors import RefusedError

MAGIC = b"TSJOB\x00\x00\x01"
KEY_BYTES = 32
NONCE = b"\x00" * 12
PURPOSE = b"tillstream sealed job 1"
LENGTH = struct.Struct(">I")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedJob:
    """What a sealed job holds. Times are ISO 8601 in UTC; `outcomes` maps a cut's number to a `frames.Outcome`."""

    job_id: UUID
    workstation_id: str
    printer: str
    received_at: str
    reason: str
    truncated: bool
    outcomes: dict[int, int]
    data: bytes


def seal_job(public_key: bytes, job: SealedJob) -> bytes:
    """Return the sealed form of a job; two calls never return the same bytes."""
    ephemeral = X25519PrivateKey.generate()
    ephemeral_public = ephemeral.public_key().public_bytes_raw()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(public_key))
    header = {
        "job_id": str(job.job_id),
        "workstation": job.workstation_id,
        "printer": job.printer,
        "received_at": job.received_at,
        "reason": job.reason,
        "truncated": job.truncated,
        "outcomes": {str(cut_no): outcome for cut_no, outcome in job.outcomes.items()},
    }
    encoded = json.dumps(header, ensure_ascii=False).encode()
    inside = LENGTH.pack(len(encoded)) + encoded + job.data
    sealed = _cipher(shared, ephemeral_public, public_key).encrypt(NONCE, inside, MAGIC + ephemeral_public)
    return MAGIC + ephemeral_public + sealed


def open_sealed(private_key: X25519PrivateKey, blob: bytes) -> SealedJob:
    """Open a sealed job. Raises RefusedError: not one of ours, sealed to another key, or changed since."""
    start = len(MAGIC)
    if len(blob) < start + KEY_BYTES or not blob.startswith(MAGIC):
        raise RefusedError("not a sealed job of this version", fix="keep the file and tell support", code="sealed_job")
    ephemeral_public = blob[start : start + KEY_BYTES]
    try:
        shared = private_key.exchange(X25519PublicKey.from_public_bytes(ephemeral_public))
        cipher = _cipher(shared, ephemeral_public, private_key.public_key().public_bytes_raw())
        inside = cipher.decrypt(NONCE, blob[start + KEY_BYTES :], blob[: start + KEY_BYTES])
    except (InvalidTag, ValueError) as error:
        raise RefusedError(
            "a sealed job does not open: it is damaged, or was sealed to another agent's key",
            fix="start the tap with this agent's agent_seal.pub; keep the file",
            code="sealed_job",
        ) from error
    (header_bytes,) = LENGTH.unpack_from(inside)
    data_at = LENGTH.size + header_bytes
    return _parse(json.loads(inside[LENGTH.size : data_at]), inside[data_at:])


def _parse(header: dict[str, Any], data: bytes) -> SealedJob:
    return SealedJob(
        job_id=UUID(header["job_id"]),
        workstation_id=header["workstation"],
        printer=header["printer"],
        received_at=header["received_at"],
        reason=header["reason"],
        truncated=header["truncated"],
        outcomes={int(cut_no): outcome for cut_no, outcome in header["outcomes"].items()},
        data=data,
    )


def _cipher(shared: bytes, ephemeral_public: bytes, agent_public: bytes) -> ChaCha20Poly1305:
    salt = ephemeral_public + agent_public
    return ChaCha20Poly1305(HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=salt, info=PURPOSE).derive(shared))
