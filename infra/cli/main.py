"""Entry point of `skustream`: the tuple of commands, and what errors become."""

import sys

import typer

from infra.cli.commands import COMMANDS, GROUPS
from infra.cli.output import EXIT_CODES, CommandError, Exit, fail

app = typer.Typer(
    name="skustream", no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None,
    help="Keeps one true stock figure per SKU while goods are sold on many platforms at once.", epilog=EXIT_CODES,
)  # fmt: skip
for _name, _command in COMMANDS:
    app.command(_name, epilog=EXIT_CODES)(_command)
for _group, _help, _commands in GROUPS:
    _sub = typer.Typer(no_args_is_help=True, help=_help, epilog=EXIT_CODES)
    for _name, _command in _commands:
        _sub.command(_name, epilog=EXIT_CODES)(_command)
    app.add_typer(_sub, name=_group)


def main() -> None:
    """Run one command; the exit codes are those of `skustream --help`."""
    as_json = "--json" in sys.argv[1:]
    try:
        code = app(standalone_mode=False)
    except CommandError as error:
        fail(error, as_json)
    except typer.TyperException as error:
        fail(CommandError(Exit(error.exit_code), error.format_message()), as_json)
    except (KeyboardInterrupt, typer.Abort):
        fail(CommandError(Exit.INTERRUPTED, "interrupted"), as_json)
    except BrokenPipeError:
        raise SystemExit(int(Exit.FAILURE)) from None
    raise SystemExit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
