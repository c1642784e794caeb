"""Fails with a clear word where the machine lacks what the tests need; nothing is skipped for want of it."""

import shutil
import sys
from pathlib import Path

PROGRAMS = {"chromium": "the browser that pages and JupyterLab are opened in (Debian: apt-get install chromium)"}
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "crm_sales"

missing = [f"{name}: {why}" for name, why in PROGRAMS.items() if shutil.which(name) is None]
if not SHARED.is_dir():
    missing.append(f"{SHARED}: the public CRM sample that the tests read, four CSV files")
if missing:
    sys.exit("The tests need\n  " + "\n  ".join(missing))
