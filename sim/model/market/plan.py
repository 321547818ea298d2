"""The plain values that the market works on: what holds in every draw, and what differs from draw to draw."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sim.draws.streams import FloatArray, RoomStreams
from sim.model.market.uptake import Uptake

Label = Literal["severe_vod", "vod", "prevention"]
"""What the drug is approved for."""

MilestoneEvent = Literal["approval", "launch", "sales"]


@dataclass(frozen=True)
class MarketPlan:
    """What holds in every draw.

    Attributes
    ----------
    years : the calendar years of the market, in order.
    regions : where the drug is sold.
    label : what it is approved for.
    is_split : whether the patients are not divided by region, so that `Demand.region_shares` divides them.
    valuation : the day to which money is discounted, a decimal year.
    timing : whether a year's money comes at its middle or its end.
    price_year : of prices and costs as they are stated.
    per_patient : of each region, whether its list price is of a whole course.
    named_per_patient : the same of the named-patient price; None where there is no such programme.
    at_cost : whether named patients are asked the cost of goods.
    milestones : event and, of sales, the threshold in money a year.
    """

    years: tuple[int, ...]
    regions: tuple[str, ...]
    label: Label
    is_split: bool
    valuation: float
    timing: Literal["mid-year", "end-year"]
    price_year: int
    per_patient: tuple[bool, ...]
    named_per_patient: tuple[bool, ...] | None
    at_cost: bool
    milestones: tuple[tuple[MilestoneEvent, float], ...]


@dataclass(frozen=True)
class Timing:
    """From read-out to the end of protection, and what comes then.

    Attributes
    ----------
    to_approval : years from read-out to approval, [draw, region].
    to_launch : years from approval to launch, [draw, region].
    earliest : a date before which nothing is launched, [draw, region]; -inf is none.
    orphan : years of exclusivity from approval on, [draw, region].
    patent : when the patent expires, decimal year, [draw, region].
    during, after : probability of a competitor's entry per year, before and after exclusivity ends, [draw, region].
    kept : share of patients kept in the first, the second and later years after an entry, [draw, region, step].
    if_won, if_missed : probability of approval, [draw].
    """

    to_approval: FloatArray
    to_launch: FloatArray
    earliest: FloatArray
    orphan: FloatArray
    patent: FloatArray
    during: FloatArray
    after: FloatArray
    kept: FloatArray
    if_won: FloatArray
    if_missed: FloatArray


@dataclass(frozen=True)
class Demand:
    """Who is reached.

    Attributes
    ----------
    region_shares : share of the patients in each region, [draw, region].
    diagnosed, off_label, access, peak_share : [draw, region].
    high_risk, prevented : [draw]; 0 where the label does not ask for them.
    uptake : the curve, its parameters [draw, region, 1].
    """

    region_shares: FloatArray
    diagnosed: FloatArray
    off_label: FloatArray
    access: FloatArray
    peak_share: FloatArray
    high_risk: FloatArray
    prevented: FloatArray
    uptake: Uptake


@dataclass(frozen=True)
class Course:
    """One patient's course of treatment.

    Attributes
    ----------
    vials_per_day : mean over patients, [draw, age group].
    days : of treatment by how it ends: `response`, `death`, `toxicity`, [draw] each.
    dies_on_treatment : share of those who die by day 100, [draw].
    toxicity : share of the others who stop for it, [draw].
    survival : share of treated severe cases alive at day 100, [draw].
    """

    vials_per_day: FloatArray
    days: Mapping[str, FloatArray]
    dies_on_treatment: FloatArray
    toxicity: FloatArray
    survival: FloatArray


@dataclass(frozen=True)
class NamedPatients:
    """Patients treated by name before the launch.

    Attributes
    ----------
    opens : decimal year, [draw].
    share : of the label's diagnosed patients, [draw, region].
    price : in the market's currency, [draw, region].
    after_miss : years from the read-out to the programme's end where the drug is not approved, [draw, region].
    """

    opens: FloatArray
    share: FloatArray
    price: FloatArray
    after_miss: FloatArray


@dataclass(frozen=True)
class Money:
    """Prices and costs in the market's currency, as of its price year.

    Attributes
    ----------
    list_price, price_change, deducted : [draw, region].
    launch, selling : once, and per year, [draw, region].
    goods : per vial, [draw].
    development, trial_year, upfront : in all, per year, once, [draw].
    royalty, tax : shares, [draw].
    milestones : as in the plan, [draw] each.
    inflation, discount : per year, [draw].
    care : what a treated patient costs the payer besides the drug, less what the same patient cost without, [draw].
    """

    list_price: FloatArray
    price_change: FloatArray
    deducted: FloatArray
    launch: FloatArray
    selling: FloatArray
    goods: FloatArray
    development: FloatArray
    trial_year: FloatArray
    upfront: FloatArray
    royalty: FloatArray
    tax: FloatArray
    milestones: tuple[FloatArray, ...]
    inflation: FloatArray
    discount: FloatArray
    care: FloatArray


@dataclass(frozen=True)
class MarketNumbers:
    """What differs from draw to draw; `named` is None where nobody is treated by name."""

    timing: Timing
    demand: Demand
    course: Course
    named: NamedPatients | None
    money: Money


@dataclass(frozen=True)
class Trialled:
    """What the trial gives the market.

    Attributes
    ----------
    readout : decimal year, [draw]; infinite is never.
    success : of the primary endpoint, 0 or 1, or without chance its probability, [draw].
    """

    readout: FloatArray
    success: FloatArray


class MarketStreams(RoomStreams):
    """The random numbers of a market."""

    room = "market"
