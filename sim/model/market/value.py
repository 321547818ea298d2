"""What sales are worth: costs, tax, cash flow and net present value of a branch of the future."""

from dataclasses import dataclass

import numpy as np

from sim.draws.streams import FloatArray
from sim.model.market.calendar import Calendar, in_year, part_of_year
from sim.model.market.discounting import factors, part_after
from sim.model.market.plan import MarketNumbers, MarketPlan, MilestoneEvent, Money
from sim.model.market.profit import tax
from sim.model.market.sales import Sales, inflation


@dataclass(frozen=True)
class Cash:
    """The money of a branch.

    Attributes
    ----------
    flow : after tax, the upfront in it, [draw, year], money per year.
    present_value : of the flow on the valuation date, [draw].
    upfront : what was paid on that day, [draw].
    """

    flow: FloatArray
    present_value: FloatArray
    upfront: FloatArray


def cash(
    plan: MarketPlan, numbers: MarketNumbers, sales: Sales, calendar: Calendar | None, readout: FloatArray
) -> Cash:
    """Cash flow and its present value.

    Money before the valuation date is spent and gone: it neither counts nor is it carried forward as a loss.

    Parameters
    ----------
    plan, numbers : of the market.
    sales : of the branch.
    calendar : of the branch; None where the drug is never launched.
    readout : decimal year, [draw]; infinite is never.
    """
    years, money = np.array(plan.years, dtype=np.float64), numbers.money
    counts = part_after(years, plan.valuation)
    profit = counts * _operating(plan, numbers, sales, calendar) - _development(plan, numbers, readout)
    flow = profit - tax(profit, money.tax)
    worth = factors(years, money.discount, plan.valuation, plan.timing)
    paid = in_year(years, np.full(len(flow), plan.valuation)) * money.upfront[:, None]
    return Cash(flow - paid, (flow * worth).sum(axis=-1) - money.upfront, money.upfront)


def _operating(plan: MarketPlan, numbers: MarketNumbers, sales: Sales, calendar: Calendar | None) -> FloatArray:
    """Sales less what they cost: [draw, year], money per year."""
    years, money, rise = np.array(plan.years, dtype=np.float64), numbers.money, inflation(plan, numbers)
    net, named = sales.net.sum(axis=1), sales.named.sum(axis=1)
    goods = (sales.vials + sales.named_vials).sum(axis=1) * money.goods[:, None]
    if calendar is None:
        return np.asarray(named - rise * goods)
    selling = (sales.on_market * money.selling[:, :, None]).sum(axis=1)
    launching = (in_year(years, calendar.launch) * money.launch[:, :, None]).sum(axis=1)
    paid = _milestones(plan, money, calendar, net, years)
    spent = rise * (goods + selling + launching + paid)
    return np.asarray(net * (1.0 - money.royalty)[:, None] + named - spent)


def _development(plan: MarketPlan, numbers: MarketNumbers, readout: FloatArray) -> FloatArray:
    """What is spent until the read-out: [draw, year], money per year.

    What remains is spread evenly from the valuation date to the read-out, or over the years there are; all of it in
    the valuation's year where the read-out is past.
    """
    years, money = np.array(plan.years, dtype=np.float64), numbers.money
    start = np.full(len(readout), plan.valuation)
    end = np.minimum(readout, years[-1] + 1.0)
    lasts = np.maximum(end - start, 0.0)
    running = part_of_year(years, start, end)
    at_once = in_year(years, start)
    spread = np.where(lasts[:, None] > 0, running / np.where(lasts > 0, lasts, 1.0)[:, None], at_once)
    spent = spread * money.development[:, None] + running * money.trial_year[:, None]
    return np.asarray(spent * inflation(plan, numbers))


def _milestones(plan: MarketPlan, money: Money, calendar: Calendar, net: FloatArray, years: FloatArray) -> FloatArray:
    """What is paid once, in the year in which it first falls due: [draw, year]."""
    total = np.zeros(net.shape)
    for (event, above), amount in zip(plan.milestones, money.milestones, strict=True):
        total += _due(event, above, calendar, net, years) * amount[:, None]
    return total


def _due(event: MilestoneEvent, above: float, calendar: Calendar, net: FloatArray, years: FloatArray) -> FloatArray:
    """1 in the year in which an event first happens, else 0: [draw, year]."""
    if event == "approval":
        return in_year(years, calendar.approval.min(axis=1))
    if event == "launch":
        return in_year(years, calendar.launch.min(axis=1))
    passed = net >= above
    return np.asarray((passed & (np.cumsum(passed, axis=-1) == 1)).astype(np.float64))
