"""Signed addresses: a code that hangs on a wall says who issued it, and carries nothing but a number.

The signature is HMAC-SHA-256 (RFC 2104) under a key of its own, derived from the home's key, which is
kept outside the data; its first 80 bits are written in base32, so that it stays short in a QR code.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from minxin.settings import Home

#: What the derived key is for; a number says which way of signing.
_PURPOSE = b"minxin/enterprise-code/1"
_BYTES = 10


def sign(home: Home, what: str) -> str:
    """The signature of a text: 16 letters and digits."""
    key = hmac.new(home.key(), _PURPOSE, hashlib.sha256).digest()
    made = hmac.new(key, what.encode("utf-8"), hashlib.sha256).digest()
    return base64.b32encode(made[:_BYTES]).decode("ascii")


def signed(home: Home, what: str, signature: str) -> bool:
    """Whether a signature is ours for that text, compared in constant time."""
    return hmac.compare_digest(sign(home, what).encode(), signature.strip().upper().encode("utf-8"))
