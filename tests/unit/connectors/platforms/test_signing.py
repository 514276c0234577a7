"""Signatures against vectors that we did not make."""

import base64

import pytest

from connectors.platforms.signing import sign_base64, verify_base64

# RFC 4231, test cases 2 and 6, in hexadecimal; the key of 6 is longer than a block
RFC_4231 = (
    ("Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
)
# published with sqlpage's documentation as an example of Shopify's header
SHOPIFY_EXAMPLE = (
    "test-webhook-secret",
    b'{"id":1234567890,"email":"customer@example.com","total_price":"123.45"}',
    "QNyObTlKbMx2qDlPF/ZOZcBqg5OgPg+2oky3zldc0Gw=",
)


@pytest.mark.parametrize(("secret", "body", "digest"), RFC_4231)
def test_the_primitive_is_hmac_sha256(secret: str, body: bytes, digest: str) -> None:
    assert base64.b64decode(sign_base64(body, secret)).hex() == digest


def test_a_published_shopify_header_is_accepted() -> None:
    secret, body, header = SHOPIFY_EXAMPLE
    assert verify_base64(header, body, ["another", secret], "h").accepted
    assert not verify_base64(header, body + b" ", [secret], "h").accepted


def test_without_any_secret_nothing_is_accepted() -> None:
    assert not verify_base64(sign_base64(b"x", ""), b"x", [], "h").accepted
