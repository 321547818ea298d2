"""How many patients the caps of sites and countries leave room for."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from sim.draws.streams import FloatArray
from sim.model.trial.plan import IntArray, SitePlan


@final
@dataclass(frozen=True)
class Places:
    """The caps that a total is dealt under.

    Attributes
    ----------
    site_cap : patients that one site may enrol; None is no cap.
    groups : places in the plan of the sites of each country with a cap, and of all other sites together.
    names : of the countries; that of the other sites is empty.
    caps : of the groups; None is no cap.
    """

    site_cap: int | None
    groups: tuple[IntArray, ...]
    names: tuple[str, ...]
    caps: tuple[int | None, ...]

    @classmethod
    def of(cls, plan: SitePlan) -> "Places":
        """Those of a plan."""
        capped = plan.country_caps or {}
        group = [country if country in capped else "" for country in plan.countries]
        names = tuple(dict.fromkeys(group))
        members = tuple(np.flatnonzero([each == name for each in group]) for name in names)
        return cls(plan.cap, members, names, tuple(capped.get(name) for name in names))

    @classmethod
    def without_caps(cls, sites: int) -> "Places":
        """Of so many sites."""
        return cls(None, (np.arange(sites),), ("",), (None,))

    def room(self, open_: NDArray[np.bool_]) -> FloatArray:
        """Patients that sites have room for: [...] from which of them are open, [..., site]; infinite without a cap."""
        room = np.zeros(open_.shape[:-1])
        for group, cap in zip(self.groups, self.caps, strict=True):
            count = open_[..., group].sum(axis=-1)
            own = np.where(count > 0, np.inf, 0.0) if self.site_cap is None else count * float(self.site_cap)
            room += own if cap is None else np.minimum(own, cap)
        return room

    def fill(self, counts: FloatArray) -> FloatArray:
        """Expected patients, [draw, site], those above a cap moved to where there is room, in proportion to it."""
        total = counts.sum(axis=1, keepdims=True)
        site = total if self.site_cap is None else np.minimum(total, self.site_cap)
        most = [len(group) * site if cap is None else np.minimum(len(group) * site, cap) for group, cap in self._pairs]
        sums = np.concatenate([counts[:, group].sum(axis=1, keepdims=True) for group in self.groups], axis=1)
        wanted = filled(sums, np.concatenate(most, axis=1))
        found = np.zeros(counts.shape)
        for place, group in enumerate(self.groups):
            own, aim = counts[:, group], wanted[:, place, None]
            share = np.where(sums[:, place, None] > 0, own, 1.0)
            spread = aim * share / share.sum(axis=1, keepdims=True)
            found[:, group] = filled(spread, np.broadcast_to(site, spread.shape))
        return found

    @property
    def _pairs(self) -> list[tuple[IntArray, int | None]]:
        return list(zip(self.groups, self.caps, strict=True))


def filled(counts: FloatArray, most: FloatArray) -> FloatArray:
    """Counts of which none is above its most, the same in all as far as there is room: [row, place]."""
    kept = np.minimum(counts, most)
    room = most - kept
    surplus = (counts - kept).sum(axis=1, keepdims=True)
    share = surplus / np.maximum(room.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    return np.asarray(kept + room * np.minimum(share, 1.0))
