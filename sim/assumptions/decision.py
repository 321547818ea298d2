"""What is decided on the answer, and what could be learnt before: the settings of `sensitivity=information`."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from sim.assumptions.leaf import ASSUMPTION
from sim.assumptions.quantity import Closed
from sim.assumptions.statements import plain_number
from sim.errors import InputError

Kind = Literal["chart_review", "registry", "expert_panel", "normal"]
"""How a study learns about its quantity."""

Scale = Literal["logit", "log", "plain"]
"""On which scale its error is even."""

_SIZE = Annotated[int, Field(ge=1, le=100_000_000)]
_AMOUNT = Annotated[float, Field(allow_inf_nan=False), BeforeValidator(plain_number)]
_FROM_ZERO = Annotated[float, Field(ge=0, allow_inf_nan=False), BeforeValidator(plain_number)]
_ABOVE_ZERO = Annotated[float, Field(gt=0, allow_inf_nan=False), BeforeValidator(plain_number)]
_SHARE = Annotated[float, Field(ge=0, le=1), BeforeValidator(plain_number)]
_MOST_SIZES = 50
_NEEDS_SD = ("expert_panel", "normal")


class Decision(Closed):
    """What is to be chosen.

    Attributes
    ----------
    of : the variable that an option is worth; None is the net present value, risk-adjusted.
    cost : what going ahead costs beyond it, in its unit; not going ahead is worth 0.
    options : trial designs in place of go or no-go, each an option of the group `trial`, and what each costs beyond
        the variable, in its unit.
    """

    of: str | None = None
    cost: _AMOUNT = 0.0
    options: dict[str, _AMOUNT | None] | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> "Decision":
        if self.options is None:
            return self
        if len(self.options) < 2:
            raise InputError(".options: a choice needs at least two trial designs")
        if self.cost:
            raise InputError(".cost: is that of going ahead; give each of sensitivity.decision.options its own")
        return self


class Cost(Closed):
    """What a study costs, in the unit of what is decided on; a single amount is the fixed cost.

    Attributes
    ----------
    fixed : whatever its size.
    each : for each chart, entry or expert.
    """

    fixed: _FROM_ZERO = 0.0
    each: _FROM_ZERO = 0.0

    @model_validator(mode="before")
    @classmethod
    def _single(cls, given: object) -> object:
        return given if isinstance(given, (Mapping, Cost)) else {"fixed": given}

    def of(self, n: int) -> float:
        """That of a study of n."""
        return self.fixed + n * self.each


class Study(Closed):
    """Data that could be bought before deciding.

    Attributes
    ----------
    kind : `chart_review`, n charts of which a share is counted; `registry`, n entries of another population, counted;
        `expert_panel`, the mean of n opinions; `normal`, the mean of n observations.
    of : the quantity that it measures.
    n : sizes to compare.
    cost : what it costs.
    delay : months by which it puts off the decision.
    sd : of one opinion or one observation, on the quantity's scale.
    correlation : between the errors of two experts.
    between : standard deviation, on that scale, by which the registry's population differs from the one in question.
    scale : on which errors are even; None takes that of log odds for what lies between 0 and 1, the logarithm for
        what is above 0.
    source : where all this comes from.
    """

    kind: Kind
    of: str
    n: tuple[_SIZE, ...] = Field(min_length=1, max_length=_MOST_SIZES)
    cost: Cost = Cost()
    delay: float = Field(default=0.0, ge=0, le=240)
    sd: _ABOVE_ZERO | None = None
    correlation: _SHARE = 0.0
    between: _FROM_ZERO = 0.0
    scale: Scale | None = None
    source: str = Field(min_length=1)

    @field_validator("n", mode="before")
    @classmethod
    def _one_or_more(cls, n: object) -> object:
        return (n,) if isinstance(n, int) else n

    @model_validator(mode="after")
    def _fit(self) -> "Study":
        if any(one >= other for one, other in zip(self.n, self.n[1:], strict=False)):
            raise InputError(f".n: {', '.join(map(str, self.n))} must rise")
        if self.kind in _NEEDS_SD and self.sd is None:
            raise InputError(f".sd: is missing, the standard deviation of one of {self.kind}")
        strange = {
            "sd": _NEEDS_SD,
            "correlation": ("expert_panel",),
            "between": ("registry",),
            "scale": ("registry", *_NEEDS_SD),
        }
        for key, kinds in strange.items():
            if getattr(self, key) and self.kind not in kinds:
                raise InputError(f".{key}: is no key of {self.kind}, but of {' and '.join(kinds)}")
        if " " in self.source and not self.source.startswith(ASSUMPTION):
            raise InputError(f".source: '{self.source}' is neither a ledger id nor 'assumption: why'")
        return self
