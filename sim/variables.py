"""Every output variable: what it counts, of which population, in which unit.

The funnel's stages are rows of this table: a stage names the population it is a share `of` and the `rate` that leads
to it; `rest_of` names the stage whose complement it is. Adding a stage is adding a row here and its rate in
`conf/vod/*.yaml`.
"""

from dataclasses import dataclass, replace
from typing import Literal

STRATA = ("region", "transplant", "age_group")
"""The dimensions a population is divided by."""

CHOICES = ("criterion", "cohort")
"""Labels that a draw has one of, so that all rates of a draw are of one criterion or cohort."""

TOTAL = "all"
"""The label of a total, and of a dimension that is not divided."""

TYPED = "assumption: set on the command line"
"""The source of a value that is typed without a source of its own; views show such values."""

CELL_DIMS = (*STRATA, "year")
"""The dimensions of every population by draw, in order."""

MARKET_REGION, MARKET_YEAR = "market_region", "market_year"
"""The dimensions of the market: where the drug is sold, and when; they need not be those of the transplants."""

COLUMN_DIMS: dict[str, tuple[str, ...]] = {
    "region": ("region", MARKET_REGION),
    "transplant": ("transplant",),
    "age_group": ("age_group",),
    "year": ("year", MARKET_YEAR),
}
"""Column of a tidy table → the dimensions whose labels stand in it."""

MONEY = "money"
"""The unit of what is counted in the market's currency; a run says which, and of which year."""


@dataclass(frozen=True)
class Variable:
    """One output variable.

    Attributes
    ----------
    name : as in `summary.csv` and `results.nc`.
    long_name : as people read it on axes and in tables.
    unit : of one value.
    of : the population this one is a share of; None for the root of the funnel.
    rate : the name, under `vod`, of the quantity that is that share; None for the root and for a complement.
    rest_of : the sibling stage whose complement within `of` this variable is.
    measure : what the evidence ledger calls its rate.
    level : `cell`, a number for each stratum and year; `market`, one for each region and year of the market; or `run`,
        one number a draw.
    only_mean : whether it is 0 or 1 in each draw, so that its mean is a probability and says all.
    adds_up : whether regions have a total.
    if_approved : whether it is given that the drug is approved; of its twin without, a failed draw counts as it is.
    """

    name: str
    long_name: str
    unit: str
    of: str | None = None
    rate: str | None = None
    rest_of: str | None = None
    measure: str | None = None
    level: Literal["cell", "market", "run"] = "cell"
    only_mean: bool = False
    adds_up: bool = True
    if_approved: bool = False


_MORTALITY = "day100_mortality"

TRANSPLANTS = Variable("transplants", "Stem cell transplants", "transplants per year")

FUNNEL: tuple[Variable, ...] = (
    TRANSPLANTS,
    Variable("vod", "VOD", "patients per year", "transplants", "incidence", measure="vod_incidence"),
    Variable("severe_vod", "Severe VOD", "patients per year", "vod", "severe_fraction", measure="severe_fraction"),
    Variable("deaths_day100", "Deaths by day 100", "patients per year", "severe_vod", _MORTALITY, measure=_MORTALITY),
    Variable("survivors_day100", "Survivors at day 100", "patients per year", of="severe_vod", rest_of="deaths_day100"),
)
"""The funnel in order: each row's `of` stands above it."""

_MONTHS = "months since the trial's start"
_PROBABILITY = "probability"

MEETS_CRITERIA = Variable("meets_trial_criteria", "Meets trial criteria", "patients per year", of="severe_vod")


def _run(name: str, long_name: str, unit: str) -> Variable:
    return Variable(name, long_name, unit, level="run", only_mean=unit == _PROBABILITY)


