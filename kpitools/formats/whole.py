"""Files that are there whole or not at all: whoever reads meanwhile, or after a crash, sees what was there before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: How the name of a file ends that is being written.
PART = ".part"


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A place beside a file to write it in; it takes the file's place when it is whole.

    Args:
        path: the file; one of that name is replaced.
    """
    part = path.with_name(f".{path.name}{PART}")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
