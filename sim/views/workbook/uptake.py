"""The curves of uptake as formulas: how many years at the peak have been gathered since the launch."""

from collections.abc import Callable, Sequence

from sim.views.workbook.facts import Facts
from sim.views.workbook.formula import Formula, exp, largest, ln, number, size, smallest, total, when
from sim.views.workbook.page import FACTOR, Page

Integral = Callable[[Formula], Formula]
"""Years since launch → years at the peak."""

_SHORTEST = 1e-9  # years of a rise that is as good as a step
_NOBODY = 1e-300  # innovation a year below which nobody ever begins
_FEW = 1e-5  # what is so small that a logarithm would lose its digits, and a series does not


def integral_of(page: Page, facts: Facts, region: str) -> Integral:
    """The integral of the run's curve in a region; what it is made of stands in lines of its own.

    Parameters
    ----------
    page : the sheet of the market.
    facts : of the market.
    region : whose launch it follows.
    """
    makers = {"linear": _linear, "logistic": _logistic, "bass": _bass, "observed": _observed}
    return makers[facts.curve](page, facts, region)


def _linear(_page: Page, facts: Facts, region: str) -> Integral:
    """A straight line up to the peak."""
    years = facts.of("patients.uptake.years", region)

    def gathered(since: Formula) -> Formula:
        rising = smallest(since, years)
        return when(years > 0, rising**2 / (2 * years), 0) + since - rising

    return gathered


def _logistic(page: Page, facts: Facts, region: str) -> Integral:
    """The logistic curve, moved to be 0 at launch."""
    rise, midpoint = (facts.of(f"patients.uptake.{name}", region) for name in ("rise", "midpoint"))
    pace = page.once(
        "Uptake: pace of the logistic curve",
        "per year",
        2 * ln(number(9)) / largest(rise, _SHORTEST),
        FACTOR,
        f"uptake_pace_{region}",
    )
    start = page.once(
        "Uptake: logit at launch, with its sign turned", "", pace * midpoint, FACTOR, f"uptake_start_{region}"
    )
    less = page.once(
        "Uptake: what the curve has at launch, over the rest", "", exp(-start), FACTOR, f"uptake_less_{region}"
    )
    had = page.once("Uptake: its area until launch, times the pace", "", ln(1 + less), FACTOR, f"uptake_had_{region}")

    def gathered(since: Formula) -> Formula:
        risen = pace * since
        gained = _softplus(risen - start) - had
        return largest((1 + less) * gained - less * risen, 0) / pace

    return gathered


def _bass(_page: Page, facts: Facts, region: str) -> Integral:
    """Innovators and those who imitate them."""
    p, q = (facts.of(f"patients.uptake.{name}", region) for name in ("innovation", "imitation"))

    def gathered(since: Formula) -> Formula:
        left = exp(-((p + q) * since))
        gone = (1 - left) / (p + q * left)
        ratio = q * gone
        missed = gone * when(ratio > _FEW, ln(1 + ratio) / ratio, 1 - ratio / 2 + ratio**2 / 3)
        return when(p > _NOBODY, largest(since - missed, 0), 0)

    return gathered


def _observed(_page: Page, facts: Facts, _region: str) -> Integral:
    """Straight lines through points, flat after the last."""
    points = _points(facts)

    def gathered(since: Formula) -> Formula:
        last_year, last_share = points[-1]
        lines = [_area(since, points[place], points[place + 1]) for place in range(len(points) - 1)]
        return total(largest(since - last_year, 0) * last_share, *lines)

    return gathered


def _points(facts: Facts) -> list[tuple[Formula, Formula]]:
    given: Sequence[Sequence[float]] = facts.market["patients"]["uptake"]["points"]
    found = [(number(0), number(0))] if given[0][0] > 0 else []
    source = str(facts.market["patients"]["uptake"]["source"])
    for place, (year, share) in enumerate(given, 1):
        when_reached = facts.inputs.setting(f"uptake.year.{place}", float(year), "years since launch", source)
        found.append(
            (when_reached, facts.inputs.setting(f"uptake.share.{place}", float(share), "share of the peak", source))
        )
    return found


def _area(since: Formula, first: tuple[Formula, Formula], second: tuple[Formula, Formula]) -> Formula:
    """What lies below one line, as far as it has been passed."""
    (start, low), (stop, high) = first, second
    passed = smallest(largest(since - start, 0), stop - start)
    return passed * (low + (high - low) * passed / (2 * (stop - start)))


def _softplus(x: Formula) -> Formula:
    """The logarithm of 1 + e to the x, without a large number between."""
    return largest(x, 0) + ln(1 + exp(-size(x)))
