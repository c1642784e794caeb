"""Vega with a few lines of our own as one script that asks the network for nothing; made once, kept on disk."""

from __future__ import annotations

import hashlib
import os
import secrets
import sys
from importlib.metadata import version
from pathlib import Path

VEGA_LITE = "6.4"
_KEYS = Path(__file__).with_name("keys.js")


def bundled(snippet: Path) -> str:
    """The script: about two seconds to make the first time, read from disk after that.

    Args:
        snippet: the lines of our own, which may use Vega, Vega-Lite and Vega-Embed, and what `keys.js` defines.
    """
    lines = with_keys(snippet)
    key = hashlib.sha256(f"{version('vl-convert-python')}|{VEGA_LITE}|{lines}".encode()).hexdigest()[:16]
    kept = cache_folder() / f"script-{key}.js"
    try:
        return kept.read_text(encoding="utf-8")
    except OSError:
        return _made(lines, kept)


def with_keys(snippet: Path) -> str:
    """The lines of our own, after those by which a chart is reached by keyboard."""
    return "".join(one.read_text(encoding="utf-8") for one in (_KEYS, snippet))


def _made(lines: str, kept: Path) -> str:
    import vl_convert

    script = vl_convert.javascript_bundle(lines, vl_version=VEGA_LITE)
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
