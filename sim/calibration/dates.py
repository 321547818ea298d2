"""How old the sites were when their patients came, by the history of a trial."""

import numpy as np

from sim.calibration.read import History, first_patients


def age_sum(history: History, seen: int) -> float:
    """Months that the sites had been open when each patient came who is evidence, summed over patients."""
    _, age, place = first_patients(history, seen)
    counts = history.counts[place, :seen].astype(np.float64)
    start = seen - age / history.period
    periods = np.maximum(np.arange(seen) + 0.5 - start[:, None], 0.0)
    if not history.is_opening_known:
        row, first = np.arange(len(place)), history.opening[place]
        counts[row, first] -= 1.0
        periods[row, first] = (first + 1.0 - start) / 2.0
    return float((counts * periods).sum()) * history.period
