"""The sections on reports: how pages look, what is made when, and how it is mailed."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from kpitools.config.checks import Kind, check_section, only_known, texts, typed
from kpitools.errors import DataError, ReportError
from kpitools.formats import Conventions
from kpitools.kpis.sets import RHYTHMS, SETS

#: Section -> key -> what it may hold.
KNOWN: Mapping[str, Mapping[str, Kind]] = {
    "reports": {
        "by": str, "templates": list, "templates_folder": str, "out": str, "min_peers": int, "time_limit": float,
        "compact": bool, "site": bool, "kernel": ("fork", "stock"), "formats": list,
    },
    "brand": {"name": str, "logo": str, "accent": str, "font": str},
    "formats": {"decimal": str, "thousands": str, "language": str, "words": str},
    "mail": {
        "host": str, "port": int, "from": str, "subject": str, "security": ("none", "starttls", "tls"), "user": str,
        "password_env": str, "limit_mb": float,
    },
}  # fmt: skip
RHYTHM: Mapping[str, Kind] = {"templates": list, "role": tuple(SETS), "kpis": list, "by": str, "out": str}
FORMATS = ("pdf", "xlsx")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def check_reports(found: Mapping[str, Any], kpis: Collection[str], place: Path) -> dict[str, Mapping[str, Any]]:
    """The checked sections by name, `rhythms` among them, which may name `kpis`: the catalogue's and the company's own.

    Raises:
        UnknownNameError: a key, rhythm, KPI or word there is not.
        DataError: a value that cannot be meant.
    """
    sections = {name: typed(found, name, dict, place) for name in (*KNOWN, "rhythms")}
    for name, keys in KNOWN.items():
        check_section(sections[name], name, keys, place)
    _check_batch(sections["reports"], place)
    _check_look(sections["brand"], sections["formats"], place)
    _check_mail(sections["mail"], place)
    _check_rhythms(sections["rhythms"], kpis, place)
    logo = sections["brand"].get("logo", "")
    if logo and not logo.startswith("data:"):
        sections["brand"] = {**sections["brand"], "logo": str(place.parent / logo)}
    if words := sections["formats"].get("words"):
        sections["formats"] = {**sections["formats"], "words": str(place.parent / words)}
    if folder := sections["reports"].get("templates_folder"):
        sections["reports"] = {**sections["reports"], "templates_folder": str(place.parent / folder)}
    return sections


def _check_batch(found: Mapping[str, Any], place: Path) -> None:
    texts(found, "templates", place)
    only_known(texts(found, "formats", place), FORMATS, "format in reports.formats", place)
    _positive(found, "time_limit", "it is in seconds", place)


def _check_look(brand: Mapping[str, Any], formats: Mapping[str, Any], place: Path) -> None:
    accent = brand.get("accent", "")
    if accent and not _COLOUR.fullmatch(accent):
        raise DataError(f"{place}: brand.accent is {accent!r}; write a colour as #1f6feb.")
    try:
        Conventions.of(formats)
    except ReportError as error:
        raise DataError(f"{place}, [formats]: {error}") from None


def _check_mail(found: Mapping[str, Any], place: Path) -> None:
    if found.get("port", 25) not in range(1, 65536):
        raise DataError(f"{place}: mail.port is {found['port']}; it is 1 to 65535.")
    _positive(found, "limit_mb", "it is in megabytes", place)
    if bool(found.get("user")) != bool(found.get("password_env")):
        raise DataError(
            f"{place}: mail.user and mail.password_env go together; password_env names the environment variable that"
            " holds the password."
        )
    if found.get("user") and found.get("security") == "none":
        raise DataError(f'{place}: mail.security = "none" would send the password readable; use starttls or tls.')


def _check_rhythms(found: Mapping[str, Any], kpis: Collection[str], place: Path) -> None:
    only_known(found, RHYTHMS, "rhythm", place)
    for name in found:
        section = typed(found, name, dict, place)
        check_section(section, f"rhythms.{name}", RHYTHM, place)
        texts(section, "templates", place)
        only_known(texts(section, "kpis", place), kpis, "KPI", place)
        if "role" in section and "kpis" in section:
            raise DataError(f"{place}: [rhythms.{name}] names a role and KPIs; name one of the two.")


def _positive(found: Mapping[str, Any], key: str, meant: str, place: Path) -> None:
    if key in found and not (found[key] > 0 and math.isfinite(found[key])):
        raise DataError(f"{place}: {key} is {found[key]}; {meant} and more than 0.")
