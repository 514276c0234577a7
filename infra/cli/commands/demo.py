"""`skustream demo`: sell real baskets on several shops at once, and prove by SQL that the stock is right."""

import signal
from typing import Annotated

import typer

from infra.cli.output import CommandError, Exit, Json, emit, say


def demo(
    orders: Annotated[int, typer.Option(min=1, help="Orders to place.")] = 200,
    seed: Annotated[int, typer.Option(help="The same seed gives the same shoppers.")] = 7,
    per_second: Annotated[float, typer.Option(min=0.1, help="Shoppers a second; the ERP takes about five.")] = 4.0,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the stack running.")] = False,
    as_json: Json = False,
) -> int:
    """Bring everything up, run a market on stand-in shops, wait until all is settled, and judge it from ClickHouse.

    Ends with 0 only if nothing was lost or counted twice and ledger, table and ERP agree; with 5 if they do not.
    """
    from infra.cli.progress import watch
    from infra.demo.progress import bars
    from infra.demo.story import DemoFailed, Wanted, play
    from infra.local.stack import AlreadyRunning, Stack, StackError

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    stack = Stack(until_exit_of=0 if keep else None, fixed_ports=True)
    try:
        with watch(stack.home) as on_status:
            stack.start(on_status=on_status)
    except AlreadyRunning:
        say("Using the stack that already runs; it stays up.")
        keep = True
    except StackError as error:
        raise CommandError(Exit.FAILURE, f"the stack did not start.\n{error}") from None
    try:
        with bars() as progress:
            figures = play(Wanted(orders, seed, per_second), stack.env, progress)
    except DemoFailed as error:
        raise CommandError(Exit.FAILURE, f"{error}\nlogs: {stack.home / 'logs'}") from None
    finally:
        env = dict(stack.env)
        if not keep:
            say("Stopping the stack.")
            stack.stop()
    if as_json:
        emit(figures.document(), True, str)
    else:
        from infra.demo.show import show

        show(figures, env, keep)
    return int(Exit.OK if figures.is_right else Exit.FINDINGS)
