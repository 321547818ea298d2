"""How the decline's range and the spread of the future were chosen: on the countries for tuning, by a rule."""

from collections.abc import Iterable
from itertools import product

import pandas as pd

from sim.calibration.forecast import Variant
from sim.calibration.read import TUNING, History
from sim.calibration.results import LAST_PATIENT, scored, summary

DECLINES = ("0.00 to 0.04", "0.01 to 0.03", "0.01 to 0.04", "0.01 to 0.05")
"""Falls of the logarithm of a site's rate per month, 5th to 95th percentile, that were tried."""

LATER_CVS = (0.2, 0.25, 0.3)
"""Coefficients of variation of what comes after the data that were tried."""

NOMINAL = 0.90
"""What 90 % intervals must cover in every answer: the sharpest forecast that is calibrated is wanted."""

_DRAWS = 500


def tuned(sets: Iterable[History]) -> pd.DataFrame:
    """What every pair of candidates comes to on the sets for tuning.

    Returns
    -------
    A row a pair: `decline`, `later_cv`, the least and the most coverage of 90 % intervals over answers, with later
    openings known and unknown (`least`, `most`), the mean over these of its score (CRPS) as a share of that of
    constant rates (`ratio`), and whether the rule chooses it (`chosen`): the least ratio among those that cover in
    every answer what they should (Gneiting, Balabdaoui & Raftery 2007, J R Stat Soc B 69).
    """
    own = [history for history in sets if history.purpose == TUNING]
    rows = [_tried(own, decline, cv) for decline, cv in product(DECLINES, LATER_CVS)]
    constant = pd.concat([_summary(own, "0", 0.0, known) for known in (False, True)])
    table = pd.DataFrame(
        {
            "decline": decline,
            "later_cv": cv,
            "least": found["inside_90"].min(),
            "most": found["inside_90"].max(),
            "ratio": float((found["crps"].to_numpy() / constant["crps"].to_numpy()).mean()),
        }
        for decline, cv, found in rows
    )
    allowed = table["ratio"].where(table["least"] >= NOMINAL)
    table["chosen"] = allowed == allowed.min()
    return table


def _tried(sets: list[History], decline: str, cv: float) -> tuple[str, float, pd.DataFrame]:
    return decline, cv, pd.concat([_summary(sets, decline, cv, known) for known in (False, True)])


def _summary(sets: list[History], decline: str, cv: float, known: bool) -> pd.DataFrame:
    """Mean scores by answer, months to the last patient first."""
    variant = Variant("tried", decline, cv, are_dates_known=True, are_openings_known=known)
    found = summary(scored(sets, [variant], _DRAWS))
    assert found.index[0][1] == LAST_PATIENT
    return found
