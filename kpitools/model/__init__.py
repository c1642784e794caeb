"""The sales model: tables, datasets, calendars, slices."""
