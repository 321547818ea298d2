"""The pictures of a sweep, drawn and written: the comparison, sales and their peaks, a bridge to each other run."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from sim.results.run import Results
from sim.views.bridge import waterfall
from sim.views.bridge_words import Bridge, bridge_message
from sim.views.comparison_page import BRIDGE, COMPARISON, EXCEEDANCE, FEWEST, SALES, Drawn
from sim.views.contrast import baseline_of
from sim.views.exceedances import exceedances, exceedances_message
from sim.views.overlaid import overlaid, overlaid_message
from sim.views.run_marks import MOST
from sim.views.side_by_side import comparison as side_by_side
from sim.views.side_by_side import small_print
from sim.views.style import save
from sim.views.value_contrast import with_markets

_FEWEST = 2  # runs that make a picture


def draw(
    runs: Mapping[str, Results], comparison: pd.DataFrame, bridges: Sequence[Bridge], folder: Path
) -> tuple[str, dict[str, Drawn]]:
    """Draw and write what says something about these runs.

    Parameters
    ----------
    runs : label → run.
    comparison : columns as `comparison.csv` has them.
    bridges : from the baseline to other runs.
    folder : where the pictures go.

    Returns
    -------
    The SVG of the comparison; and name → the others, in the order they are to be shown.
    """
    svg = save(side_by_side(runs, comparison), folder, COMPARISON)
    further = _of_markets(runs, comparison, folder)
    for place, found in enumerate(bridges, start=1):
        if len(found.steps) >= FEWEST:
            name = f"{BRIDGE}-{place}"
            figure = waterfall(found, _subtitle(runs, found), small_print(runs))
            further[name] = Drawn(bridge_message(found), save(figure, folder, name))
    return svg, further


def _of_markets(runs: Mapping[str, Results], comparison: pd.DataFrame, folder: Path) -> dict[str, Drawn]:
    """The pictures of runs with markets in the same money, where they are several and not too many."""
    sold, small = with_markets(runs), small_print(runs)
    if not _FEWEST <= len(sold) <= MOST:
        return {}
    found = {SALES: Drawn(overlaid_message(sold), save(overlaid(sold, small), folder, SALES))}
    kept = {label: run for label, run in sold.items() if run.has_draws}
    base = baseline_of(comparison)
    if len(kept) >= _FEWEST and base in kept:
        figure = exceedances(kept, base, small)
        found[EXCEEDANCE] = Drawn(exceedances_message(kept, base), save(figure, folder, EXCEEDANCE))
    return found


def _subtitle(runs: Mapping[str, Results], found: Bridge) -> str:
    """The titles of both runs."""
    titles = dict.fromkeys(str(runs[label].provenance["title"]) for label in (found.base, found.other))
    return " / ".join(titles)
