"""`python -m kpitools`."""

from kpitools.cli import main

main()
