"""The consumer group's metadata in the bytes that librdkafka takes, for a member that another client (aiokafka) is.

The broker checks these at each commit of offsets in a transaction, and checks nothing when they are empty.
"""

import struct
from dataclasses import dataclass


@dataclass(frozen=True)
class Membership:
    """Who we are in the consumer group right now. ``instance`` is empty for a dynamic member."""

    group: str
    generation: int
    member: str
    instance: str = ""

    def as_bytes(self) -> bytes:
        """librdkafka's serialised form, version 2."""
        packed = b"CGMDv2:" + struct.pack("<i", self.generation)
        packed += self.group.encode() + b"\0" + self.member.encode() + b"\0"
        return packed + (b"\0" + self.instance.encode() + b"\0" if self.instance else b"\1")
