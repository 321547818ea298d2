"""The labels of an input that is a choice: a criterion, a cohort."""

import numpy as np

from sim.results.run import Results


def labels_of(results: Results, name: str) -> tuple[str, ...]:
    """The labels whose places the numbers of an input are, in order; none where its numbers are its own values.

    Parameters
    ----------
    results : the run, its draws in hand.
    name : of the input.
    """
    if name not in results.draws:
        return ()
    found = results.draws[name].attrs.get("labels", ())
    return tuple(str(label) for label in np.atleast_1d(found)) if len(found) else ()
