"""Sets of KPIs that are read together: by role, industry, stage of the process, rhythm of review, main objective."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from kpitools.errors import UnknownNameError
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.kpis.kpi import Kpi

#: More than these are no longer the few that count.
MOST_CORE = 5


@dataclass(frozen=True)
class KpiSet:
    """KPIs that belong together.

    Attributes:
        label: the set's name for people.
        core: ids of the few that count, the most telling first.
        supporting: ids of those that explain them.
    """

    label: str
    core: tuple[str, ...]
    supporting: tuple[str, ...] = ()

    @property
    def kpis(self) -> tuple[str, ...]:
        """Every id, the core ones first."""
        return self.core + self.supporting

    def members(self, catalogue: Mapping[str, Kpi] = CATALOGUE) -> list[Kpi]:
        """The KPIs themselves.

        Raises:
            UnknownNameError: the catalogue has none of such an id.
        """
        for name in self.kpis:
            if name not in catalogue:
                raise UnknownNameError("KPI", name, catalogue, hint=f"(in the set {self.label})")
        return [catalogue[name] for name in self.kpis]

    def warnings(self, catalogue: Mapping[str, Kpi] = CATALOGUE) -> list[str]:
        """What is wrong with the choice: too many to keep in mind, or all of them look the same way in time.

        >>> KpiSet("Mine", ("win_rate", "average_deal_size")).warnings()
        ['Mine holds lagging KPIs only: it tells what came of it, but not early. Add a leading one.']
        """
        return [*self._too_many(), *self._one_sided(catalogue)]

    def _too_many(self) -> list[str]:
        if len(self.core) <= MOST_CORE:
            return []
        return [
            f"{self.label} has {len(self.core)} core KPIs; keep the {MOST_CORE} that lead to action, make the others "
            "supporting ones."
        ]

    def _one_sided(self, catalogue: Mapping[str, Kpi]) -> list[str]:
        timings = {kpi.timing for kpi in self.members(catalogue)}
        if timings == {"lagging"}:
            return [
                f"{self.label} holds lagging KPIs only: it tells what came of it, but not early. Add a leading one."
            ]
        if timings == {"leading"}:
            return [
                f"{self.label} holds leading KPIs only: it tells what is under way, but not what came of it. "
                "Add a lagging one."
            ]
        return []


def kpi_set(name: str) -> KpiSet:
    """The set of that name.

    Raises:
        UnknownNameError: there is none; the message names the nearest.

    >>> kpi_set("am").core[0]
    'net_revenue_retention'
    """
    if name not in SETS:
        raise UnknownNameError("set of KPIs", name, SETS)
    return SETS[name]


#: For a first look at any sales organisation.
GENERAL: Mapping[str, KpiSet] = MappingProxyType({
    "core": KpiSet(
        "Core",
        ("team_quota_attainment", "win_rate", "average_deal_size", "median_sales_cycle_length",
         "pipeline_coverage_ratio"),
    ),
    "general": KpiSet(
        "General nine",
        ("annual_contract_value", "customer_lifetime_value", "new_leads_added", "lead_conversion_rate",
         "customer_retention_rate"),
        ("lead_waiting_time", "sales_team_loyalty_rate", "ramp_up_time", "referral_customers"),
    ),
})  # fmt: skip

ROLES: Mapping[str, KpiSet] = MappingProxyType({
    "manager": KpiSet(
        "Sales manager",
        ("team_quota_attainment", "forecast_accuracy", "coaching_effectiveness", "pipeline_health",
         "team_efficiency_index"),
        ("employee_satisfaction", "employee_turnover_rate"),
    ),
    "rep": KpiSet(
        "Sales representative",
        ("individual_quota_attainment", "lead_response_time", "follow_up_frequency",
         "upsell_cross_sell_success_rate", "activity_volume"),
        ("number_of_deals_closed",),
    ),
    "team": KpiSet(
        "Sales team",
        ("total_sales_revenue", "customer_retention_rate", "new_customer_acquisition",
         "team_collaboration_efficiency", "sales_process_innovation"),
        ("market_penetration",),
    ),
    "sdr": KpiSet(
        "Sales development",
        ("meeting_quality_score", "sql_to_opportunity_ratio", "pipeline_generated", "lead_response_time",
         "discovery_effectiveness"),
        ("qualification_accuracy", "value_proposition_delivery", "next_step_commitment_rate"),
    ),
    "ae": KpiSet(
        "Account executive",
        ("win_rate", "individual_quota_attainment", "forecast_accuracy", "sales_cycle_length",
         "negotiation_success_rate"),
    ),
    "am": KpiSet(
        "Account management",
        ("net_revenue_retention", "expansion_revenue", "account_health_score", "qbr_effectiveness",
         "strategic_account_growth"),
    ),
    "executive": KpiSet(
        "Executive",
        ("total_sales_revenue", "sales_growth", "net_revenue_retention", "customer_acquisition_cost",
         "pipeline_coverage_ratio"),
        ("ltv_cac_ratio", "gross_margin", "customer_retention_rate", "forecast_accuracy",
         "return_on_sales_investment"),
    ),
})  # fmt: skip

INDUSTRIES: Mapping[str, KpiSet] = MappingProxyType({
    "saas": KpiSet(
        "SaaS",
        ("customer_acquisition_cost", "net_revenue_retention", "annual_recurring_revenue", "time_to_first_value",
         "poc_product_usage"),
        ("customer_churn_rate", "annual_contract_value", "monthly_recurring_revenue", "mrr_growth_rate",
         "expansion_revenue_share"),
    ),
    "manufacturing": KpiSet(
        "Manufacturing",
        ("quote_to_close_ratio", "technical_win_rate", "implementation_timeline", "reorder_rate",
         "product_mix_ratio"),
    ),
    "professional_services": KpiSet(
        "Professional services",
        ("project_value", "service_attach_rate", "utilization_forecast", "client_expansion_rate",
         "proposal_win_rate"),
        ("utilization_rate",),
    ),
    "financial_services": KpiSet(
        "Financial services",
        ("assets_under_management", "cross_sell_ratio", "customer_retention_rate", "risk_adjusted_return",
         "referral_generation_rate"),
    ),
    "real_estate": KpiSet(
        "Real estate",
        ("average_deal_size", "lead_conversion_rate", "days_on_market", "listing_to_sale_ratio",
         "customer_satisfaction_score"),
        ("agent_commission_rate", "referral_generation_rate"),
    ),
    "call_center": KpiSet(
        "Call centre",
        ("first_call_resolution", "average_handle_time", "customer_satisfaction_score", "call_abandonment_rate",
         "agent_utilization_rate"),
        ("average_speed_of_answer",),
    ),
    "insurance": KpiSet(
        "Insurance",
        ("loss_ratio", "policyholder_retention_rate", "claims_processing_time", "insurance_conversion_rate",
         "policyholder_growth_rate"),
        ("insurance_cross_sell_rate", "new_policy_sales_growth"),
    ),
    "retail": KpiSet(
        "Retail",
        ("ecommerce_conversion_rate", "average_order_value", "customer_retention_rate", "cart_abandonment_rate",
         "customer_satisfaction_score"),
    ),
    "edtech": KpiSet(
        "EdTech",
        ("student_retention_rate", "course_completion_rate", "average_revenue_per_user",
         "referral_generation_rate", "support_response_time"),
    ),
})  # fmt: skip

#: In the order in which a customer goes through them.
STAGES: Mapping[str, KpiSet] = MappingProxyType({
    "leads": KpiSet(
        "Finding leads",
        ("new_leads_added", "lead_response_time", "lead_conversion_rate", "marketing_qualified_accounts",
         "lead_generation_effectiveness"),
        ("lead_waiting_time", "email_open_rate", "bounce_rate", "predictive_lead_score"),
    ),
    "qualification": KpiSet(
        "Qualifying",
        ("lead_to_opportunity_rate", "sql_to_opportunity_ratio", "qualification_accuracy", "meetings_held",
         "sales_call_conversion_rate"),
        ("call_to_meeting_rate", "discovery_effectiveness", "qualified_opportunities", "buyer_intent_score"),
    ),
    "opportunities": KpiSet(
        "Working opportunities",
        ("pipeline_coverage_ratio", "pipeline_velocity", "stage_conversion_rate", "stale_pipeline_share",
         "sales_cycle_length"),
        ("pipeline_value", "weighted_pipeline", "deals_per_stage", "deal_risk_score", "demos_conducted"),
    ),
    "closing": KpiSet(
        "Proposing and closing",
        ("win_rate", "quote_to_close_ratio", "average_deal_size", "negotiation_success_rate", "proposals_sent"),
        ("follow_ups_to_close", "deal_win_probability", "forecast_accuracy", "number_of_deals_closed"),
    ),
    "onboarding": KpiSet(
        "Getting customers started",
        ("time_to_first_value", "customer_product_usage", "implementation_timeline",
         "customer_satisfaction_score", "support_request_rate"),
    ),
    "customers": KpiSet(
        "Keeping and growing customers",
        ("customer_retention_rate", "net_revenue_retention", "account_health_score", "expansion_revenue",
         "customer_lifetime_value"),
        ("customer_churn_rate", "upsell_cross_sell_success_rate", "qbr_effectiveness", "net_promoter_score",
         "referral_customers", "churn_probability"),
    ),
})  # fmt: skip

#: What is due at each review: today's trouble, the team's week, the month's trends, the quarter's course.
RHYTHMS: Mapping[str, KpiSet] = MappingProxyType({
    "daily": KpiSet(
        "Daily check",
        ("activity_volume", "meetings_booked", "lead_response_time", "new_leads_added", "number_of_deals_closed"),
        ("calls_made", "emails_sent", "follow_ups_completed", "sales_response_time"),
    ),
    "weekly": KpiSet(
        "Weekly team review",
        ("pipeline_generated", "pipeline_value", "stage_conversion_rate", "win_rate", "follow_up_rate"),
        ("meetings_held", "demos_conducted", "proposals_sent", "next_step_commitment_rate", "stale_pipeline_share",
         "closed_opportunities"),
    ),
    "monthly": KpiSet(
        "Monthly trends",
        ("total_sales_revenue", "monthly_recurring_revenue", "pipeline_coverage_ratio", "lead_conversion_rate",
         "customer_churn_rate"),
        ("average_deal_size", "sales_cycle_length", "pipeline_velocity", "customer_acquisition_cost",
         "customer_satisfaction_score", "selling_time_share"),
    ),
    "quarterly": KpiSet(
        "Quarterly strategy",
        ("sales_growth", "team_quota_attainment", "net_revenue_retention", "customer_acquisition_cost",
         "pipeline_coverage_ratio"),
        ("new_customer_acquisition", "customer_retention_rate", "ltv_cac_ratio", "market_penetration",
         "forecast_accuracy", "gross_margin", "employee_turnover_rate", "net_promoter_score"),
    ),
})  # fmt: skip

#: One main objective, and the KPIs that carry it.
NORTH_STARS: Mapping[str, KpiSet] = MappingProxyType({
    "revenue_growth": KpiSet(
        "Revenue growth",
        ("sales_growth",),
        ("pipeline_coverage_ratio", "win_rate", "average_deal_size", "sales_cycle_length", "net_revenue_retention"),
    ),
    "customer_acquisition": KpiSet(
        "Customer acquisition",
        ("new_customer_acquisition",),
        ("new_leads_added", "lead_response_time", "lead_conversion_rate", "customer_acquisition_cost",
         "referral_customers"),
    ),
    "customer_retention": KpiSet(
        "Customer retention",
        ("net_revenue_retention",),
        ("customer_retention_rate", "account_health_score", "qbr_effectiveness", "support_request_rate",
         "expansion_revenue"),
    ),
})  # fmt: skip

#: Ways of working that have figures of their own.
APPROACHES: Mapping[str, KpiSet] = MappingProxyType({
    "account_based": KpiSet(
        "Account-based selling",
        ("account_match_rate", "marketing_qualified_accounts", "target_account_engagement", "win_rate",
         "pipeline_value"),
        ("average_deal_size", "sales_cycle_length", "strategic_account_growth"),
    ),
    "sales_operations": KpiSet(
        "Sales operations",
        ("sales_productivity", "selling_time_share", "data_hygiene_score", "forecast_accuracy",
         "sales_cycle_length"),
        ("stage_conversion_rate", "stale_pipeline_share", "lead_response_time", "tool_adoption_rate",
         "revenue_per_hour_worked", "revenue_per_employee", "return_on_sales_investment"),
    ),
})  # fmt: skip

#: Every set by name.
SETS: Mapping[str, KpiSet] = MappingProxyType(
    {**GENERAL, **ROLES, **INDUSTRIES, **STAGES, **RHYTHMS, **NORTH_STARS, **APPROACHES}
)
