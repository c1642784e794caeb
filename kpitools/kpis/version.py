"""The version of a KPI's definition: a short digest that changes when what the KPI means or counts does."""

from __future__ import annotations

import hashlib
import json

from kpitools.kpis.kpi import Kpi
from kpitools.kpis.settings import settings


def version_of(kpi: Kpi) -> str:
    """The digest of a KPI's words, unit, formula, measures and settings; benchmarks and targets are no part of it.

    >>> from kpitools.kpis.catalogue import CATALOGUE
    >>> from kpitools.kpis.settings import with_settings
    >>> longer = with_settings(CATALOGUE, {"stale_deals": {"days": 45}})
    >>> [version_of(longer[name]) == version_of(CATALOGUE[name]) for name in ("stale_pipeline_share", "win_rate")]
    [False, True]
    """
    counted = sorted((measure.id, measure.definition) for measure in kpi.measures())
    said = [kpi.id, kpi.label, kpi.unit, kpi.definition, kpi.words, counted, settings({kpi.id: kpi})]
    return hashlib.blake2b(json.dumps(said, default=str).encode(), digest_size=6).hexdigest()
