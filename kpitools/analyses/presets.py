"""Which KPIs a scorecard shows: sets by role, as plain data. Some name KPIs that are yet to come."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: KPI ids by role, the most telling first; `general` is for a first look at any sales organisation.
PRESETS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "core": (
            "team_quota_attainment",
            "win_rate",
            "average_deal_size",
            "median_sales_cycle_length",
            "pipeline_coverage_ratio",
        ),
        "general": (
            "annual_contract_value",
            "customer_lifetime_value",
            "new_leads_added",
            "lead_waiting_time",
            "lead_conversion_rate",
            "sales_team_loyalty_rate",
            "ramp_up_time",
            "referral_customers",
            "customer_retention_rate",
        ),
        "manager": (
            "team_quota_attainment",
            "forecast_accuracy",
            "employee_satisfaction",
            "employee_turnover_rate",
            "coaching_effectiveness",
            "pipeline_health",
            "team_efficiency_index",
        ),
        "rep": (
            "individual_quota_attainment",
            "lead_response_time",
            "follow_up_frequency",
            "upsell_cross_sell_success_rate",
            "activity_volume",
            "number_of_deals_closed",
        ),
        "team": (
            "total_sales_revenue",
            "market_penetration",
            "customer_retention_rate",
            "new_customer_acquisition",
            "team_collaboration_efficiency",
            "sales_process_innovation",
        ),
        "sdr": (
            "meeting_quality_score",
            "sql_to_opportunity_ratio",
            "pipeline_generated",
            "lead_response_time",
            "discovery_effectiveness",
            "qualification_accuracy",
            "value_proposition_delivery",
            "next_step_commitment_rate",
        ),
        "ae": (
            "win_rate",
            "individual_quota_attainment",
            "forecast_accuracy",
            "sales_cycle_length",
            "negotiation_success_rate",
        ),
        "am": (
            "net_revenue_retention",
            "expansion_revenue",
            "account_health_score",
            "qbr_effectiveness",
            "strategic_account_growth",
        ),
    }
)

#: What deals alone can tell: fills a general scorecard that would else show fewer than `FEWEST`.
FROM_DEALS = (
    "win_rate",
    "number_of_deals_closed",
    "average_deal_size",
    "median_sales_cycle_length",
    "pipeline_value",
)
FEWEST = 3
