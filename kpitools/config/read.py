"""Reads `kpitools.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kpitools.config.checks import check_numbers, check_section, only_known, texts, typed
from kpitools.config.own import NAME, own_kpis
from kpitools.config.sections import KNOWN, check_reports
from kpitools.errors import DataError
from kpitools.evaluation.targets import Targets
from kpitools.kpis.benchmarks import check_scope
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.kpis.kpi import Kpi
from kpitools.kpis.settings import with_settings

_HERE = ("benchmarks", "calendar", "data", "flags", "kpis", "settings", "targets")


@dataclass(frozen=True)
class Config:
    """What `kpitools.toml` says.

    Attributes:
        data: the folder or mapping file that is meant when none is named.
        fiscal_start: first month of the fiscal year, 1 to 12.
        kpis: the catalogue with the company's own KPIs, settings and benchmarks.
        flags: id of a red flag -> its limits, where they are the company's own.
        targets: KPI id -> target, or -> target by team, rep or period, or -> by team or rep and there by period.
        reports: defaults for `kpitools report`: by, templates, templates_folder, out, min_peers, time_limit
            (seconds), compact, site, kernel, formats (of `pdf`, `xlsx`).
        brand: name, logo (a `data:` address or the path of a file), accent (#rrggbb), font.
        formats: how numbers and days are written: the language whose customs are taken, decimal, thousands; and words,
            the path of a file with the words of that language, without which they are English.
        mail: host, port, from, subject, security (`none`, `starttls`, `tls`), user, password_env (the environment
            variable that holds the password), limit_mb.
        rhythms: `daily`, `weekly`, `monthly`, `quarterly` -> templates, role or kpis, by, out.
    """

    data: Path | None = None
    fiscal_start: int = 1
    kpis: Mapping[str, Kpi] = field(default_factory=lambda: dict(CATALOGUE))
    targets: Targets = field(default_factory=dict)
    flags: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    reports: Mapping[str, Any] = field(default_factory=dict)
    brand: Mapping[str, str] = field(default_factory=dict)
    formats: Mapping[str, str] = field(default_factory=dict)
    mail: Mapping[str, Any] = field(default_factory=dict)
    rhythms: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def read_config(path: Path | str | None = None) -> Config:
    """The settings of a file; of `kpitools.toml` in the current folder where none is named and there is one.

    Raises:
        DataError: the file is missing or is not TOML, or a value has the wrong type.
        UnknownNameError: a key or KPI there is not.
        DeclarationError: a module of KPIs that is missing or cannot be imported.
    """
    if path is None and not Path(NAME).is_file():
        return Config()
    place = Path(path or NAME)
    try:
        found = tomllib.loads(place.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise DataError(f"There is no settings file {place}; leave --config out or name one that exists.") from None
    except OSError as error:
        raise DataError(f"{place} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{place} is not a TOML file: {error}.") from None
    return _checked(found, place)


def _checked(found: dict[str, Any], place: Path) -> Config:
    only_known(found, [*_HERE, *KNOWN, "rhythms"], "setting", place)
    check_section(typed(found, "calendar", dict, place), "calendar", {"fiscal_start": int}, place)
    check_section(typed(found, "kpis", dict, place), "kpis", {"modules": list}, place)
    start = found.get("calendar", {}).get("fiscal_start", 1)
    if start not in range(1, 13):
        raise DataError(f"{place}: fiscal_start is {start}; it is a month, 1 to 12.")
    kpis = _kpis(found, place)
    targets = typed(found, "targets", dict, place)
    only_known(targets, kpis, "KPI", place)
    check_numbers("targets", targets, place, depth=3)
    data = typed(found, "data", str, place)
    flags = typed(found, "flags", dict, place)
    check_numbers("flags", flags, place, depth=2)
    sections = check_reports(found, kpis, place)
    return Config(place.parent / data if data else None, start, kpis, targets, flags, **sections)


def _kpis(found: dict[str, Any], place: Path) -> dict[str, Kpi]:
    """The catalogue with the company's own KPIs, settings and benchmarks."""
    kpis = dict(CATALOGUE)
    for module in texts(found.get("kpis", {}), "modules", place):
        kpis |= own_kpis(place.parent, module)
    kpis = with_settings(kpis, typed(found, "settings", dict, place))
    return _with_benchmarks(kpis, typed(found, "benchmarks", dict, place), place)


def _with_benchmarks(kpis: dict[str, Kpi], found: dict[str, Any], place: Path) -> dict[str, Kpi]:
    """The KPIs with the benchmarks of the scope that is chosen and the company's own."""
    own = {name: bounds for name, bounds in found.items() if name != "scope"}
    only_known(own, kpis, "KPI", place)
    for name in own:
        kpis[name] = _with_own(kpis[name], typed(own, name, dict, place), place)
    if scope := typed(found, "scope", str, place):
        check_scope(scope)
        kpis = {name: kpi.in_scope(scope) for name, kpi in kpis.items()}
    return kpis


def _with_own(kpi: Kpi, bounds: dict[str, Any], place: Path) -> Kpi:
    only_known(bounds, ("low", "high"), f"setting in [benchmarks.{kpi.id}]", place)
    check_numbers(f"benchmarks.{kpi.id}", bounds, place)
    low, high = bounds.get("low"), bounds.get("high")
    if not bounds or (low is not None and high is not None and low > high):
        raise DataError(f"{place}: [benchmarks.{kpi.id}] is {bounds}; give low, high or both, the lower one as low.")
    return kpi.with_own_benchmark(low, high)
