"""Every output variable: what it counts, of which population, in which unit.

The funnel's stages are rows of this table: a stage names the population it is a share `of` and the `rate` that leads
to it; `rest_of` names the stage whose complement it is. Adding a stage is adding a row here and its rate in
`conf/vod/*.yaml`.
"""

from dataclasses import dataclass
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
    level : `cell`, a number for each stratum and year, or `run`, one number a draw.
    only_mean : whether it is 0 or 1 in each draw, so that its mean is a probability and says all.
    """

    name: str
    long_name: str
    unit: str
    of: str | None = None
    rate: str | None = None
    rest_of: str | None = None
    measure: str | None = None
    level: Literal["cell", "run"] = "cell"
    only_mean: bool = False


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

VARIABLES: dict[str, Variable] = {variable.name: variable for variable in (*FUNNEL, MEETS_CRITERIA, *TRIAL)}
"""Every output by name."""

RATES: dict[str, Variable] = {variable.rate: variable for variable in FUNNEL if variable.rate is not None}
"""Rate name under `vod` → the stage it leads to."""

HEADLINE = "severe_vod"
"""The variable that a run is summed up by."""


def label_name(name: str, labels: tuple[str, ...]) -> str:
    """The name of something that carries labels: `vod.incidence[allogeneic]`; the bare name when there are none."""
    return f"{name}[{', '.join(labels)}]" if labels else name
