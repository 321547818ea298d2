"""Uniform points at which the model is asked anew, apart from those of the run."""

import numpy as np

from sim.draws.designs import LatinHypercube
from sim.draws.sobol import direction_table, scrambled_sobol
from sim.draws.streams import FloatArray, Stream


def points(seed: int, purpose: str, columns: int, rows: int, replicates: int = 1) -> FloatArray:
    """Scrambled Sobol' points, a dimension a column; a column beyond the table of dimensions is a Latin hypercube.

    Parameters
    ----------
    seed : of the run.
    purpose : what they are for; another purpose has other points.
    columns : their dimension.
    rows : their number, all replicates together.
    replicates : independent randomisations, interleaved as those of a run are.

    Returns
    -------
    Uniform numbers strictly between 0 and 1, [row, column], a column side by side.
    """
    known, draws = len(direction_table()), range(rows)
    hypercube = LatinHypercube(seed, rows, replicates)
    names = [f"sensitivity {purpose} [{column}]" for column in range(columns)]
    streams = [Stream(seed, name) for name in names[:known]]
    points = scrambled_sobol(range(len(streams)), streams, replicates, draws)
    beyond = [hypercube.uniform(name, draws) for name in names[known:]]
    return np.concatenate([points.T, *(one[None] for one in beyond)]).T if beyond else points
