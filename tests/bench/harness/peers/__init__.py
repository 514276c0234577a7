"""The peers: one module each, listed in PEERS."""

from tests.bench.harness.peers.base import Peer
from tests.bench.harness.peers.plain import PLAIN
from tests.bench.harness.peers.skustream import SKUSTREAM

PEERS: tuple[Peer, ...] = (SKUSTREAM, PLAIN)
