"""What is true of the sample by construction: the generator plants it, the tests find it again.

Shares are fractions from 0 to 1. Win rates and stage passes hold for deals of kind `new`; what one planted
truth does to a rep or a team is left out where another is measured.
"""

from __future__ import annotations

from datetime import date

#: The first day of the data. Customers won in the year before are there with their subscriptions, without deals.
FIRST_DAY = date(2023, 10, 1)
#: The day on which the sample was "exported": no fact is later, plans may be.
LAST_DAY = date(2026, 9, 30)

#: Chance that a new deal is won, whoever sells it, except the star rep and the ramping team.
WIN_RATE = {"enterprise": 0.20, "mid_market": 0.27, "smb": 0.36}

#: The stages in order with the chance to pass each at a win rate of 23 %; other win rates bend all five alike.
STAGE_PASS = {"Prospecting": 0.88, "Qualification": 0.80, "Discovery": 0.84, "Proposal": 0.46, "Negotiation": 0.84}
#: The stage that leaks: far fewer deals pass it than any other.
LEAKING_STAGE = "Proposal"
#: By how much its conversion is lower than that of every other stage, at least.
LEAK_MARGIN = 0.15

#: Chance that a customer leaves within a year (of its contract).
YEAR_CHURN = {"enterprise": 0.08, "mid_market": 0.14, "smb": 0.20}
#: The quarter whose new customers leave much faster, and their chance to leave within the first year.
FAST_CHURN_COHORT = "2025Q1"
FAST_YEAR_CHURN = 0.55

#: Hired from this day on; wins `RAMP[0]` of the ordinary rate at first, `RAMP[1]` of it a year later.
RAMPING_TEAM = "Asia-Pacific"
RAMP_START = date(2025, 10, 1)
RAMP = (0.3, 1.3)

#: In this quarter of each year so many times as many deals (of all but renewals) are decided as in another quarter.
SEASON_QUARTER = 4
SEASON_LIFT = 1.6

#: Deals with referred accounts take this share of the usual time.
REFERRED_PACE = 0.6

#: Wins new deals at so many times the ordinary rate, and so many times as large: far above all others.
STAR_REP = "R038"
STAR_LIFT = 2.0
STAR_DEAL_SIZE = 1.8

#: This share of the new deals the team lost since `STALE_SINCE` was never closed: they stand open and untouched.
STALE_TEAM = "Southern Europe"
STALE_SINCE = date(2025, 4, 1)
STALE_SHARE = 0.6
