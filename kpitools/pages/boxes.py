"""What the widgets of a page have in common."""

from __future__ import annotations

from html import escape
from typing import Any

from kpitools.formats import one_line


def control(kind: Any, label: str, **more: Any) -> Any:
    """A widget whose label is shown whole, however long.

    Args:
        kind: the widget's class.
        label: what it is, in words.
        more: what else the class takes.
    """
    return kind(description=label, style={"description_width": "initial"}, **more)


def status(message: str) -> str:
    """A message in HTML that screen readers read out when it changes.

    >>> status("No deal of <team>")
    "<span role='status'>No deal of &lt;team&gt;</span>"
    """
    return f"<span role='status'>{escape(one_line(message))}</span>"
