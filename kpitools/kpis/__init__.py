"""The KPI catalogue: one module per area."""
