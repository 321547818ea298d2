"""What may be assumed of the patients: who is eligible, who is reached and how fast, and how a course runs."""

from typing import Literal, Self

from pydantic import Field, ValidationInfo, model_validator

from sim.assumptions.leaf import Surroundings, check_source
from sim.assumptions.market.kinds import (
    AgeQuantity,
    DiagnosedShare,
    MarketQuantity,
    MarketShare,
    WholeQuantity,
    WholeShare,
)
from sim.assumptions.quantity import Closed
from sim.assumptions.units import check_above_zero
from sim.errors import InputError

CURVES = {
    "linear": ("years",),
    "logistic": ("midpoint", "rise"),
    "bass": ("innovation", "imitation"),
    "observed": (),
}
"""The curves of uptake, and the quantities that each is drawn by."""


_OF_LABEL: dict[str, tuple[str, ...]] = {
    "severe_vod": (),
    "vod": ("high_risk",),  # whom it may be given off label
    "prevention": ("high_risk", "prevented"),
}
"""The quantities that a label asks for besides."""


class Uptake(Closed):
    """How the share of the peak grows from the launch on.

    Attributes
    ----------
    curve : `linear` in so many years; `logistic`; `bass`, the share of adopters; `observed` points.
    years : from launch to the peak; 0 is at once.
    midpoint, rise : years to half of the peak, and from 10 to 90 % of it.
    innovation, imitation : Bass's coefficients, per year.
    points : years since launch and share of the peak, in order.
    source : of the points.
    """

    curve: Literal["linear", "logistic", "bass", "observed"]
    years: MarketQuantity | None = None
    midpoint: MarketQuantity | None = None
    rise: MarketQuantity | None = None
    innovation: MarketQuantity | None = None
    imitation: MarketQuantity | None = None
    points: tuple[tuple[float, float], ...] | None = None
    source: str = ""

    @model_validator(mode="after")
    def _is_drawn(self, info: ValidationInfo) -> Self:
        assert isinstance(info.context, Surroundings)
        for name in CURVES[self.curve]:
            if getattr(self, name) is None:
                raise InputError(f".{name}: is missing, which the curve {self.curve} is drawn by")
        if self.curve == "observed":
            self._check_points()
            check_source(".source", self.source, info.context.ledger)
        return self

    def _check_points(self) -> None:
        if not self.points:
            raise InputError(".points: are missing; write such as [[0.5, 0.2], [2, 1]], years and share of the peak")
        years, shares = zip(*self.points, strict=True)
        if list(years) != sorted(set(years)) or years[0] < 0:
            raise InputError(f".points: the years {list(years)} must begin at 0 or later and rise")
        if min(shares) < 0 or max(shares) > 1:
            raise InputError(f".points: the shares {list(shares)} must lie from 0 to 1")


class Patients(Closed):
    """Who is treated.

    Attributes
    ----------
    label : what the drug is approved for: treatment of `severe_vod`, of all `vod`, or `prevention` in high-risk
        transplants.
    diagnosed : share of the label's patients who are diagnosed in time; 1 where their rate was measured among diagnosed
        ones.
    high_risk : share of transplants at high risk, whom prevention is for.
    off_label : share of the patients next to the label (see `docs/market.md`) who get it at the peak.
    access : share of the eligible whose treatment is paid for.
    peak_share : share of these who are treated at the peak.
    uptake : how that is reached.
    prevented : share of VOD that prevention prevents.
    """

    label: Literal["severe_vod", "vod", "prevention"]
    diagnosed: DiagnosedShare
    high_risk: WholeShare | None = None
    off_label: MarketShare
    access: MarketShare
    peak_share: MarketShare
    uptake: Uptake
    prevented: WholeShare | None = None

    @model_validator(mode="after")
    def _has_high_risk(self) -> Self:
        for name in _OF_LABEL[self.label]:
            if getattr(self, name) is None:
                raise InputError(f".{name}: is missing, which the label {self.label} asks for")
        return self

    @property
    def unused(self) -> set[str]:
        """The quantities that neither the label nor the curve of uptake asks for, by key below `patients`."""
        curves = {f"uptake.{name}" for names in CURVES.values() for name in names}
        curves -= {f"uptake.{name}" for name in CURVES[self.uptake.curve]}
        return curves | {name for names in _OF_LABEL.values() for name in names} - set(_OF_LABEL[self.label])


class Days(Closed):
    """Days of treatment by how the course ends: with its `response`, in `death`, by `toxicity`."""

    response: WholeQuantity
    death: WholeQuantity
    toxicity: WholeQuantity


_MOST = {"weight_spread": 2.0, "weight": 300.0, "dose": 10_000.0}
"""What the mean of a quantity cannot be above: a slip of the comma, or another unit."""


class Dosing(Closed):
    """How much of the drug a patient takes.

    Attributes
    ----------
    dose : mg per kg and day.
    infusions : a day.
    vial : mg of a vial.
    wastage : what becomes of the rest of an opened vial: `none` is lost, a `day`'s doses share vials, each `infusion`
        opens its own.
    weight : kg, the mean of patients.
    weight_spread : coefficient of variation of the weight between patients.
    days : of treatment.
    dies_on_treatment : share of the treated patients who die by day 100 who die on treatment.
    toxicity : share of the others who stop for toxicity.
    """

    dose: WholeQuantity
    infusions: int = Field(ge=1, le=24)
    vial: WholeQuantity
    wastage: Literal["none", "day", "infusion"]
    weight: AgeQuantity
    weight_spread: WholeQuantity
    days: Days
    dies_on_treatment: WholeShare
    toxicity: WholeShare

    @model_validator(mode="after")
    def _alike_enough(self) -> Self:
        for name, most in _MOST.items():
            quantity = getattr(self, name)
            for leaf in quantity.leaves.values():
                if leaf.distribution is not None and leaf.distribution.mean > most:
                    raise InputError(f".{name}{leaf.key}: {leaf.text} is above {most:g} {quantity.unit}")
        check_above_zero({"vial": self.vial, "weight": self.weight})
        return self
