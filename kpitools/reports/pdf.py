"""A page printed to PDF by a browser, as a reader would print it: charts drawn, pages numbered, text selectable."""

from __future__ import annotations

import atexit
import functools
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kpitools.errors import ReportError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

#: Names under which systems know the browser; Playwright's own is taken where it has one.
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
#: The page asks for nothing, and nothing could answer.
OFFLINE = ("--disable-gpu", "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND")
#: Every PDF says that it was made then, so that the same page gives the same bytes.
MADE = b"D:20000101000000+00'00'"
_DATED = re.compile(rb"/(CreationDate|ModDate) \(D:\d{14}[^)]*\)")
DRAWN_WITHIN = 60_000


def to_pdf(page: Path) -> bytes:
    """A page of `to_html` as PDF, its charts drawn, with an outline and tags for screen readers.

    Args:
        page: the HTML file; it is opened from disk, without network.

    Raises:
        ReportError: Playwright or a browser is missing, or the charts are not drawn within a minute.
    """
    from playwright.sync_api import Error

    context = _browser().new_context(reduced_motion="reduce", color_scheme="light", offline=True)
    try:
        shown = context.new_page()
        shown.goto(page.resolve().as_uri())
        if shown.locator("figure.chart").count():
            shown.locator("html[data-charts=done]").wait_for(timeout=DRAWN_WITHIN, state="attached")
        printed = shown.pdf(prefer_css_page_size=True, print_background=True, tagged=True, outline=True)
    except Error as error:
        raise ReportError(f"The page could not be printed: {error.message.splitlines()[0]}") from None
    finally:
        context.close()
    return _DATED.sub(lambda found: b"/" + found[1] + b" (" + MADE + b")", printed)


def required() -> None:
    """See that pages can be printed on this machine.

    Raises:
        ReportError: Playwright or a browser is missing; the message says what to install.
    """
    _playwright()
    _executable()


@functools.lru_cache(1)
def _browser() -> Browser:
    """One browser for all pages that this process prints."""
    running = _running()
    browser = running.chromium.launch(executable_path=_executable(), args=[*OFFLINE, *_in_a_container()])
    atexit.register(running.stop)
    atexit.register(browser.close)
    return browser


@functools.lru_cache(1)
def _running() -> Playwright:
    return _playwright()().start()


def _playwright() -> Any:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise ReportError("PDF needs Playwright: pip install 'kpitools[pdf]'.") from None
    return sync_playwright


def _executable() -> str:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise ReportError(
            f"PDF needs a browser, and there is none of {', '.join(BROWSERS)}: install Chromium"
            " (Debian: apt-get install chromium)."
        )
    return found


def _in_a_container() -> list[str]:
    """Chromium refuses to run as root inside its own sandbox; the page can run nothing but its own drawing code."""
    return ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
