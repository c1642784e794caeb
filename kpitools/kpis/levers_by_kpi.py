"""Likely causes and usual levers by KPI and by red flag; in our own words."""

from __future__ import annotations

from kpitools.kpis.advice import say

KPIS = {
    "annual_recurring_revenue": say(
        """Customers leave or reduce faster than new ones come.
        Growth hangs on a few large contracts.""",
        """Call the accounts that are up for renewal and show little use.
        Offer longer terms and annual billing.
        Win more mid-sized contracts so that no single one decides the month.""",
    ),
    "monthly_recurring_revenue": say(
        """Winning customers depends on campaigns, or leavers come in waves.
        Short contracts make each month a new start.""",
        """Look at new, added, reduced and lost revenue month by month to see which part swings.
        Spread campaigns and renewals over the year.
        Reward yearly contracts.""",
    ),
    "annual_contract_value": say(
        """Deals start small and are never extended.
        Discounts stand in for arguments.
        Effort goes to companies with small budgets.""",
        """Aim prospecting at larger companies that fit.
        Build packages and tiers with a clear next step up.
        Let a manager see discounts beyond a limit before they are given.""",
    ),
    "pipeline_coverage_ratio": say(
        """Too few new deals for the quota that was set.
        Deals slip out of the period or were never real.
        Some territories have been worked out.""",
        """Set aside hours for prospecting until coverage is back.
        Start joint campaigns with marketing for the thin segments.
        Share out accounts and leads anew between reps.
        Check whether the quota fits the market.""",
    ),
    "new_leads_added": say(
        """A campaign ended, or a channel dried up.
        Prospecting was put off for closing.""",
        """Compare channels with the period before and bring back what worked.
        Give each rep a weekly number of new contacts.
        Ask customers for introductions.""",
    ),
    "lead_conversion_rate": say(
        """Leads come from sources that fit badly.
        The first contact is late or says little.
        Leads are handed over before they are ready.""",
        """Score leads by fit and behaviour, and work the best ones first.
        Answer within the hour, with something about the lead's own business.
        Agree with marketing what counts as ready, and look at sources every month.
        Keep in touch with those who are not ready yet.""",
    ),
    "stage_conversion_rate": say(
        """Deals enter the stage without having earned it.
        The offer does not meet what discovery found, or price comes as a surprise.
        Reps lack practice in just this step.""",
        """Set conditions to enter the stage, and check them in the pipeline review.
        Read the lost reasons of this stage and settle the first two.
        Coach the step with role play and recordings.
        Bring decision maker and budget in a stage earlier.""",
    ),
    "win_rate": say(
        """Too many deals are worked that do not fit.
        A competitor or a price change has shifted the balance.
        Decision makers are met too late.""",
        """Qualify harder and walk away sooner.
        Go through won and lost deals with the buyers.
        Refresh what is said about competitors and value.
        Train negotiation, and pair weaker sellers with strong ones.""",
    ),
    "call_to_meeting_rate": say(
        """Lists are called without regard to fit.
        The opening gives no reason to meet.""",
        """Cut the list to those who fit and show interest.
        Try two openings side by side and keep the better one.
        Have the calendar open and offer two times before hanging up.""",
    ),
    "meetings_booked": say(
        """Quantity is asked for, so quantity is delivered.
        The wrong people are called, or at the wrong time.""",
        """Set the goal on meetings, not on calls.
        Research five accounts well instead of calling fifty.
        Mix channels: a call, a message, an introduction.""",
    ),
    "lead_waiting_time": say(
        """Nobody owns the step between two people.
        Some reps hold more than they can work on.""",
        """Name an owner and a time limit for each stage.
        Let the system remind, and pass on what is not picked up.
        Even out the load, and clear dead deals that take up attention.""",
    ),
    "lead_response_time": say(
        """Inquiries land in a shared mailbox.
        Nobody is on duty at noon, in the evening, or in other time zones.""",
        """Route each inquiry to one named person the moment it arrives, with an alarm when it waits.
        Share out duty hours.
        Answer at once with a booking link, and in person within the hour.""",
    ),
    "customer_acquisition_cost": say(
        """Spending rose ahead of new customers.
        Cheap channels are exhausted.
        Sellers take longer to win a deal.""",
        """Stop the channel with the highest cost per customer and watch what happens.
        Build on referrals and partners.
        Raise conversion in the weakest stage: each deal saved spreads the cost.""",
    ),
    "ltv_cac_ratio": say(
        """Customers leave before they have paid for winning them.
        Winning them has become dearer, or margins thinner.""",
        """Concentrate on segments whose customers stay.
        Mend the first months after the sale.
        Review prices and discounts before spending more on marketing.""",
    ),
    "net_revenue_retention": say(
        """Losses and reductions outweigh what customers add.
        Nobody is charged with growing existing accounts.""",
        """Give each larger account an owner with a growth goal.
        Find accounts that use all they bought, and offer more.
        Meet those that use less before they reduce.""",
    ),
    "activity_volume": say(
        """Administration, absences or a drop in morale.
        Fewer leads to work on.
        Activities are done and not recorded.""",
        """Ask first whether it is the work or the record of it.
        Protect selling hours and automate the paperwork.
        Set goals for the early stages, which suffer first.""",
    ),
    "number_of_deals_closed": say(
        """Much is done for deals that will not close.
        Activities are counted, not what they lead to.""",
        """Look at which activities precede wins, and do more of those.
        Qualify before investing time.
        Coach the step at which deals get stuck.""",
    ),
    "proposals_sent": say(
        """Fewer deals reach the point of an offer.
        Writing an offer takes too long.""",
        """Check the stages before it for a gap.
        Have templates and price lists ready.""",
    ),
    "follow_ups_completed": say(
        """Follow-ups depend on memory.
        New deals push old ones aside.""",
        """Plan the next touch at the end of each one, and let the system remind.
        Prepare five to seven touches per deal, each with something new to say.""",
    ),
    "follow_up_rate": say(
        """There is no rule who writes after a meeting, and when.
        Offers are sent and left to themselves.""",
        """Agree a day limit, and show what is overdue every morning.
        Automate the first message after meetings and offers.""",
    ),
    "talk_to_listen_ratio": say(
        """The rep presents from habit, or fills silence.
        Or the rep lets the talk run without leading it.""",
        """Prepare open questions, and wait after asking.
        Show each rep the ratio after the call.""",
    ),
    "talk_dominance_rate": say(
        """Demonstrations without questions in between.
        Nervousness, or not knowing the buyer's business.""",
        """Break the demonstration into parts with a question after each.
        Coach with the rep's own recordings.""",
    ),
    "call_engagement_level": say(
        """The wrong people are on the call.
        The talk is about the product, not about them.""",
        """Agree an agenda with the buyer before the call.
        Open with their situation and ask for theirs to be corrected.""",
    ),
    "key_message_delivery": say(
        """The value message is unknown, or sounds like a slogan.
        Calls end before it is reached.""",
        """Rehearse the message for each industry in plain words.
        Keep a short list at hand during calls.""",
    ),
    "objection_handling_quality": say(
        """The same objections come up and nobody has prepared answers.
        Objections are talked over.""",
        """Collect the ten commonest objections with good answers.
        Practise: repeat the objection, ask, answer, check.""",
    ),
    "call_sentiment": say(
        """A promise was not kept, or terms were a surprise.
        Someone new on the other side is against it.""",
        """Have a manager call and listen.
        Clear up the open point before talking of signing.""",
    ),
    "employee_turnover_rate": say(
        """Quotas out of reach, pay below the market, or poor leadership.
        A wave after a change in the team.""",
        """Hold talks with those you want to keep.
        Compare pay and quota with the market.
        Train managers in coaching.""",
    ),
}
FLAGS = {
    "one_stage_holds_pipeline": say(
        """Deals get stuck in this stage.
        Nothing new has followed behind a good spell.""",
        """Review the deals standing there one by one.
        Restart prospecting if the stages before it are thin.""",
    ),
    "team_with_stale_pipeline": say(
        """Lost deals are not closed in the system.
        The team has more deals than it can work on.""",
        """Close what is dead, and put a next step on the rest.
        Agree that a deal without a touch for a month is raised in the review.""",
    ),
    "pipeline_goes_stale": say(
        """Deals are kept for the look of the pipeline.
        Reps have more than they can work on.""",
        """Clear the pipeline at fixed intervals.
        Let a reminder come up before a deal has been quiet for too long.""",
    ),
    "cohort_leaves": say(
        """A campaign or discount brought in customers who did not fit.
        Something in their start went wrong: delivery, staff, product.""",
        """Find what these customers have in common and others have not.
        Call those who are still there, and mend their start.
        Keep that campaign from being run again unchanged.""",
    ),
    "engaged_but_not_buying": say(
        """Buyers like to talk but lack budget or say.
        The rep does not ask for the decision.""",
        """Qualify budget and decision maker before the second meeting.
        Practise asking for the order, and for a no.""",
    ),
    "busy_without_wins": say(
        """Effort goes into deals that fit badly.
        One step fails that more effort does not mend.""",
        """Compare the rep's conversion stage by stage with the others.
        Coach that step, and cut the list of deals.""",
    ),
    "uneven_coverage_by_rep": say(
        """Territories or lead routing favour some.
        Some prospect and others wait for leads.""",
        """Balance territories and routing.
        Pair those with full pipelines with those without.""",
    ),
}
