"""Jinja2 and the words and numbers of the page."""

import hashlib
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

HERE = Path(__file__).parent
STATIC = HERE / "static"
DASH = "\u2013"


def number(value: int | float | None) -> str:
    """A number with thousands separated; a dash for none."""
    if value is None:
        return DASH
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def percent(value: float | None) -> str:
    """A share as per cent, with the digits that matter."""
    if value is None:
        return DASH
    shown = value * 100
    return f"{shown:.2f} %" if 0 < shown < 10 else f"{shown:.1f} %"


def duration(ms: float | None) -> str:
    """Milliseconds in the unit that a person would say."""
    if ms is None:
        return DASH
    if ms < 1_000:
        return f"{ms:.0f} ms"
    if ms < 90_000:
        return f"{ms / 1000:.1f} s"
    if ms < 5_400_000:
        return f"{ms / 60_000:.0f} min"
    return f"{ms / 3_600_000:.1f} h" if ms < 172_800_000 else f"{ms / 86_400_000:.0f} days"


def moment(ms: int | None) -> Markup:
    """A time: absolute in the HTML; the page's script makes it relative and moves the absolute one to the tooltip."""
    if not ms:
        return Markup("&ndash;")
    at = datetime.fromtimestamp(ms / 1000, UTC)
    stamp = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Markup('<time datetime="{}" title="{} UTC">{}</time>').format(
        stamp, at.strftime("%Y-%m-%d %H:%M:%S"), at.strftime("%H:%M:%S")
    )


def path_of(value: str) -> str:
    """A SKU or order key as one part of a path."""
    return quote(value, safe="")


def dom_id(value: str) -> str:
    """An element id for any text, so that a row keeps its identity when the page is updated."""
    return f"x{hashlib.blake2s(value.encode(), digest_size=6).hexdigest()}"


def shop_name(channel: str) -> str:
    """shopify:north as a person says it."""
    platform, _, shop = channel.partition(":")
    return f"{shop} · {PLATFORMS.get(platform, platform)}" if shop else PLATFORMS.get(channel, channel)


PLATFORMS = {"shopify": "Shopify", "woocommerce": "WooCommerce", "erp": "ERP (other buyers)"}


@cache
def asset(name: str) -> str:
    """The address of a static file with its content's hash, so that it may be cached for ever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def environment() -> Environment:
    """The templates, strict about undefined names and escaping everything."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip
    made.filters.update(
        number=number, percent=percent, duration=duration, moment=moment, path=path_of, shop=shop_name, dom=dom_id
    )
    made.globals["asset"] = asset
    return made


class Renderer:
    """Renders fragments and pages."""

    def __init__(self, **everywhere: Any) -> None:
        self._environment = environment()
        self._environment.globals.update(everywhere)

    def fragment(self, name: str, **values: Any) -> str:
        """The HTML of templates/fragments/NAME.html."""
        return self._environment.get_template(f"fragments/{name}.html").render(values)

    def page(self, name: str, **values: Any) -> str:
        """The HTML of templates/NAME.html."""
        return self._environment.get_template(f"{name}.html").render(values)
