"""What is asked of a run: which methods, of which target, with which settings. See `docs/sensitivity.md`."""

import math
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from sim.assumptions.decision import Decision, Study
from sim.assumptions.faults import one_line
from sim.assumptions.quantity import Closed
from sim.assumptions.statements import bound, place, plain_number, statement, variable_hint
from sim.errors import InputError
from sim.variables import FUNNEL, HEADLINE, VARIABLES

Method = Literal[
    "tornado", "rank", "sobol", "shapley", "boxes", "information", "grid", "joint", "stress", "goal",
]  # fmt: skip


VARIED = ("transplants", "vod", "trial", "market", "evidence")
"""The parts of a configuration that may differ from point to point of a grid: the draws stay the same."""

MOST_POINTS = 10_000
"""Points of a grid."""

_SOUGHT = "{key: market.list_price.us.value, between: [100, 1000]}"

_PATIENTS = {row.name for row in FUNNEL}
_CHEAP, _DEAR = 8192, 1024  # rows, of patients alone and with a trial or a market, that take a tenth of a second or so


class Goal(Closed):
    """What brings the target to its bound.

    Attributes
    ----------
    key : of the configuration, as typed.
    between : the values among which it is sought, the lower first.
    statistic : of the target, that is to reach the bound; or how likely the target is to reach it.
    probability : how likely that is to be.
    """

    key: str
    between: tuple[float, float]
    statistic: Literal["mean", "p10", "p50", "p90", "probability"] = "mean"
    probability: float | None = Field(default=None, gt=0, lt=1)

    @model_validator(mode="before")
    @classmethod
    def _whole(cls, given: Any) -> Any:
        if isinstance(given, cls):
            return given
        if not isinstance(given, Mapping):
            raise InputError(f"'{given}' does not say what is sought; write {_SOUGHT}")
        missing = [name for name in ("key", "between") if name not in given]
        if missing and given.keys() <= cls.model_fields.keys():  # else what is missing may be misspelt
            raise InputError(f".{missing[0]}: is missing; write {_SOUGHT}")
        return given

    @field_validator("between", mode="before")
    @classmethod
    def _ends(cls, given: Any) -> Any:
        return [plain_number(end) for end in given] if isinstance(given, (list, tuple)) else given

    @field_validator("probability", mode="before")
    @classmethod
    def _share(cls, given: Any) -> Any:
        return plain_number(given)

    @model_validator(mode="after")
    def _fit(self) -> "Goal":
        if self.key.partition(".")[0] not in VARIED:
            raise InputError(f".key: '{self.key}'; only what is below {', '.join(VARIED)} may be sought")
        if not self.between[0] < self.between[1]:
            raise InputError(f".between: {self.between[0]:g} is not below {self.between[1]:g}")
        if (self.statistic == "probability") != (self.probability is not None):
            raise InputError(".probability: goes with statistic: probability, and neither without the other")
        return self


