"""Passwords as the database keeps them: scrypt with a salt of their own, parameters written beside.

`scrypt$N$r$p$SALT$HASH`, salt and hash in base64 (RFC 7914). A guess costs 32 MB and about 0.1 s, on both sides.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from functools import cache

from retail.errors import ConfigurationError

N, R, P = 2**15, 8, 1  # RFC 7914 and OWASP (2^15, 3) agree within a factor of three; doors are throttled besides
MEMORY_BYTES_MAX = 64 * 1024 * 1024
SALT_BYTES, HASH_BYTES = 16, 32

PASSWORD_CHARS_MIN = 12  # NIST SP 800-63B-4, 3.1.1.2: length is what counts, no rules of digits and signs
PASSWORD_CHARS_MAX = 256


def sealed_password(password: str) -> str:
    """Return what the database keeps of a password. Raises ConfigurationError for one too short or too long."""
    if not PASSWORD_CHARS_MIN <= len(password) <= PASSWORD_CHARS_MAX:
        raise ConfigurationError(
            f"a password has {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters, this one {len(password)}",
            fix="four words that nobody expects beside each other will do",
            code="password",
        )
    salt = secrets.token_bytes(SALT_BYTES)
    hashed = _hash(password, salt, n=N, r=R, p=P)
    return f"scrypt${N}${R}${P}${base64.b64encode(salt).decode()}${base64.b64encode(hashed).decode()}"


def is_password(typed: str, kept: str) -> bool:
    """Return whether `typed` is the password that `kept` was made of; takes as long for a wrong one."""
    if not kept or len(typed) > PASSWORD_CHARS_MAX:
        return False
    _, n, r, p, salt, hashed = kept.split("$")
    found = _hash(typed, base64.b64decode(salt), n=int(n), r=int(r), p=int(p))
    return hmac.compare_digest(found, base64.b64decode(hashed))


@cache
def nobodys_password() -> str:
    """Return what is compared where there is no such person: a strange name takes as long as a wrong password."""
    return sealed_password(secrets.token_urlsafe())


def _hash(password: str, salt: bytes, *, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, maxmem=MEMORY_BYTES_MAX, dklen=HASH_BYTES)
