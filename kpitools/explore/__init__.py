"""Looking at a slice live: controls that set it, and sections that answer."""

from kpitools.explore.page import Page, open_page
from kpitools.explore.view import View

__all__ = ["Page", "View", "open_page"]
