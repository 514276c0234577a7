"""``make bench``: the stock agent on the full command mix, each run on a broker of its own; medians at the end."""

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from infra.local.stack import Stack
from tests.bench.stock import drain, medians


def main(
    commands: Annotated[int, typer.Option(help="Commands after the first counts.")] = 200_000,
    runs: Annotated[int, typer.Option(min=1)] = 3,
    seed: int = 7,
    quick: Annotated[bool, typer.Option("--quick", help="One run of 50,000.")] = False,
) -> None:
    """Measure and print one JSON document; each run is told on stderr."""
    if quick:
        commands, runs = 50_000, 1
    results = []
    for number in range(runs):
        home = Path(tempfile.mkdtemp(prefix="bench-stack-"))
        with Stack(home, ("topics", "schemas")) as stack:
            broker = stack.status()["parts"]["kafka"]["pid"]
            results.append(drain(stack.env, broker, commands, seed))
        shutil.rmtree(home, ignore_errors=True)
        sys.stderr.write(f"run {number + 1} of {runs}: {json.dumps(results[-1])}\n")
    document = {"schema_version": 1, "ours": medians(results), "all": results}
    sys.stdout.write(json.dumps(document) + "\n")
    if not all(run["ok"] and not run["lost"] and not run["doubled"] for run in results):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