class Sensitivity(Closed):
    """The settings of `sensitivity=`.

    Attributes
    ----------
    methods : those asked for.
    target : the variable in question, all strata and regions together.
    year : of a target that has years; None is the first.
    draws : rows of each evaluation, where a method asks the model at other values than the run's; see `rows`.
    percentiles : from which to which of an input's own percentiles a tornado moves it.
    base : where the inputs stand that a tornado does not move.
    at_least, at_most : what the target is to reach, or must not exceed; of neither, its own median.
    density : the share of a box's draws that is to meet the target.
    over : configuration key → its values, for a grid.
    events : statements about variables, for a joint question.
    given : input → where it lies, for a stress test.
    goal : what is sought, of which the bound is `at_least` or `at_most`.
    decision : what is decided, of which information may change the choice; None is go or no-go on the value.
    groups : quantities, or sections such as `market.costs`, that could be known together, by name.
    studies : what could be learnt, by name.
    usual_studies : further ones, each left out where it does not fit the run.
    """

    methods: dict[Method, bool] | None = None
    target: str = HEADLINE
    year: int | None = Field(default=None, ge=1950, le=2200)
    draws: int | None = Field(default=None, ge=64, le=1_000_000)
    percentiles: tuple[float, float] = (10, 90)
    base: Literal["median", "mean"] = "median"
    at_least: float | None = Field(default=None, allow_inf_nan=False)
    at_most: float | None = Field(default=None, allow_inf_nan=False)
    density: float = Field(default=0.9, gt=0, lt=1)
    over: dict[str, tuple[Any, ...]] | None = None
    events: tuple[str, ...] | None = None
    given: dict[str, str] | None = None
    goal: Goal | None = None
    decision: Decision | None = None
    groups: dict[str, tuple[str, ...]] | None = None
    studies: dict[str, Study] | None = None
    usual_studies: dict[str, Study] | None = None

    @property
    def rows(self) -> int:
        """The draws of each evaluation: those typed, else more where patients alone are asked for."""
        return self.draws or (_CHEAP if self.target in _PATIENTS else _DEAR)

    @classmethod
    def read(cls, mapping: Mapping[str, Any]) -> "Sensitivity":
        """Validate settings that stand alone.

        Raises
        ------
        InputError : one line naming each wrong key, its value and the bound.
        """
        try:
            return _Alone.model_validate({"sensitivity": mapping}).sensitivity
        except ValidationError as fault:
            raise InputError(one_line(fault, _Alone)) from fault

    @field_validator("over", mode="before")
    @classmethod
    def _values(cls, given: Any) -> Any:
        for key, values in given.items() if isinstance(given, Mapping) else ():
            if not isinstance(values, (list, tuple)):
                raise InputError(f".{key}: {values} is no list of values; write [{values}, …]")
            if not values:
                raise InputError(f".{key}: the list of values is empty")
            if str(key).partition(".")[0] not in VARIED:
                raise InputError(f".{key}: only what is below {', '.join(VARIED)} may differ from point to point")
        return given

    @field_validator("at_least", "at_most", mode="before")
    @classmethod
    def _bound(cls, given: Any, info: ValidationInfo) -> Any:
        return bound(given, info.data.get("target"), is_most=info.field_name == "at_most")

    @field_validator("density", mode="before")
    @classmethod
    def _share(cls, given: Any) -> Any:
        return plain_number(given)

    @field_validator("events")
    @classmethod
    def _statements(cls, given: tuple[str, ...] | None) -> tuple[str, ...] | None:
        for text in given or ():
            read = statement(text)
            if "." not in read.name and read.name not in VARIABLES:
                raise InputError(f"'{text}': {read.name} is no variable{variable_hint(read.name)}")
        return given

    @field_validator("given")
    @classmethod
    def _lying(cls, given: dict[str, str] | None) -> dict[str, str] | None:
        for name, text in (given or {}).items():
            try:
                place(text)
            except InputError as fault:
                raise InputError(f".{name}: {fault}") from fault
        return given

    @model_validator(mode="after")
    def _fit(self) -> "Sensitivity":
        if self.target not in VARIABLES:
            raise InputError(f".target: '{self.target}' is no variable{variable_hint(self.target)}")
        low, high = self.percentiles
        if not 0 < low < high < 100:
            raise InputError(f".percentiles: {low:g} and {high:g} must lie between 0 and 100, the lower first")
        if self.at_least is not None and self.at_most is not None:
            raise InputError(".at_least: give it or sensitivity.at_most, not both")
        if (number := math.prod(len(values) for values in (self.over or {}).values())) > MOST_POINTS:
            raise InputError(f".over: {number} points are above {MOST_POINTS}")
        if "grid" in self.asked and not self.over:
            raise InputError(".over: a grid needs keys and their values: {vod.incidence.value: [0.1, 0.2]}")
        if "joint" in self.asked and not self.events:
            raise InputError('.events: joint needs statements: ["readout_date <= 2008-06-30", "net_present_value > 0"]')
        if "stress" in self.asked and not self.given:
            raise InputError(".given: stress needs inputs and where they lie: {vod.incidence: top 10%}")
        if "goal" in self.asked and self.goal is None:
            raise InputError(f".goal: what is sought: {_SOUGHT}")
        if "goal" in self.asked and self.at_least is None and self.at_most is None:
            raise InputError(".at_least: goal needs it, or sensitivity.at_most: what the statistic is to reach")
        return self

    @property
    def asked(self) -> tuple[Method, ...]:
        """The methods asked for, in the order of the options."""
        return tuple(method for method, is_asked in (self.methods or {}).items() if is_asked)


class _Alone(Closed):
    """The settings by the key that they have in a configuration, so that a message names it."""

    sensitivity: Sensitivity
