"""`skustream down`: stop the embedded stack."""

from typing import Annotated

import typer

from infra.cli.output import CommandError, Exit, Json, emit


def down(
    wipe: Annotated[
        bool, typer.Option("--wipe", help="Also delete all data, logs and passwords of the stack.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Stop all parts. Data stay, and the next `up` goes on with them."""
    import shutil

    from infra.cli.running import here
    from infra.local.stack import NotRunning, StackError

    stack = here()
    try:
        stack.status()
        ran = True
    except NotRunning:
        ran = False
    try:
        stack.stop()
    except StackError as error:
        raise CommandError(Exit.FAILURE, str(error)) from None
    if wipe and stack.home.exists():
        if stack.home.exists() and not (stack.home / "state.json").exists():
            raise CommandError(Exit.FAILURE, f"{stack.home} is not the home folder of a stack; nothing was deleted")
        shutil.rmtree(stack.home)
    said = "Stopped." if ran else "Nothing was running."
    emit({"was_running": ran, "wiped": wipe}, as_json, lambda: said + (" All data are deleted." if wipe else ""))
