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

#: Submits forecasts that are so many times what it then wins; the other teams are right in the middle.
OVERCONFIDENT_TEAM = "US West"
FORECAST_BIAS = 1.2

#: The company's share of its market in the first and in the last quarter; it grows evenly between them.
MARKET_SHARE = (0.04, 0.07)
#: Customers on the last day as a share of all addressable accounts.
MARKET_PENETRATION = 0.05

#: Scores are calibrated; they differ between what happens and what does not by so many standard deviations.
SCORE_SHARPNESS = 1.3

#: Share of the sellers' hours that is spent with buyers, and what is left of it in the team with much
#: administration.
SELLING_SHARE = 0.36
ADMIN_TEAM = "DACH"
ADMIN_TEAM_SELLING_SHARE = 0.26
#: Share of the hours account managers have for projects that is billed.
BILLED_SHARE = 0.78
#: Share of the hours sales development reps work that they spend on calls of the hotline.
HANDLING_SHARE = 0.82

#: Knowledge tests: share of the points reached, and that of the team that knows least.
KNOWLEDGE = 0.80
UNSCHOOLED_TEAM = "Latin America"
UNSCHOOLED_KNOWLEDGE = 0.62

#: Coaching: from 90 to 180 days after it the coached win so many times more than in the 90 days before it, in money
#: and in share of the deals, beside what became of those who are never coached: at least and at most.
COACHED_LIFT = (1.05, 2.5)

#: Revenue credited to a campaign for each unit of money spent on it.
CAMPAIGN_RETURN = 2.5
#: Share of the staff that takes up the tool everybody liked, and the one nobody asked for.
ADOPTION = {"Call library": 0.85, "Territory planner": 0.25}

#: Hotline: share of the incoming calls that hang up, mean seconds until one is answered, talk and hold in seconds.
CALL_ABANDONMENT = 0.06
ANSWERED_AFTER = 22
CALL_HANDLING = 375

#: Days from the won deal to the day the customer is live.
IMPLEMENTATION_DAYS = {"enterprise": 90, "mid_market": 45, "smb": 21}

#: Insurance: claims paid for each unit of earned premium; one line loses money.
LOSS_RATIO = {"Cyber": 0.98, "Liability": 0.62, "Property": 0.55}
LOSING_LINE = "Cyber"
#: Share of the policies that are renewed when they end.
POLICY_RENEWAL = 0.88
#: Days from the report of a claim to its closing.
CLAIM_DAYS = 22

#: Property: share of the listings that are sold, days until then, commission of the seller's side.
LISTING_SOLD = 0.45
DAYS_ON_MARKET = 45
SELLER_COMMISSION = 0.028

#: Wealth: yearly return above the risk-free rate for each unit of its deviation (Sharpe ratio).
SHARPE = 0.4

#: Shop: share of the visits that order, of the carts that are left behind.
SHOP_CONVERSION = 0.03
CART_ABANDONMENT = 0.70

#: School: share of the students who come back next term, share of the courses that are completed.
STUDENT_RETENTION = 0.70
COURSE_COMPLETION = 0.75

#: From this day on calls are recorded and use, quotes and signals of interest are measured.
TOOLS_DAY = date(2025, 1, 1)

#: One team listens, asks and gets its messages across; another talks most of the time, and is less content.
LISTENING_TEAM = "Nordics"
TALKING_TEAM = "DACH"
#: Chance that an item of the playbook is heard on a call.
USUAL_MESSAGE_HIT = 0.66
MESSAGE_HIT = {LISTENING_TEAM: 0.86, TALKING_TEAM: 0.45}
#: Chance that an objection is answered on a call of a deal that ends so.
OBJECTION_ANSWERED = {"won": 0.86, "open": 0.62, "lost": 0.38}

#: Customers that leave show it so many days before: they use the product less and less, open so many times as many
#: tickets, and of their answers to the recommendation survey this share are detractors.
WARNING_DAYS = 120
WARNING_TICKETS = 4
WARNING_DETRACTORS = 0.7
#: Share of the users of a customer who are active in a month, unless it is about to leave.
ACTIVE_USERS = 0.62
#: Days from the contract to the first outcome, in the middle.
VALUE_DAYS = {"enterprise": 48, "mid_market": 28, "smb": 12}
#: Uses in a working day of a proof of concept, by how its deal ends.
TRIAL_USES = {"won": 1.1, "open": 0.7, "lost": 0.4}

#: Promoters and detractors among customers that stay: one segment would not recommend us.
NPS_SHARES = {
    "promoters": {"enterprise": 0.55, "mid_market": 0.48, "smb": 0.27},
    "detractors": {"enterprise": 0.14, "mid_market": 0.18, "smb": 0.43},
}
#: Share of the tickets solved at the first contact, by the account's team, and of those content with it.
USUAL_FIRST_CONTACT = 0.71
FIRST_CONTACT = {LISTENING_TEAM: 0.86, TALKING_TEAM: 0.55}
SATISFIED_AT_ONCE = 0.92
SATISFIED_LATER = 0.58
#: Mean hours until the first answer.
RESPONSE_HOURS = {"high_value": 0.8, "general": 11.0}
#: Share of the staff that answers the quarterly survey, and of those that are content.
STAFF_ANSWERS = 0.92
USUAL_CONTENT_STAFF = 0.72
CONTENT_STAFF = {LISTENING_TEAM: 0.93, TALKING_TEAM: 0.42}
#: The product its users like least.
DISLIKED_PRODUCT = "P04"
DISLIKED_SHARE = 0.45
LIKED_SHARE = 0.82
#: Share of the market that has heard of the company, on the first day and on the last.
AWARE = (0.35, 0.60)

#: Chance that a colleague works on a deal, by how it ends (renewals apart), and what two teams make of it.
JOINT = {"won": 0.42, "open": 0.28, "lost": 0.20}
JOINT_LIFT = {LISTENING_TEAM: 1.5, TALKING_TEAM: 0.5}
#: Share of what is shared that a colleague uses.
USUAL_REUSE = 0.65
REUSE = {LISTENING_TEAM: 0.9, TALKING_TEAM: 0.35}

#: Share of the deals with a quote that needed a second one; share of the quotes of lost deals that just ran out.
SECOND_QUOTE = 0.25
QUOTE_EXPIRES = 0.3
#: Signals of interest in the four weeks before a new deal, by how it ends.
SIGNALS_BEFORE = {"won": 2.0, "open": 1.3, "lost": 0.6}