TRIAL: tuple[Variable, ...] = (
    _run("enrolment_months", "Last patient enrolled", _MONTHS),
    _run("prospective_months", "Treated arm complete", _MONTHS),
    _run("control_months", "Control arm complete", _MONTHS),
    _run("control_charts", "Charts reviewed for controls", "charts"),
    _run("controls", "Historical controls found", "patients"),
    _run("readout_months", "Read-out", _MONTHS),
    _run("readout_date", "Read-out", "decimal year"),
    _run("prob_enrolled", "The target is enrolled", _PROBABILITY),
    _run("prob_control_last", "The control arm comes last", _PROBABILITY),
    _run("prob_readout_by_promise", "Read-out by the end of the promised window", _PROBABILITY),
    _run("prob_readout_in_window", "Read-out inside the promised window", _PROBABILITY),
    _run("prob_success_response", "Success on complete response", _PROBABILITY),
    _run("prob_success_survival", "Success on survival at day 100", _PROBABILITY),
)
"""What a trial gives: one number a draw. Those of the control arm are missing where there is none."""

IF_APPROVED = "_if_approved"
"""How the name ends of what is given that the drug is approved."""


def _market(name: str, long_name: str, unit: str, *, adds_up: bool = True) -> Variable:
    return Variable(name, long_name, unit, level="market", adds_up=adds_up)


def _twin(variable: Variable) -> Variable:
    name, long_name = f"{variable.name}{IF_APPROVED}", f"{variable.long_name}, if approved"
    return replace(variable, name=name, long_name=long_name, if_approved=True)


_A_YEAR, _MONEY_A_YEAR = "patients per year", f"{MONEY} per year"

_TREATED: tuple[Variable, ...] = (
    _market("treated", "Treated", _A_YEAR),
    _market("vials", "Vials", "vials per year"),
    _market("gross_sales", "Gross sales", _MONEY_A_YEAR),
    _market("net_sales", "Net sales", _MONEY_A_YEAR),
    _market("named_patient_sales", "Named-patient sales", _MONEY_A_YEAR),
    _market("cash_flow", "Cash flow after tax", _MONEY_A_YEAR, adds_up=False),
    _market("deaths_averted", "Deaths averted", "deaths per year"),
    _market("budget_impact", "Budget impact", _MONEY_A_YEAR),
    _run("peak_sales", "Peak net sales", _MONEY_A_YEAR),
    _run("peak_sales_year", "Year of peak net sales", "calendar year"),
    _run("cumulative_sales", "Cumulative net sales", MONEY),
    _run("net_present_value", "Net present value", MONEY),
    _run("break_even_year", "Break-even year", "calendar year"),
    _run("largest_cash_need", "Largest cash need", MONEY),
    _run("highest_upfront", "Highest affordable upfront", MONEY),
    _run("cost_of_delay", "Cost of a month's delay", MONEY),
    _run("cost_per_death_averted", "Cost per death averted", f"{MONEY} per death averted"),
    _run("prob_npv_positive", "Net present value above 0", _PROBABILITY),
)

MARKET: tuple[Variable, ...] = (
    _market("eligible", "Eligible by label", _A_YEAR),
    _market("reimbursed", "With paid access", _A_YEAR),
    *_TREATED,
    *(_twin(variable) for variable in _TREATED),
    _market("launch_date_if_approved", "Launch, if approved", "decimal year", adds_up=False),
    _market("exclusivity_end_if_approved", "Exclusivity ends, if approved", "decimal year", adds_up=False),
    _run("prob_approval", "Approval", _PROBABILITY),
    _run("prob_peak_in_last_year_if_approved", "Net sales peak in the last year, if approved", _PROBABILITY),
)
"""What a market gives. What carries `_if_approved` has a twin without, in which a draw that fails counts as it is:
nothing sold, the money spent. Those are missing in a draw whose trial never reads out."""

VARIABLES: dict[str, Variable] = {variable.name: variable for variable in (*FUNNEL, MEETS_CRITERIA, *TRIAL, *MARKET)}
"""Every output by name."""

RATES: dict[str, Variable] = {variable.rate: variable for variable in FUNNEL if variable.rate is not None}
"""Rate name under `vod` → the stage it leads to."""

HEADLINE = "severe_vod"
"""The variable that a run is summed up by."""


def label_name(name: str, labels: tuple[str, ...]) -> str:
    """The name of something that carries labels: `vod.incidence[allogeneic]`; the bare name when there are none."""
    return f"{name}[{', '.join(labels)}]" if labels else name
