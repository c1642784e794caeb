"""Vega and the page's own drawing code as one script, made once per version and kept on disk."""

from __future__ import annotations

import base64
import functools
import gzip
import hashlib
import os
import secrets
import sys
from importlib.metadata import version
from pathlib import Path

VEGA_LITE = "6.4"
_PAGE_JS = Path(__file__).with_name("page.js")


@functools.lru_cache(1)
def bundle() -> str:
    """The script of every page; about two seconds to make the first time, read from disk after that."""
    snippet = _PAGE_JS.read_text(encoding="utf-8")
    key = hashlib.sha256(f"{version('vl-convert-python')}|{VEGA_LITE}|{snippet}".encode()).hexdigest()[:16]
    kept = cache_folder() / f"vega-{key}.js"
    try:
        return kept.read_text(encoding="utf-8")
    except OSError:
        return _made(snippet, kept)


@functools.lru_cache(1)
def packed_bundle() -> str:
    """The script compressed, as text for the inside of a page."""
    return packed(bundle())


def packed(text: str) -> str:
    """A text compressed and in base64; the same text gives the same."""
    return base64.b64encode(gzip.compress(text.encode("utf-8"), 9, mtime=0)).decode("ascii")


def _made(snippet: str, kept: Path) -> str:
    import vl_convert

    script = f"(() => {{{vl_convert.javascript_bundle(snippet, vl_version=VEGA_LITE)}}})();"  # names of its own
    if "</script" in script.lower() or "<!--" in script:
        raise ValueError(
            "The chart library's script would end its own element; another version of vl-convert is needed."
        )
    part = kept.with_suffix(f".{secrets.token_hex(4)}")
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(script, encoding="utf-8")
        part.replace(kept)
    except OSError:  # a home that cannot be written to costs two seconds a process, no more
        part.unlink(missing_ok=True)
    return script


def cache_folder() -> Path:
    """Where files that can be made again are kept; `KPITOOLS_CACHE` names another place."""
    if named := os.environ.get("KPITOOLS_CACHE"):
        return Path(named)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "kpitools" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "kpitools"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kpitools"
