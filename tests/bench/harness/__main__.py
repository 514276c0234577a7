"""``python -m tests.bench.harness drain|latency|kill PEER --brokers HOST:PORT``: one JSON line a run."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from tests.bench.harness.cluster import Cluster
from tests.bench.harness.peers import PEERS
from tests.bench.harness.runs import Bench, drain, environment, kill_and_restart, latency

app = typer.Typer(add_completion=False)


@app.command()
def measure(
    run: Annotated[str, typer.Argument(help="drain, latency or kill")],
    peer: Annotated[str, typer.Argument(help=", ".join(each.name for each in PEERS))],
    brokers: Annotated[str, typer.Option(envvar="SKUSTREAM_BROKERS")],
    events: int = 500_000,
    repeats: int = 1,
    broker_pid: int = 0,
    results: Path | None = None,
) -> None:
    """Measure one peer and print the result, once a repeat."""
    chosen = {each.name: each for each in PEERS}[peer]
    bench = Bench(Cluster(brokers), broker_pid)
    for _ in range(repeats):
        if run == "latency":
            result = latency(bench, chosen)
        else:
            result = {"drain": drain, "kill": kill_and_restart}[run](bench, chosen, events)
        line = json.dumps(result | environment())
        sys.stdout.write(line + "\n")
        if results is not None:
            with results.open("a") as file:
                file.write(line + "\n")


if __name__ == "__main__":
    app()
