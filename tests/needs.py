"""Fails with a clear word where the machine lacks what the tests need; nothing is skipped for want of it."""

import shutil
import sys
from pathlib import Path

PROGRAMS = {
    "chromium": "the browser that pages and JupyterLab are opened in (Debian: apt-get install chromium)",
    "pdftotext": "what is read of printed pages (Debian: apt-get install poppler-utils)",
}
SHARED = Path(__file__).resolve().parents[2] / "shared"
FILES = {
    SHARED / "data" / "crm_sales": "the public CRM sample that the tests read, four CSV files",
    SHARED / "kpi_catalogue.csv": "the definitions that the catalogue is compared with",
}

missing = [f"{name}: {why}" for name, why in PROGRAMS.items() if shutil.which(name) is None]
missing += [f"{place}: {why}" for place, why in FILES.items() if not place.exists()]
if missing:
    sys.exit("The tests need\n  " + "\n  ".join(missing))
