"""The rates of the funnel, and the choice of a criterion or cohort that they may hang on."""

from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict, model_validator

from sim.assumptions.quantity import Choice, Closed, Quantity, Rate
from sim.errors import InputError, nearest
from sim.variables import CHOICES, RATES


class Vod(Closed):
    """One rate for each stage of the funnel.

    Attributes
    ----------
    criterion, cohort : which label a draw has, where rates are given by `criterion` or by `cohort`.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Rate]
    criterion: Choice | None = None
    cohort: Choice | None = None

    @model_validator(mode="before")
    @classmethod
    def _every_rate(cls, given: Any) -> Any:
        if isinstance(given, Mapping):
            for name in given:
                if name not in (*RATES, *CHOICES):
                    raise InputError(f".{name}: no rate of the funnel{nearest(str(name), (*RATES, *CHOICES))}")
            for name in RATES:
                if name not in given:
                    raise InputError(f".{name}: is missing")
        return given

    @property
    def rates(self) -> dict[str, Rate]:
        """Every rate by its name, in the order of the funnel."""
        return {name: self.__pydantic_extra__[name] for name in RATES}

    @property
    def choices(self) -> dict[str, Choice]:
        """The choices there are, by the dimension they choose a label of."""
        named = {"criterion": self.criterion, "cohort": self.cohort}
        return {name: choice for name, choice in named.items() if choice is not None}

    @property
    def quantities(self) -> dict[str, Quantity]:
        """Choices and rates by name."""
        return {**self.choices, **self.rates}
