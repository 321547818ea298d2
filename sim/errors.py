"""The one exception a wrong input raises: a single line naming the key, the value and the bound."""

import difflib
from collections.abc import Iterable


class InputError(ValueError):
    """A wrong input. Its text is one line, fit to be shown to a planner as it stands."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


class BrokenOffError(InputError):
    """A run that could not go on, for no fault of its configuration: what it has finished is kept."""


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint at the known name nearest to a misspelt one: `"; did you mean 'beta'?"`, or the list of known names."""
    options = sorted(known)
    close = difflib.get_close_matches(name, options, n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else f"; known: {', '.join(options)}"
