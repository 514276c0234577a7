"""`skustream up`: start the embedded stack."""

import os
import signal
from typing import Annotated, Any

import typer

from infra.cli.output import CommandError, Exit, Json, emit, say


def up(
    parts: Annotated[
        list[str] | None, typer.Argument(help="Parts to start, with what they need. Default: all.")
    ] = None,
    foreground: Annotated[bool, typer.Option("--foreground", help="Stay until Ctrl-C, then stop everything.")] = False,
    as_json: Json = False,
) -> None:
    """Start all parts of Skustream on this machine and return when they are ready.

    The first start downloads about 220 MB. A port that is taken moves to a free one. A second `up` changes nothing.
    """
    from infra.cli.progress import watch
    from infra.local.parts import PARTS
    from infra.local.stack import AlreadyRunning, Stack, StackError

    known = {part.name for part in PARTS}
    if unknown := [name for name in parts or () if name not in known]:
        raise typer.BadParameter(f"{', '.join(unknown)} is no part; there are {', '.join(sorted(known))}")
    stack = Stack(parts=tuple(parts or ()), until_exit_of=os.getpid() if foreground else 0, fixed_ports=True)
    already = False
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with watch(stack.home) as on_status:
            stack.start(on_status=on_status)
    except AlreadyRunning:
        already = True
        say(f"The stack already runs in {stack.home}; see: skustream status")
    except StackError as error:
        raise CommandError(Exit.FAILURE, f"the stack did not start; everything was stopped again.\n{error}") from None
    status = stack.status()
    emit(document(status, already), as_json, lambda: words(status))
    if foreground and not already:
        _stay(stack)


def _stay(stack: Any) -> None:
    say("Ctrl-C stops it.")
    try:
        signal.pause()
    except KeyboardInterrupt:
        say("Stopping.")
    finally:
        stack.stop()


def document(status: dict[str, Any], already: bool) -> dict[str, object]:
    """What `up --json` prints."""
    return {
        "already_running": already, "ready": status["ready"], "seconds": status["seconds"], "home": status["home"],
        "environment": {name: value for name, value in status["environment"].items() if name.startswith("SKUSTREAM_")},
        "parts": {name: {"seconds": part["seconds"], "ports": part["ports"]} for name, part in status["parts"].items()},
    }  # fmt: skip


def words(status: dict[str, Any]) -> str:
    """What `up` says."""
    slowest = sorted(status["parts"].items(), key=lambda item: -sum(item[1]["seconds"].values()))[:3]
    lines = [f"Ready: {len(status['parts'])} parts in {status['seconds']:.1f} s."]
    lines += [
        f"  {name}: " + ", ".join(f"{phase} {value:.1f} s" for phase, value in part["seconds"].items())
        for name, part in slowest
    ]
    ports = {name: part["ports"]["main"] for name, part in status["parts"].items() if "main" in part["ports"]}
    lines += moved(status)
    if "console" in ports:
        lines.append(f"Open http://127.0.0.1:{ports['console']}/")
    lines.append("Stop it with: skustream down")
    return "\n".join(lines)


def moved(status: dict[str, Any]) -> list[str]:
    """A line for each port that is another than usual."""
    from infra.local.parts import PARTS

    usual = {part.name: dict(part.ports) for part in PARTS}
    return [
        f"  {name}: port {usual[name][which]} was taken, {which} is on {port}"
        for name, part in status["parts"].items()
        for which, port in part["ports"].items()
        if port != usual[name][which]
    ]
