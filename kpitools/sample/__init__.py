"""A made-up but plausible company to try everything on: tables with planted truths, the same for the same seed."""

from kpitools.sample.make import make_sample, write_sample

__all__ = ["make_sample", "write_sample"]
