"""What a trial is, in plain values: its plan, the numbers of every draw, and what has been seen of it so far.

Time is in months of 365.25 / 12 days since the trial's start.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.draws.streams import FloatArray, RoomStreams

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Law:
    """How something differs between sites, or between patients.

    Attributes
    ----------
    ppf : its quantile function, element by element.
    mean : its mean.
    """

    ppf: Callable[[FloatArray], FloatArray]
    mean: float


@dataclass(frozen=True)
class SitePlan:
    """The sites of a trial.

    Attributes
    ----------
    names : of the sites, each once; the name is the site's stream, so that one site more moves no other.
    countries : the country of each site.
    planned : when each site is planned to open, [site], months.
    delay : how much later it opens, a law per site, months.
    screening_pass : the share of screened patients who pass, a law per site.
    cap : patients that one site may enrol; None is no cap.
    country_caps : country → patients that its sites may enrol together.
    """

    names: tuple[str, ...]
    countries: tuple[str, ...]
    planned: FloatArray
    delay: tuple[Law, ...]
    screening_pass: tuple[Law, ...]
    cap: int | None = None
    country_caps: Mapping[str, int] | None = None


@dataclass(frozen=True)
class Calendar:
    """What calendar time does to every site alike.

    Attributes
    ----------
    start : the trial's first day, as an ordinal (`date.toordinal`).
    season : factors of the months of the year, January first, with mean 1; None is no season.
    expanded_access : when a programme opens that draws patients away, months; None is never.
    """

    start: int
    season: tuple[float, ...] | None = None
    expanded_access: float | None = None


@dataclass(frozen=True)
class SiteNumbers:
    """The numbers of every draw that sites enrol by.

    Attributes
    ----------
    rate : mean over sites of the patients screened per month at full speed, [draw, site] (alike within a country).
    rate_cv : coefficient of variation of that rate between sites, [draw, site]; 0 is all alike. A site's own rate is
        gamma distributed with shape 1 / rate_cv².
    never_opens : probability that a site never opens, [draw, site].
    dropout : share of the enrolled who are lost before they count, [draw, site].
    ramp : months that a site's rate takes to rise linearly from 0 to full speed, [draw].
    decline : fall of the logarithm of a site's rate per month of its age, [draw]; it begins with the opening.
    shared_cv : coefficient of variation of a gamma factor of mean 1 that is common to all sites, [draw].
    diverted : share of the patients who go to the expanded-access programme once it is open, [draw].
    pace : factor of all rates from now on, whatever was seen before, [draw] or one for all.
    """

    rate: FloatArray
    rate_cv: FloatArray
    never_opens: FloatArray
    dropout: FloatArray
    ramp: FloatArray
    decline: FloatArray
    shared_cv: FloatArray
    diverted: FloatArray
    pace: FloatArray | float = 1.0


@dataclass(frozen=True)
class Seen:
    """What has been seen of the enrolment by a date.

    Attributes
    ----------
    date : when, [draw], months.
    enrolled : patients of all sites together.
    by_site : patients of each of the first sites of the plan, [seen site]; None where only the total is known.
    exposure : months that each of these has been open, [seen site].
    """

    date: FloatArray
    enrolled: int
    by_site: FloatArray | None = None
    exposure: FloatArray | None = None


class TrialStreams(RoomStreams):
    """The random numbers of a trial."""

    room = "trial"

    def each(self, name: str, labels: tuple[str, ...]) -> FloatArray:
        """A uniform number a draw and label, each label from a stream of its own: [draw, label]."""
        columns = [self.one(f"{name}[{label}]") for label in labels]
        return np.stack(columns, axis=-1) if columns else np.empty((len(self.draws), 0))

    def numbered(self, name: str, count: int) -> FloatArray:
        """A uniform number a draw and place, the first places the same whatever the count: [draw, count]."""
        stream = self.stream(name)
        columns = [stream.uniform(self.draws, place) for place in range(count)]
        return np.stack(columns, axis=-1) if columns else np.empty((len(self.draws), 0))
