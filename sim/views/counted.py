"""What was counted of a volume that follows a trend: the table of its history, in words."""

import pandas as pd

from sim.results.run import Results
from sim.variables import FUNNEL, STRATA
from sim.views.estimates import Estimates
from sim.views.numbers import rounded

HISTORY = "history"
"""The table of a run that holds the counted years."""

_TENTH = 0.1  # of a per cent: as much as a growth is said to

_NAMES = {"first_transplants": "First transplants", "all_transplants": "All transplants"}


def counted_name(results: Results) -> str:
    """What the history counts: `First transplants`."""
    return _NAMES.get(str(results.tables[HISTORY]["counted"].iloc[0]), FUNNEL[0].long_name)


def growth_words(counted: pd.DataFrame) -> str:
    """The growth between the first and the last counted year: `5.1 % a year, 2006–2016`; empty for one year.

    Parameters
    ----------
    counted : rows of the history of one population, or of several that were counted in the same first and last year.
    """
    ends = counted.groupby("year")["volume"].sum()
    first, last = int(ends.index[0]), int(ends.index[-1])
    if first == last:
        return ""
    yearly = (float(ends.iloc[-1]) / float(ends.iloc[0])) ** (1 / (last - first)) - 1
    return f"{rounded(100 * yearly, _TENTH)} % a year, {first}–{last}"


def volume_message(results: Results) -> str:
    """How the volume grew and goes on, all parts together."""
    find, root, last = Estimates(results), FUNNEL[0].name, results.years[-1]
    history = results.tables[HISTORY]
    spans = history.groupby(list(STRATA))["year"].agg(["min", "max"]).drop_duplicates()
    growth = growth_words(history) if len(spans) == 1 else ""
    text = f"{counted_name(results)}: {f'{growth}; ' if growth else f'{find(root).about} in {results.years[0]}, '}"
    text += f"{find(root, year=last).about} in {last}"
    low, high = (find(root, name, last).value for name in ("p10", "p90"))
    return text if low == high else f"{text} (P10–P90: {find.about_spread(root, last)})"
