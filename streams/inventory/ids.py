"""Derived ids: what is caused by the same thing has the same id, on every run and every machine."""

from hashlib import sha1

NAMESPACE = bytes.fromhex("5d5a7c1ee5b75d0d9f3e7a5b8f3c2a10")


def derive(*parts: str) -> str:
    """A UUIDv5 of the parts. The standard library's own builds an object on the way and costs twice as much."""
    digest = bytearray(sha1(NAMESPACE + "\0".join(parts).encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
