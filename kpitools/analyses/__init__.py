"""Analyses: a dataset in, tidy frames out. Charts, tables and sentences take those frames; nothing is drawn here."""
