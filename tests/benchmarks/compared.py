"""The KPIs that were written out by hand in Polars and SQL, and the tables they are computed from."""

from __future__ import annotations

#: Every KPI of the areas from revenue to team that the sales tables alone give.
KPIS = (
    "total_sales_revenue", "net_sales_revenue", "monthly_recurring_revenue", "annual_recurring_revenue",
    "annual_contract_value", "annual_value_per_contract", "average_deal_size", "median_deal_size",
    "average_order_value", "new_customer_revenue", "existing_customer_revenue", "new_vs_existing_sales",
    "expansion_revenue", "expansion_bookings", "expansion_revenue_share", "contraction_revenue", "churned_revenue",
    "gross_margin", "sales_growth", "sales_growth_year_on_year", "arr_growth_rate", "mrr_growth_rate",
    "new_customer_growth_rate", "strategic_account_growth", "pipeline_coverage_ratio", "remaining_coverage_ratio",
    "pipeline_value", "weighted_pipeline", "pipeline_velocity", "deals_per_stage", "stale_pipeline_share",
    "deals_within_typical_days", "pipeline_generated", "new_leads_added", "qualified_opportunities",
    "closed_opportunities", "pipeline_health", "lead_conversion_rate", "lead_to_opportunity_rate",
    "sql_to_opportunity_ratio", "stage_conversion_rate", "win_rate", "win_rate_by_value", "win_rate_of_cohort",
    "sales_call_conversion_rate", "upsell_cross_sell_success_rate", "next_step_commitment_rate",
    "negotiation_success_rate", "call_to_meeting_rate", "sales_cycle_length", "median_sales_cycle_length",
    "sales_cycle_from_first_contact", "median_sales_cycle_from_first_contact", "sales_response_time",
    "median_sales_response_time", "lead_response_time", "median_lead_response_time",
    "inquiries_answered_within_an_hour", "inquiries_answered", "lead_waiting_time", "customer_acquisition_cost",
    "new_customer_acquisition", "referral_customers", "referral_generation_rate", "customer_referral_rate",
    "lead_generation_effectiveness", "account_match_rate", "customer_retention_rate", "customer_churn_rate",
    "net_revenue_retention", "gross_revenue_retention", "qbr_effectiveness", "purchase_frequency",
    "customer_lifespan", "customer_lifetime_value", "customer_lifetime_revenue", "subscription_lifetime_value",
    "ltv_cac_ratio", "revenue_per_account", "activity_volume", "calls_made", "emails_sent", "meetings_held",
    "meetings_booked", "demos_conducted", "follow_ups_completed", "follow_up_frequency", "follow_ups_to_close",
    "prospect_engagement_level", "email_open_rate", "email_deliverability_rate", "individual_quota_attainment",
    "sales_per_rep", "number_of_deals_closed", "ramp_up_time", "sellers_not_yet_engaged", "time_to_full_quota",
    "team_quota_attainment", "sales_target_achievement_rate", "employee_turnover_rate", "sales_team_loyalty_rate",
    "tenured_seller_share", "rep_tenure",
)  # fmt: skip

TABLES = (
    "accounts", "activities", "costs", "deals", "leads", "order_lines", "orders", "products", "quotas", "reps",
    "stage_history", "stages", "subscriptions",
)  # fmt: skip
