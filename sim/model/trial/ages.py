"""What the dates of patients tell of a decline with age, beside how many there are.

Given how many patients a site has, a Poisson process whose intensity falls as exp(-decline x age) has them at ages
whose density is that, over its integral: the rate does not enter. So the dates change the decline's prior, and the
counts do the rest (Cox & Lewis 1966, The Statistical Analysis of Series of Events, ch. 3).
"""

import numpy as np

from sim.draws.streams import FloatArray
from sim.model.trial.heterogeneity import Quantiles
from sim.model.trial.profile import decaying

_CELLS = 4000
"""Of the prior: a trial of thousands of patients still has several in its posterior."""


def decline_given_dates(prior: Quantiles, patients: FloatArray, age: FloatArray, ages: float) -> Quantiles:
    """The quantile function of the decline, given when the patients came.

    Parameters
    ----------
    prior : its quantile function before.
    patients : of each site, [site].
    age : months that each site has been open, [site].
    ages : months that the sites had been open when each patient came, summed over patients.
    """
    edges = np.linspace(0.0, 1.0, _CELLS + 1)
    declines = prior((edges[1:] + edges[:-1]) / 2.0)
    fit = -declines * ages - np.log(decaying(age[None, :], declines[:, None])) @ patients
    mass = np.exp(fit - fit.max())
    reached = np.concatenate([[0.0], np.cumsum(mass)]) / mass.sum()

    def quantile(u: FloatArray) -> FloatArray:
        return prior(np.interp(u, reached, edges).clip(2.0**-53, 1.0 - 2.0**-53))

    return quantile
