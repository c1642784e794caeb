"""Vega and the page's own drawing code as one script, made once per version and kept on disk."""

from __future__ import annotations

import base64
import functools
import gzip
import re
from pathlib import Path

from kpitools.pages.script import VEGA_LITE, bundled, with_keys

__all__ = ["VEGA_LITE", "bundle", "packed", "packed_bundle", "script_words"]

_SAID = re.compile(r'\bt\("([^"]+)"\)')
_PAGE_JS = Path(__file__).with_name("page.js")


@functools.lru_cache(1)
def bundle() -> str:
    """The script of every page, its names its own."""
    script = f"(() => {{{bundled(_PAGE_JS)}}})();"
    if "</script" in script.lower() or "<!--" in script:
        raise ValueError(
            "The chart library's script would end its own element; another version of vl-convert is needed."
        )
    return script


@functools.lru_cache(1)
def script_words() -> tuple[str, ...]:
    """The words that the script says to a reader, in English."""
    return tuple(dict.fromkeys(_SAID.findall(with_keys(_PAGE_JS))))


@functools.lru_cache(1)
def packed_bundle() -> str:
    """The script compressed, as text for the inside of a page."""
    return packed(bundle())


def packed(text: str) -> str:
    """A text compressed and in base64; the same text gives the same."""
    return base64.b64encode(gzip.compress(text.encode("utf-8"), 9, mtime=0)).decode("ascii")
