"""The running stack as commands see it: refused in words when there is none."""

from typing import TYPE_CHECKING, Any

from infra.cli.output import CommandError, Exit

if TYPE_CHECKING:
    from infra.local.stack import Stack


def here() -> "Stack":
    """The stack of the default home folder, running or not; it is not tied to this command's life."""
    from infra.local.stack import Stack

    return Stack(until_exit_of=0, fixed_ports=True)


def status_of(stack: "Stack", code: Exit = Exit.NOT_FOUND) -> dict[str, Any]:
    """The status document; CommandError with the given code when nothing runs."""
    from infra.local.stack import NotRunning

    try:
        return stack.status()
    except NotRunning:
        raise CommandError(code, f"no stack is running in {stack.home}; start it with: skustream up") from None
