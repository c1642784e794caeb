"""Measures of every table, by noun."""
