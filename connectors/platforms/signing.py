"""Signatures that platforms share: base64 HMAC-SHA256 over the raw body, several secrets in force at once."""

import base64
import hashlib
import hmac
from collections.abc import Sequence

from connectors.platforms.contract import SignatureVerdict

ACCEPTED = SignatureVerdict(True)


def sign_base64(body: bytes, secret: str) -> str:
    """What Shopify and WooCommerce put into their header."""
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


def verify_base64(given: str | None, body: bytes, secrets: Sequence[str], header: str) -> SignatureVerdict:
    """Compare with every secret, always all of them: the time taken tells nothing about which one fits."""
    if not given:
        return SignatureVerdict(False, f"the header {header} is missing")
    seen = given.encode()
    fits = False
    for secret in secrets:
        fits |= hmac.compare_digest(sign_base64(body, secret).encode(), seen)
    return ACCEPTED if fits else SignatureVerdict(False, f"{header} does not fit the body under any secret in force")
