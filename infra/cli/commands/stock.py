"""`skustream stock get SKU` and `skustream stock why SKU`: one SKU's row, and how it came to be."""

from typing import Annotated, Any

import typer

from infra.cli.output import CommandError, Exit, Json, emit

Sku = Annotated[str, typer.Argument(help="The SKU, as the ERP writes it.")]

_ROW = "SELECT * FROM stock WHERE sku = {sku:String} ORDER BY version DESC LIMIT 1"
_WHY = "SELECT * FROM why(sku = {sku:String})"


def get(sku: Sku, as_json: Json = False) -> None:
    """Show the stock of one SKU: on hand, reserved, safety stock, available."""
    from infra.cli.clickhouse import rows

    found = rows(_ROW, sku=sku)
    if not found:
        raise CommandError(Exit.NOT_FOUND, f"no stock is known of SKU {sku}")
    emit({"sku": sku, "stock": found[0]}, as_json, lambda: _lines(found[0]))


def why(sku: Sku, as_json: Json = False) -> None:
    """Show every change of one SKU's stock, with its cause."""
    from infra.cli.clickhouse import rows

    found = rows(_WHY, sku=sku)
    if not found:
        raise CommandError(Exit.NOT_FOUND, f"nothing is known of SKU {sku}")
    emit({"sku": sku, "events": found}, as_json, lambda: _table(found))


def _lines(row: dict[str, Any]) -> str:
    return "\n".join(f"{name:14} {value}" for name, value in row.items() if not name.startswith("_"))


def _table(rows: list[dict[str, Any]]) -> str:
    from io import StringIO

    from rich.console import Console
    from rich.table import Table

    shown = [name for name in rows[0] if not name.startswith("_")]
    grid = Table(*shown, box=None, pad_edge=False)
    for row in rows:
        grid.add_row(*(str(row[name]) for name in shown))
    text = StringIO()
    Console(file=text, width=180).print(grid)
    return text.getvalue().rstrip()
