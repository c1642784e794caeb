"""Findings in words. Every sentence is made from figures; where they do not say anything, it says so.

The sentences are Markdown: names that come from data are escaped in them, so that they read as what they are.
"""

from kpitools.analyses.words.claims import claim_words
from kpitools.analyses.words.figures import figure_words, win_rate_words
from kpitools.analyses.words.flags import condition_words
from kpitools.analyses.words.funnel import conversion_words, funnel_words
from kpitools.analyses.words.pipeline import pipeline_words
from kpitools.analyses.words.reps import rep_words
from kpitools.analyses.words.retention import retention_words
from kpitools.analyses.words.scorecard import findings, missing_words, with_chance, within_words

__all__ = [
    "claim_words",
    "condition_words",
    "conversion_words",
    "figure_words",
    "findings",
    "funnel_words",
    "missing_words",
    "pipeline_words",
    "rep_words",
    "retention_words",
    "win_rate_words",
    "with_chance",
    "within_words",
]
