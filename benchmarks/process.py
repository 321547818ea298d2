"""How long it takes to play one trial patient by patient: 35 sites, 80 patients and the control team's charts.

Run it as `python benchmarks/process.py`. Processor time, median over draws after a first that is discarded.
"""

import statistics
import time
from functools import partial

import numpy as np
from scipy.special import gammaincinv, ndtri

from sim.draws.streams import FloatArray
from sim.model.process.numbers import Numbers
from sim.model.process.plan import EnrolmentPlan, PatientPlan, ProcessPlan, ReviewPlan, SiteNow
from sim.model.process.play import play
from sim.model.trial.plan import Law

ROUNDS = 60
SEED = 2007
SITES = 35
SHAPE = 1.5
RATE = 0.12


def gamma(shape: float, scale: float, uniform: FloatArray) -> FloatArray:
    """Quantiles of a gamma distribution."""
    return np.asarray(gammaincinv(shape, uniform) * scale)


def share(spread: float, uniform: FloatArray) -> FloatArray:
    """Quantiles of a share around a half."""
    return 1.0 / (1.0 + 10.0 ** (-spread * ndtri(uniform)))


DAYS = Law(partial(gamma, 4.0, 5.0), 20.0)
SHARE = Law(partial(share, 0.4), 0.5)


def trial(draw: int, candidate_yield: float, charts_per_week: float, season: bool) -> ProcessPlan:
    """A trial whose sites have the rates and openings of a draw."""
    sites = []
    for place in range(SITES):
        opening, rate = (Numbers(SEED, f"benchmark[{place}].{what}", draw).uniform() for what in ("opening", "rate"))
        own = float(gammaincinv(SHAPE, rate)) * RATE / SHAPE
        sites.append(SiteNow(f"site {place + 1}", "somewhere", 12.0 * opening, own, 0.9, 0.02, slots=2))
    months = tuple((float(month), 0.9 if month % 12 < 6 else 1.1) for month in range(120)) if season else ()
    return ProcessPlan(
        enrolment=EnrolmentPlan(
            tuple(sites), 80, 1.0, 3.0, 0.01, months, screening_days=Law(partial(gamma, 2.0, 1.0), 2.0)
        ),
        horizon=120.0,
        patients=PatientPlan(DAYS, DAYS, 0.4, 0.7, 0.3, SHARE, SHARE, 100.0),
        review=ReviewPlan(80, 6.0, 25.0 * charts_per_week, candidate_yield, 1 / 3),
        lock_days=60.0,
        analysis_days=30.0,
    )


print("one trial, 35 sites, 80 patients   (goal: below 10 ms of processor time)")
for label, candidate_yield, pace, season in (
    ("about 1,200 charts", 0.2, 1.0, False),
    ("about 5,500 charts", 0.0436, 1.0, False),
    ("the same with a season", 0.0436, 1.0, True),
):
    plans = [trial(draw, candidate_yield, pace, season) for draw in range(ROUNDS)]
    spent, charts, events = [], [], []
    for draw, plan in enumerate(plans):
        started = time.process_time()
        story = play(plan, SEED, draw)
        spent.append(1000.0 * (time.process_time() - started))
        charts.append(story.charts)
        events.append(len(story.events))
    print(
        f"{label:24s}{statistics.median(spent[1:]):5.1f} ms   ({min(spent[1:]):.1f} to {max(spent[1:]):.1f};"
        f" {statistics.median(charts):.0f} charts, {statistics.median(events):.0f} events)"
    )
