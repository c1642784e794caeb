"""Likely causes and usual levers by area, for KPIs that have none of their own; in our own words."""

from __future__ import annotations

from kpitools.kpis.advice import say

AREAS = {
    "revenue": say(
        """Fewer deals, smaller deals or deeper discounts than before.
        Customers who left or bought less than they used to.""",
        """Split the change into number of deals, size and price, and work on the part that moved.
        Sell to existing customers what similar ones already use.
        Check prices and discounts against what buyers get out of it.""",
    ),
    "growth": say(
        """New business slows while losses go on.
        One segment or product has reached its ceiling.""",
        """Set new, added and lost revenue side by side and act on the largest gap.
        Move effort to segments that still grow.
        Give customers a reason to extend: bundles, higher tiers, more seats.""",
    ),
    "pipeline": say(
        """Prospecting stops whenever deals close.
        Deals stay in the list that nobody works on.
        Territories hold unequal chances.""",
        """Keep fixed hours for prospecting, whatever the quarter looks like.
        Go through the pipeline every week: a next step with a date, or out.
        Redraw territories and hand over accounts where chances are unequal.""",
    ),
    "conversion": say(
        """Deals are let in that never fitted.
        The next step after a meeting is left open.
        Price or value is argued too late.""",
        """Write down what a deal must have to enter each stage, and hold to it.
        Agree the next step and its date before every meeting ends.
        Practise the weak stage with recordings of those who do well in it.""",
    ),
    "cycle_time": say(
        """Work waits for someone to notice it.
        Decision makers come in late.
        Contracts and approvals go round by hand.""",
        """Let reminders and routing do what people forget.
        Ask for the decision maker and the buying steps in the first talks.
        Have standard offers and contracts ready, with approvals in parallel.""",
    ),
    "acquisition": say(
        """Money goes to channels whose leads rarely buy.
        More is spent while the number of new customers stands still.""",
        """Compare cost and conversion by channel and move the budget to what works.
        Ask contented customers to introduce others.
        Automate the first steps so that people spend their hours on good leads.""",
    ),
    "retention": say(
        """Customers never got the use they bought it for.
        Problems were known and stayed open.
        Nobody spoke to the customer until the renewal was due.""",
        """Watch use and tickets, and call before the customer does.
        Give each new customer a start with a first success and a date for it.
        Review with the customer every quarter what was reached and what comes next.
        Study why those who left did, and change the two commonest reasons.""",
    ),
    "customer_value": say(
        """Customers leave early or never buy a second time.
        Margins are given away to win the deal.""",
        """Seek more of the customers who stay and grow, fewer of those who do not.
        Offer additions that fit what the customer already uses.
        Hold prices where the value can be shown.""",
    ),
    "product": say(
        """The product no longer fits what buyers ask for.
        Sales leads with other products.""",
        """Read feedback and lost reasons by product and mend what comes up most.
        Decide for each product whether to keep, change or end it, allowing for its age.""",
    ),
    "activity": say(
        """Time goes to administration and internal meetings.
        People do not know how much is expected of them.
        Absences, new territories or new staff.""",
        """Agree daily and weekly numbers with each rep, and look at them together.
        Take over data entry and reporting by automation.
        Use sequences so that no follow-up depends on memory.""",
    ),
    "conversation": say(
        """Calls are made without preparation or a plan.
        Reps present where they should ask.""",
        """Listen to two calls a week with each rep and agree one thing to change.
        Give an outline: questions to ask, value to show, objections to expect.
        Let people hear how their best colleagues do it.""",
    ),
    "rep": say(
        """Skills, territory or quota do not fit the person.
        A slow start for those who are new.""",
        """Look at activity, conversion and size apart before judging a person.
        Coach the weakest step, and measure it before and after.
        Check the quota against what the territory can give.""",
    ),
    "team": say(
        """Goals that few can reach, or pay that follows them poorly.
        Little help from managers, no way forward.""",
        """Talk to those who stay and those who leave, and act on what both say.
        Set quotas from results and market, and pay so that effort shows.
        Offer training, a path to the next role, and recognition.
        Hand over the accounts of leavers in person.""",
    ),
    "efficiency": say(
        """Hours go to work that no buyer sees.
        Tools are paid for and not used.""",
        """Cut or automate the largest block of administration.
        Drop tools that few use, train people on the others.""",
    ),
    "forecast": say(
        """Stages and close dates are hopes, not facts.
        Large deals decide the result.""",
        """Tie each stage to something the buyer did.
        Clear out dates that have passed every week.
        Compare forecasts with outcomes by rep, and talk about the bias.""",
    ),
    "satisfaction": say(
        """Answers come late, or problems come back.
        More was promised than was delivered.""",
        """Call everyone who gave a low score within two days.
        Mend the commonest complaint first.
        Make sure sales and delivery promise the same.""",
    ),
    "predictive": say(
        """Contact has gone quiet, or the other side has lost its advocate.
        Use, sentiment or dates have moved the wrong way.""",
        """Speak to the decision maker this week and agree a next step.
        Bring in a manager where the deal or customer is large.
        Look at the signs behind the score before acting on the number.""",
    ),
}
INDUSTRIES = {
    f"industry_{name}": say(
        """The offer, the price or the service falls behind what is usual in the trade.
        Capacity and demand do not meet.""",
        """Compare segments, sites and people to see where the gap comes from.
        Take over what the best of them do, and train the others.
        Check price and terms against the market.""",
    )
    for name in ("saas", "manufacturing", "services", "financial", "real_estate", "call_center", "insurance",
                 "retail", "edtech")
}  # fmt: skip
