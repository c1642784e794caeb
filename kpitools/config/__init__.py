"""`kpitools.toml`: a company's own settings, beside its data. Every unknown key is an error."""

from __future__ import annotations

from kpitools.config.own import NAME, own_kpis
from kpitools.config.read import Config, read_config

__all__ = ["NAME", "Config", "own_kpis", "read_config"]
