"""Evaluating KPIs: windows, queries, figures, comparisons."""
