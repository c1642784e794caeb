"""How pages look: the company's brand, how numbers are written, and in what form a page carries its script."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from kpitools.errors import ReportError, UnknownNameError
from kpitools.formats import Conventions, Separators
from kpitools.reports.colours import DARK, LIGHT, is_colour, nearest_readable, readable
from kpitools.reports.words.reading import ENGLISH, Words

LARGEST_LOGO = 65_536
_SVG = "http://www.w3.org/2000/svg"
_PNG = b"\x89PNG\r\n\x1a\n"
_LOGO = re.compile(r"data:image/(png|svg\+xml);base64,[A-Za-z0-9+/=]*")
_FAMILY = re.compile(r"[\w -]{1,60}")
_USUAL = Conventions()


@dataclass(frozen=True)
class Brand:
    """Whose page it is.

    Attributes:
        name: of the company, above the title.
        logo: a picture as a `data:` address, PNG or SVG; `Look.of` makes one of a file.
        accent: the colour of links and marks of the page as #rrggbb, dark enough for a light page. On a dark one the
            nearest lighter colour that can be read is taken.
        font: families that readers' systems have, first choice first, with commas between.

    Raises:
        ReportError: a colour that cannot be read on the page, or something that is no colour, family or picture.
    """

    name: str = ""
    logo: str = ""
    accent: str = ""
    font: str = ""

    def __post_init__(self) -> None:
        if self.logo and not _LOGO.fullmatch(self.logo):
            raise ReportError("The logo is no picture inside the page; Look.of makes one of a PNG or SVG file.")
        if self.accent and not is_colour(self.accent):
            raise ReportError(f"The accent is {self.accent!r}; give a colour as #rrggbb, such as #1f5fa8.")
        if self.accent and not readable(self.accent, LIGHT):
            raise ReportError(
                f"Text in the accent {self.accent} would be hard to read on a light page (under 4.5:1);"
                f" the nearest that can be read is {nearest_readable(self.accent, LIGHT)}."
            )
        if wrong := [family for family in self._families if not _FAMILY.fullmatch(family)]:
            raise ReportError(f"{wrong[0]!r} is no font family; give names such as Inter, Segoe UI, Arial.")

    @property
    def css(self) -> str:
        """The brand as a stylesheet that goes after the page's own."""
        rules = []
        if self.accent:
            dark = nearest_readable(self.accent, DARK)
            rules.append(f":root {{ --accent: {self.accent}; }}")
            rules.append(f"@media screen and (prefers-color-scheme: dark) {{ :root {{ --accent: {dark}; }} }}")
        if self.font:
            families = ", ".join(f'"{family}"' for family in self._families)
            rules.append(f"body {{ font-family: {families}, system-ui, sans-serif; }}")
        return "\n".join(rules)

    @property
    def _families(self) -> list[str]:
        return [family.strip() for family in self.font.split(",")] if self.font else []


@dataclass(frozen=True)
class Look:
    """How a page looks and what form it has.

    Attributes:
        compact: script and charts compressed inside the page, for less than half the bytes.
        site: script and style in files beside the page (`assets`), shared by all pages of the folder.
        brand: name, logo, colour and font.
        conventions: how numbers and days are written.
        lang: the language of the page's words, as browsers and screen readers know it: `en`, `en-GB`, ..., or, where a
            file of words is given, that of the file.
        words: what the file of words says; without one the words are English whatever the conventions.

    Raises:
        ReportError: a language that the words are not in.
    """

    compact: bool = False
    site: bool = False
    brand: Brand = Brand()
    conventions: Conventions = _USUAL
    lang: str = "en"
    words: Words | None = None

    def __post_init__(self) -> None:
        if self.words and self.words.lang != self.lang:
            raise ReportError(f"The words of these pages are in {self.words.lang!r}, not in {self.lang!r}.")
        if not self.words and not ENGLISH.fullmatch(self.lang):
            raise ReportError(
                f"The words of a page are English, not {self.lang!r}; give a tag such as en or en-GB, or a file of"
                " words in that language."
            )

    @property
    def separators(self) -> Separators:
        """How the page's numbers are written."""
        return self.conventions.separators

    @classmethod
    def of(
        cls, brand: Mapping[str, Any], *, folder: Path | str = ".", compact: bool = False, site: bool = False
    ) -> Look:
        """The look that a section `[brand]` of settings describes.

        Args:
            brand: name, logo (a PNG or SVG file of at most 64 kB, or its `data:` address), accent, font; and those of
                `[formats]`: language, decimal and thousands, as `Conventions.of` takes them, and words, a PO file in
                that language.
            folder: where logo and words lie.
            compact: see above.
            site: see above.

        Raises:
            UnknownNameError: a key there is not.
            ReportError: a value that a page cannot be made with.
        """
        own, numbers = [field.name for field in fields(Brand)], ("decimal", "thousands", "language", "words")
        for name in brand:
            if name not in (*own, *numbers):
                raise UnknownNameError("setting in [brand]", name, [*own, *numbers])
        if wrong := [name for name, value in brand.items() if not isinstance(value, str)]:
            raise ReportError(f"{wrong[0]} in [brand] is {brand[wrong[0]]!r}; it must be text.")
        chosen = {name: brand[name] for name in own if name in brand}
        if (logo := chosen.get("logo", "")) and not logo.startswith("data:"):
            chosen["logo"] = read_logo(Path(folder) / logo)
        written = {name: brand[name] for name in numbers if name in brand}
        conventions, words = Conventions.of(written), _words(written, Path(folder))
        language = written.get("language", "")
        lang = words.lang if words else language if ENGLISH.fullmatch(language) else "en"
        return cls(compact, site, Brand(**chosen), conventions, lang, words)


def _words(written: Mapping[str, str], folder: Path) -> Words | None:
    """What the file of words says that `[formats]` names, if it names one."""
    if not written.get("words"):
        return None
    if not written.get("language"):
        raise ReportError(f'The language of the words in {written["words"]} is not said; write language = "de" too.')
    return Words.read(folder / written["words"], written["language"])


def read_logo(place: Path) -> str:
    """A picture file as a `data:` address, to be shown as a picture only: what is in it neither runs nor loads.

    Raises:
        ReportError: it is missing, too large, or neither PNG nor SVG.
    """
    try:
        content = place.read_bytes()
    except OSError as error:
        raise ReportError(f"The logo {place} cannot be read: {error.strerror or error}.") from None
    if len(content) > LARGEST_LOGO:
        raise ReportError(f"The logo {place} has {len(content):,} bytes; every page carries it, so at most 65,536.")
    kind = "png" if content.startswith(_PNG) else "svg+xml"
    if kind != "png" and not _is_svg(content):
        raise ReportError(f"The logo {place} is neither a PNG nor an SVG picture.")
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _is_svg(content: bytes) -> bool:
    """Whether this is an SVG picture without entities of its own, which could unfold to any size."""
    try:
        return b"<!ENTITY" not in content and ElementTree.fromstring(content).tag == f"{{{_SVG}}}svg"
    except ElementTree.ParseError:
        return False


#: One file, the package's own colours.
PLAIN = Look()
