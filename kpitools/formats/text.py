"""Text of the data made harmless: in one line, in Markdown."""

from __future__ import annotations

import re
import unicodedata

#: Marks after which text is read the other way.
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


def one_line(text: str) -> str:
    """Text from the data in one line, without control characters and marks that turn the direction of reading.

    Such a mark would turn the figures that a sentence says behind it: 12 would read as 21.

    >>> one_line("North\\r\\nBcc: all@example.com"), one_line("A\\u202eB")
    ('North Bcc: all@example.com', 'AB')
    """
    spaced = " ".join(text.split())
    return "".join(sign for sign in spaced if unicodedata.category(sign) not in ("Cc", "Cs") and sign not in TURNING)


def markdown_text(text: str) -> str:
    r"""A name or message as Markdown that reads just so: nothing in it is markup, a link or HTML.

    >>> markdown_text("<b> *R&D* [x](javascript:1)")
    '\\<b\\> \\*R\\&D\\* \\[x\\]\\(javascript:1\\)'
    """
    return re.sub(r"([\\`*_{}\[\]()#+!|~$&<>-])", r"\\\1", one_line(text))
