"""Debian's Chromium for tests of pages: offline as a fact, every request and every error written down."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

#: The last list of features counts, so that Playwright's own stands in it; the two at its end are pages behind the
#: address bar that nobody sees, loaded anew with every window in more time than most pages of ours take.
WITHOUT = (
    "AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,"
    "LensOverlay,MediaRouter,PaintHolding,ThirdPartyStoragePartitioning,AvoidCorsURLLoaderRestartOnRedirect,"
    "OptimizationHints,NetworkTimeServiceQuerying,AimEnabled,PreconnectToSearch,WebUIOmniboxPopup,WebUIOmniboxAimPopup"
)
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={WITHOUT}",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
GUIDELINES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
AXE = """async (tags) => {
    const found = await axe.run(document, {runOnly: tags, resultTypes: ["violations"], preload: false});
    const where = (one) => one.nodes.map((node) => node.html.slice(0, 120)).join(" | ");
    return found.violations.map((one) => one.id + ": " + where(one)) }"""
LOCAL = ("file:", "data:", "blob:", "http://127.0.0.1")


@dataclass
class Seen:
    """A page that was opened, and what it tried."""

    page: Page
    requests: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser; a missing one is a failure, since a page nobody has seen drawn is not tested."""
    found = shutil.which("chromium")
    assert found, "These tests look at pages in Chromium, which is not installed: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def kept_local(context: BrowserContext) -> list[str]:
    """Let a context ask nobody but this machine; gives the addresses that it asks in vain, as they come."""
    asked: list[str] = []

    def gate(route: Route) -> None:
        if route.request.url.startswith(LOCAL):
            route.continue_()
        else:
            asked.append(route.request.url)
            route.abort()

    context.route("**/*", gate)
    return asked


@contextmanager
def opened(
    browser: Browser, file: Path, *, width: int = 1200, height: int = 900, charts: bool = True, **context: Any
) -> Iterator[Seen]:
    """The file opened from disk in a fresh context, its charts drawn."""
    fresh = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce", **context)
    fresh.set_default_timeout(20_000)
    seen = Seen(fresh.new_page(), kept_local(fresh))
    seen.page.on("pageerror", lambda error: seen.errors.append(str(error)))
    seen.page.on("console", lambda said: seen.errors.append(said.text) if said.type in ("error", "warning") else None)
    seen.page.on("dialog", lambda dialog: (seen.dialogs.append(dialog.message), dialog.dismiss()))
    try:
        seen.page.goto(file.as_uri())
        if charts:
            seen.page.locator("html[data-charts=done]").wait_for()
        yield seen
    finally:
        fresh.close()


def barriers(page: Page) -> list[str]:
    """What axe finds at WCAG 2.2 AA on the page as it is now."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[str] = page.evaluate(AXE, GUIDELINES)
    return found
