"""Charts that JupyterLab draws by itself: no script from the network, and outputs that papermill accepts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import altair as alt
from altair.utils import schemapi
from altair.utils.schemapi import _FromDict

MIME = "application/vnd.vegalite.v5+json"
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
NAME = "kpitools"


def enable() -> Any:
    """Show charts in this notebook as Vega-Lite that JupyterLab 4 knows; with `with` for a part of it only.

    Altair's own default loads scripts from the network, and its `mimetype` output stops papermill.
    """
    alt.renderers.register(NAME, bundle)
    return alt.renderers.enable(NAME)


@contextmanager
def unchecked() -> Iterator[None]:
    """Charts made inside are not held against Vega-Lite's schema, which takes a third of a report's time.

    Nor is the schema gone through anew for each channel that is given as a plain value or a condition, and for each
    selection that layers share.
    """
    schemapi._FromDict, schemapi.SchemaBase.validate = _Taken, _unread  # type: ignore[assignment, misc, method-assign]
    try:
        with schemapi.debug_mode(False):
            yield
    finally:
        schemapi._FromDict, schemapi.SchemaBase.validate = _FromDict, _validate  # type: ignore[misc, method-assign]


class _Taken:
    """Takes a part of a chart that is given as plain values for what it is given as."""

    def __init__(self, classes: object) -> None:
        pass

    def from_dict(self, given: Any, kind: Any) -> Any:
        if isinstance(given, schemapi.SchemaBase):
            return given
        return kind(**given) if isinstance(given, dict) else kind(given)


#: What holds a part of a chart against the schema; and what passes it unread.
_validate, _unread = schemapi.SchemaBase.__dict__["validate"], classmethod(lambda cls, instance, schema=None: None)


class Drawn:
    """A chart of the package's own, shown as `enable` shows any, without being held against its schema once more."""

    def __init__(self, chart: Any) -> None:
        self._chart = chart

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        with unchecked():
            return bundle(self._chart.to_dict(validate=False, context={"pre_transform": False}))


def bundle(spec: dict[str, Any], **metadata: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The outputs of a chart: its specification, and its description for whoever sees no chart."""
    outputs = {
        MIME: {**spec, "$schema": SCHEMA},
        "text/plain": str(spec.get("description") or "Chart without description."),
    }
    return outputs, {MIME: {"embed_options": {"actions": False, "renderer": "svg"}}}
