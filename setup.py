"""Templates and notebooks stand beside the package in the project, and inside it where it is installed."""

from setuptools import find_namespace_packages, setup

BESIDE = {"kpitools.templates": "templates", "kpitools.notebooks": "notebooks"}

setup(packages=[*find_namespace_packages(include=["kpitools*"]), *BESIDE], package_dir=BESIDE)
