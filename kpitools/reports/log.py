"""What a report's kernel said aside: warnings, its own complaints, and the trace of what went wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

#: What the kernel says outside any cell, in its private folder.
LOG = "kernel.log"
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def written(notebook: Mapping[str, Any], kernel: str, reason: str) -> str:
    """The log of a run; empty where nothing was said and nothing went wrong.

    Args:
        notebook: as far as it ran.
        kernel: what the kernel said outside any cell.
        reason: why it stopped, if it did.
    """
    said = [
        *_aside(notebook),
        *([f"Kernel:\n{kernel.strip()}"] if kernel.strip() else []),
        *([reason] if reason else []),
    ]
    return _COLOURS.sub("", "\n\n".join(said) + "\n") if said else ""


def _aside(notebook: Mapping[str, Any]) -> Iterator[str]:
    """What cells wrote to stderr, and the traces of those that failed."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            if output["output_type"] == "error":
                yield f"Cell {cell['execution_count']}:\n" + "\n".join(output["traceback"])
            elif output["output_type"] == "stream" and output["name"] == "stderr":
                yield f"Cell {cell['execution_count']}:\n" + "".join(output["text"]).strip()
