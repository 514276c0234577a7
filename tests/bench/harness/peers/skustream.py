"""Our own runtime: Faust on micro-batches, exactly once."""

import os
import sys

from streams.runtime import Batch, Table, Transaction, Unit
from streams.runtime.settings import Settings
from tests.bench.harness import work
from tests.bench.harness.peers.base import Job, Peer

STOCK = Table("stock", work.encode_row, work.decode_row)


def unit(settings: Settings) -> Unit:
    """The bench's work as a unit; topics and name come from the environment of the run."""
    source, output = os.environ["BENCH_INPUT"], os.environ["BENCH_OUTPUT"]
    decode, encode, apply, outcome = work.decode_order, work.encode_stock, work.apply, work.outcome

    def handle(batch: Batch, tx: Transaction) -> None:
        get, put, send, partition = tx.get, tx.put, tx.send, batch.partition
        for record in batch.records:
            event = decode(record.value)
            row, result = apply(event, get(STOCK, record.key) or work.NOTHING)
            put(STOCK, record.key, row)
            send(output, record.key, encode(outcome(event, row, result)), None, partition)

    return Unit(os.environ["BENCH_NAME"], (source,), (STOCK,), work.PARTITIONS, handle, (output,))


def _environment(job: Job) -> dict[str, str]:
    return {
        "SKUSTREAM_BROKERS": job.brokers, "SKUSTREAM_STATE": str(job.state), "SKUSTREAM_INSTANCE": "one",
        "BENCH_INPUT": job.input, "BENCH_OUTPUT": job.output, "BENCH_NAME": job.name,
    }  # fmt: skip


SKUSTREAM = Peer(
    "skustream",
    lambda job: [sys.executable, "-m", "streams.worker", "tests.bench.harness.peers.skustream:unit"],
    _environment,
    lambda job: (f"{job.input}.dlq",),
)
