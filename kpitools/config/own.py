"""A company's own KPIs, from the modules that its settings name."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

from kpitools.errors import DeclarationError
from kpitools.kpis.catalogue import CATALOGUE, kpis_of
from kpitools.kpis.kpi import Kpi

NAME = "kpitools.toml"


def own_kpis(folder: Path, name: str) -> dict[str, Kpi]:
    """The KPIs that a user's module declares: `my_kpis` or `my_kpis.py` beside the settings file.

    Raises:
        DeclarationError: there is no such module, it cannot be imported, or it declares none.
    """
    path = folder / (name if name.endswith(".py") else f"{name}.py")
    if not path.is_file():
        raise DeclarationError(f"There is no module of KPIs at {path}; `modules` in {NAME} names files beside it.")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except DeclarationError:
        raise
    except Exception as error:
        raise DeclarationError(f"{path} cannot be imported: {type(error).__name__}: {error}.") from error
    return _declared(module, path)


def _declared(module: ModuleType, path: Path) -> dict[str, Kpi]:
    found = kpis_of(module)
    if not found:
        raise DeclarationError(f"{path} declares no KPI; decorate a function with @kpi(...).")
    if twice := sorted(found.keys() & CATALOGUE.keys()):
        raise DeclarationError(
            f"{path} declares {', '.join(twice)}, which the catalogue has already; choose another name."
        )
    return found
