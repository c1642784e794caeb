"""What the templates show: each view is a section of a page, made of an analysis, a chart or table, and words."""

from kpitools.views import funnel, pipeline, reps, retention, scorecard
from kpitools.views.foot import foot

__all__ = ["foot", "funnel", "pipeline", "reps", "retention", "scorecard"]
