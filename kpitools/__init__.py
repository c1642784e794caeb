"""Sales KPIs as Polars expressions."""
