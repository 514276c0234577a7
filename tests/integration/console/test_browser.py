"""The pages in a real headless Chromium: live without a reload, by keyboard, at 360 px, dark and light."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from tests.integration.console.conftest import ConsoleProcess, wait_until
from tests.integration.console.feeder import Feeder, now_ms

pytest.importorskip("playwright", reason="playwright is not installed (dev extra)")
from playwright.sync_api import Browser, Page, expect, sync_playwright

pytestmark = pytest.mark.stack
LIVE = "#connection[data-state=on]"


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, console: ConsoleProcess) -> Iterator[Page]:
    """A page that fails the test if anything was wrong in the browser's own eyes: scripts, CSP, missing files."""
    context = browser.new_context(base_url=console.url, viewport={"width": 1440, "height": 900})
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    opened.set_default_timeout(30_000)
    yield opened
    context.close()
    assert wrong == []


def test_a_figure_changes_without_a_reload_and_nothing_moves(page: Page, fed: Feeder) -> None:
    sku = list(fed.rows)[2]
    page.goto(f"/stock/{sku}")
    page.wait_for_selector(LIVE)
    page.evaluate("window.sameDocument = true")
    fed.rows[sku]["locations"]["Hall A"] = 4321
    fed.level(sku, "counted", now_ms())
    fed.flush()
    page.get_by_text("4,321").first.wait_for()
    assert page.evaluate("window.sameDocument") is True
    assert page.evaluate("performance.getEntriesByType('layout-shift').length") == 0


def test_search_by_keyboard_holds_the_state_in_the_url(page: Page, fed: Feeder) -> None:
    sku = list(fed.rows)[3]
    page.goto("/stock")
    page.wait_for_selector(LIVE)
    page.keyboard.press("/")
    page.keyboard.type(sku)
    expect(page.locator("[data-row]")).to_have_count(1, timeout=20_000)
    assert page.url.endswith(f"/stock?q={sku}")
    page.wait_for_selector(LIVE)
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/stock/{sku}")
    page.go_back()
    expect(page.locator("[data-row]")).to_have_count(1, timeout=20_000)


def test_the_table_is_live_after_a_search_too(page: Page, fed: Feeder) -> None:
    sku = list(fed.rows)[4]
    page.goto(f"/stock?q={sku}")
    page.wait_for_selector(LIVE)
    fed.rows[sku]["locations"]["Hall A"] = 6543
    fed.rows[sku]["locations"]["Hall B"] = 0
    fed.level(sku, "counted", now_ms())
    fed.flush()
    page.get_by_text("6,543").first.wait_for()


def test_the_overview_draws_its_chart_and_its_events(page: Page, fed: Feeder) -> None:
    page.goto("/")
    page.wait_for_selector(LIVE)
    page.wait_for_selector("#chart canvas")
    key = fed.order(list(fed.rows))
    fed.flush()
    page.locator("#events").get_by_text(key).first.wait_for()
    expect(page.locator(".u-legend .u-value").nth(1)).to_have_text(re.compile(r"\d"), timeout=20_000)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_every_page_fits_its_width(
    browser: Browser, console: ConsoleProcess, fed: Feeder, tmp_path: Path, width: int, scheme: Literal["light", "dark"]
) -> None:
    context = browser.new_context(
        base_url=console.url, viewport={"width": width, "height": 800}, color_scheme=scheme
    )
    page = context.new_page()
    paths = {"overview": "/", "stock": "/stock", "sku": f"/stock/{next(iter(fed.rows))}", "orders": "/orders"}
    for name, path in paths.items():
        page.goto(path)
        page.wait_for_selector(LIVE, timeout=30_000)
        page.screenshot(path=tmp_path / f"{name}-{width}-{scheme}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} scrolls sideways"
    context.close()


def test_without_scripts_the_page_is_whole(browser: Browser, console: ConsoleProcess, fed: Feeder) -> None:
    context = browser.new_context(base_url=console.url, java_script_enabled=False)
    page = context.new_page()
    sku = list(fed.rows)[5]
    wait_until("the SKU is known", lambda: console.get(f"/api/v1/stock/{sku}").status_code == 200)
    page.goto(f"/stock?q={sku}")
    assert page.locator("tbody tr").count() == 1
    page.locator("tbody a").click()
    assert "Why is it" in page.inner_text("#story")
    context.close()
