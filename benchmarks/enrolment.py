"""How long 10,000 trials of 35 sites take by the exact law, every patient's time included.

Run it as `python benchmarks/enrolment.py`. The first round, which makes the tables of gamma quantiles, is discarded;
the median of the others counts, in seconds of processor time.
"""

import statistics
import time

import numpy as np

from sim.model.trial.enrolment import enrol
from sim.model.trial.plan import Calendar, Law, SiteNumbers, SitePlan, TrialStreams

ROUNDS = 7
DRAWS, SITES, TARGET = 10_000, 35, 80
RATE, CV = 0.12, 1.5**-0.5
LAST_OPENING = 12.0
HORIZON = 240.0


def seconds(seed: int) -> float:
    """Processor time of the sites and the enrolment of all trials."""
    started = time.process_time()
    enrolled = enrol(plan, calendar, numbers, TARGET, None, TrialStreams(seed, range(DRAWS)), HORIZON)
    medians.append(float(np.median(enrolled.times[:, -1])))
    return time.process_time() - started


plan = SitePlan(
    names=tuple(f"site {number}" for number in range(SITES)),
    countries=("all",) * SITES,
    planned=np.zeros(SITES),
    delay=(Law(lambda u: LAST_OPENING * u, LAST_OPENING / 2),) * SITES,
    screening_pass=(Law(np.ones_like, 1.0),) * SITES,
)
calendar = Calendar(start=732507)
each, none = np.ones((DRAWS, SITES)), np.zeros(DRAWS)
numbers = SiteNumbers(RATE * each, CV * each, 0 * each, 0 * each, none, none, none, none)
medians: list[float] = []
rounds = [seconds(seed) for seed in range(ROUNDS + 1)][1:]
print(f"{DRAWS} trials of {SITES} sites and {TARGET} patients, processor seconds")
print(f"median of {ROUNDS}     {statistics.median(rounds):5.3f}   (goal: below 0.2)")
print(f"range           {min(rounds):5.3f} to {max(rounds):5.3f}")
print(f"median duration {statistics.median(medians):5.1f} months")
