"""Looking at a slice live: controls that set it, and sections that answer."""

from kpitools.pages.page import Page, open_page
from kpitools.pages.view import View

__all__ = ["Page", "View", "open_page"]
