"""The end of the demo in words: what was measured, whether it is right, what to open next."""

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from infra.demo.figures import Figures


def show(figures: Figures, env: Mapping[str, str], is_kept: bool) -> None:
    """Print the figures on stdout."""
    console = Console(soft_wrap=True)
    console.print(_measured(figures))
    console.print(_hops(figures))
    console.print(_checks(figures))
    if is_kept:
        console.print(_next(env))
    else:
        console.print("The stack is stopped; its data is kept. To look around: skustream demo --keep")


def _measured(f: Figures) -> Table:
    table = Table("what", "figure", title="Read from ClickHouse", title_justify="left")
    causes = ", ".join(f"{cause} {count}" for cause, count in f.cancellations_by_cause.items()) or "none"
    ends = ", ".join(f"{end} {count}" for end, count in sorted(f.orders_by_end.items()))
    rows = (
        ("orders", f"{f.orders_stored} ({ends})"),
        ("order lines reserved", f"{f.reservations}"),
        ("cancellations by cause", f"{f.cancellations} ({causes})"),
        ("cancellation rate", f"{f.cancellation_rate:.1%}   (a firm in an outage: 30 %)"),
        ("oversold lines", f"{f.oversells}"),
        (
            "stock error rate",
            f"{f.stock_error_rate:.2%} of {f.listings_compared} listings looked at   (the trade: 15-40 %)",
        ),
        ("ledger rows", f"{f.events} ({f.events_per_s:g}/s while selling)"),
        ("dead letters", f"{f.dead_letters}"),
        ("seconds", f"{f.seconds:g}"),
    )
    for row in rows:
        table.add_row(*row)
    return table


def _hops(f: Figures) -> Table:
    table = Table("hop", "p50 ms", "p99 ms", title="Freshness", title_justify="left")
    for hop, at in f.freshness.items():
        table.add_row(hop, f"{at['p50_ms']:.0f}", f"{at['p99_ms']:.0f}")
    return table


def _checks(f: Figures) -> Table:
    table = Table("check", "", "figure", title="Is it right?", title_justify="left")
    rows = (
        ("every order that was placed is stored and decided", f.lost == 0, f"{f.orders_sent} sent, {f.lost} lost"),
        ("nothing is counted twice", f.duplicated == 0, f"{f.duplicated} doubled"),
        ("ledger = table", f.ledger_equals_table, f"{f.skus} SKUs"),
        ("ledger = ERP", f.ledger_equals_erp, f"{f.skus} SKUs by location"),
        ("every shop shows what can be sold", f.listings_equal_stock, ""),
    )
    for check, is_right, figure in rows:
        table.add_row(check, "[green]yes[/]" if is_right else "[bold red]NO[/]", figure)
    return table


def _next(env: Mapping[str, str]) -> str:
    sql = "SELECT * FROM why(sku = 'CJ-1082185')"
    return "\n".join(
        (
            "What to open next:",
            f"  the page   http://127.0.0.1:{env['SKUSTREAM_CONSOLE_PORT']}/",
            f'  SQL        curl "{_address(env)}" --data-binary "{sql}"',
            f"  topics     bootstrap.servers={env['SKUSTREAM_BROKERS']}, schema registry {env['SKUSTREAM_REGISTRY']}",
            "  one SKU    skustream stock why CJ-1082185",
            "  the end    skustream down",
        )
    )


def _address(env: Mapping[str, str]) -> str:
    base, _, database = env["SKUSTREAM_CLICKHOUSE_READ"].rpartition("/")
    return f"{base}/?database={database}&default_format=PrettyCompact"
