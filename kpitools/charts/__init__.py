"""Charts: each builder takes a tidy frame and returns an Altair chart, and stops there."""

from kpitools.charts.bridge import pipeline_bridge
from kpitools.charts.funnel import funnel_chart, stage_conversion_chart
from kpitools.charts.incidence import incidence_curves
from kpitools.charts.pipeline import pipeline_by_stage_and_age
from kpitools.charts.ramp import ramp_curves
from kpitools.charts.reps import activity_mix, kpi_by_member, rep_leaderboard
from kpitools.charts.retention import cohort_heatmap, retention_curves
from kpitools.charts.trend import kpi_trend

__all__ = [
    "activity_mix",
    "cohort_heatmap",
    "funnel_chart",
    "incidence_curves",
    "kpi_by_member",
    "kpi_trend",
    "pipeline_bridge",
    "pipeline_by_stage_and_age",
    "ramp_curves",
    "rep_leaderboard",
    "retention_curves",
    "stage_conversion_chart",
]
