"""Looking at sales live: explorers over a dataset, and the page of controls and sections that they are made of."""

from kpitools.pages import Page, View, open_page

__all__ = ["Page", "View", "open_page"]
