"""Report templates: notebooks whose first code cell, tagged `parameters`, holds literals and nothing else."""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kpitools.errors import ReportError, UnknownNameError
from kpitools.reports.allowed import Allowed, read_allowed

#: What the runner fills in; a template must have each of them, with a text as its default.
GIVEN = ("data", "slice", "period", "as_of")
_PACKAGE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Template:
    """A notebook that becomes one report per slice.

    Attributes:
        name: the file's name without `.ipynb`.
        title: its first heading.
        parameters: name -> default, in the order of the cell.
        digest: hash of the file, so that a report can say which version made it.
        allowed: name of a parameter -> the values it may have, see `kpitools.reports.allowed`.
        peers: whether its notebook is handed the figures of the others.
    """

    name: str
    path: Path
    title: str
    parameters: dict[str, Any]
    digest: str
    allowed: Mapping[str, Allowed] = field(default_factory=dict)
    peers: bool = True


def folder_of_templates(folder: Path | str | None = None) -> Path:
    """Where templates are looked for: the folder named, else the one that comes with the package.

    Raises:
        ReportError: there is no such folder.
    """
    place = Path(folder) if folder else shipped("templates")
    if not place.is_dir():
        raise ReportError(f"There is no folder of templates at {place}. Name one that holds notebooks (*.ipynb).")
    return place


def shipped(name: str) -> Path:
    """A folder that comes with the package: inside it where it was installed, beside it in the project."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def available(folder: Path | str | None = None) -> list[str]:
    """The names of the templates, sorted."""
    return sorted(path.stem for path in folder_of_templates(folder).glob("*.ipynb"))


def find(name: str, folder: Path | str | None = None) -> Template:
    """The template of that name.

    Raises:
        UnknownNameError: there is none; the message names the nearest.
        ReportError: the notebook cannot be read, or its parameters cell is not what a template needs.
    """
    names = available(folder)
    if name not in names:
        raise UnknownNameError("template", name, names)
    return _read(folder_of_templates(folder) / f"{name}.ipynb")


def find_all(names: Iterable[str] | None = None, folder: Path | str | None = None) -> list[Template]:
    """The templates named, each once; all there are where none is named."""
    return [find(name, folder) for name in dict.fromkeys(names or available(folder))]


def _read(path: Path) -> Template:
    content = path.read_bytes()
    try:
        notebook = json.loads(content)
        sources = [("".join(cell["source"]), cell) for cell in notebook["cells"]]
        said = dict(notebook.get("metadata", {}).get("kpitools", {}))
    except (ValueError, KeyError, TypeError):
        raise ReportError(
            f"Template {path.name} is not a notebook of format 4; open and save it in JupyterLab."
        ) from None
    tagged = [source for source, cell in sources if "parameters" in cell.get("metadata", {}).get("tags", [])]
    if len(tagged) != 1:
        raise ReportError(f"Template {path.name} has {len(tagged)} cells tagged 'parameters'; it needs one.")
    texts = (source for source, cell in sources if cell["cell_type"] == "markdown")
    headings = (re.search(r"^# +(.+)$", text, re.MULTILINE) for text in texts)
    title = next((found[1].strip() for found in headings if found), path.stem.replace("_", " ").capitalize())
    digest = hashlib.sha256(content).hexdigest()[:16]
    parameters = _literals(tagged[0], path.name)
    return Template(path.stem, path, title, parameters, digest, *_said(said, parameters, path.name))


def _said(said: Mapping[str, Any], parameters: Mapping[str, Any], name: str) -> tuple[dict[str, Allowed], bool]:
    """What the notebook's metadata says under `kpitools`: allowed values, and whether it is handed others' figures."""
    for key in said:
        if key not in (known := ("parameters", "peers")):
            raise UnknownNameError(f"setting of template {name}", key, known)
    rules, peers = said.get("parameters", {}), said.get("peers", True)
    if not isinstance(rules, dict) or not isinstance(peers, bool):
        raise ReportError(
            f"The metadata of template {name} needs `parameters` as an object and `peers` as true or false."
        )
    for key in rules:
        if key not in parameters:
            raise UnknownNameError(f"parameter of template {name} with allowed values", key, parameters)
    allowed = {key: read_allowed(key, rule) for key, rule in rules.items()}
    try:
        for key, one in allowed.items():
            one.check(key, parameters[key])
    except TypeError as error:
        raise ReportError(f"In template {name} a default cannot be compared with its bounds: {error}.") from None
    return allowed, peers


def _literals(source: str, name: str) -> dict[str, Any]:
    """The parameters cell as name -> default; anything that is computed would keep its old value when one is set."""
    try:
        found = dict(_assigned(statement) for statement in ast.parse(source).body)
    except (SyntaxError, ValueError) as error:
        raise ReportError(
            f'The parameters cell of template {name} may hold only lines like `period = "2026Q3"`: {error}.'
            " Derive values in the next cell."
        ) from None
    if missing := [given for given in GIVEN if not isinstance(found.get(given), str)]:
        raise ReportError(f"The parameters cell of template {name} needs {', '.join(missing)}, each with a text.")
    return found


def _assigned(statement: ast.stmt) -> tuple[str, Any]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    value = getattr(statement, "value", None)
    if len(targets) == 1 and isinstance(targets[0], ast.Name) and value is not None:
        with suppress(ValueError):
            return targets[0].id, ast.literal_eval(value)
    raise ValueError(f"line {statement.lineno} is not one name and one literal")
