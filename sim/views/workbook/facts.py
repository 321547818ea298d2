"""What a market's formulas are made by: regions, label, curve, currency; no cell changes these."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sim.dates import decimal_year, exact_day
from sim.results.run import Results
from sim.variables import MARKET_REGION, MARKET_YEAR, STRATA, TOTAL
from sim.views.workbook.book import NEVER
from sim.views.workbook.formula import Formula, Word, number
from sim.views.workbook.inputs import Inputs
from sim.views.workbook.patients import Stratum

_PER_PATIENT = "per patient"
_MARKET = "market"
_WHOLE = "a plain setting of the run"


@dataclass(frozen=True)
class Facts:
    """A market as the run was configured.

    Attributes
    ----------
    market : its configuration.
    inputs : the cells of quantities and settings.
    years, regions : of the market, in order.
    is_split : whether shares divide the patients among the regions.
    money : the unit of money, such as `USD of 2008`.
    """

    market: Mapping[str, Any]
    inputs: Inputs
    years: tuple[int, ...]
    regions: tuple[str, ...]
    is_split: bool
    money: str

    @property
    def label(self) -> str:
        """What the drug is approved for."""
        return str(self.market["patients"]["label"])

    @property
    def curve(self) -> str:
        """How uptake grows."""
        return str(self.market["patients"]["uptake"]["curve"])

    @property
    def has_named(self) -> bool:
        """Whether patients are treated by name before the launch."""
        return self.market.get("named_patient") is not None

    @property
    def at_cost(self) -> bool:
        """Whether these are asked the cost of goods."""
        return self.has_named and self.market["named_patient"].get("price") is None

    @property
    def milestones(self) -> Mapping[str, Mapping[str, Any]]:
        """Name → what is paid once."""
        return dict(self.market["costs"].get("milestones") or {})

    def named(self, quantity: str, labels: Mapping[str, str] | None = None) -> Formula:
        """The cell of a quantity of the market; 0 where the market has none."""
        key = f"{_MARKET}.{quantity}"
        return self.inputs(key, labels) if self.inputs.has(key) else number(0)

    def has(self, quantity: str) -> bool:
        """Whether the market has this quantity."""
        return self.inputs.has(f"{_MARKET}.{quantity}")

    def of(self, quantity: str, region: str) -> Formula:
        """The cell of a quantity of the market in a region."""
        return self.named(quantity, {MARKET_REGION: region})

    def money_of(self, quantity: str, region: str = "") -> Formula:
        """Money in the currency of the market: the cell, times what its currency is worth."""
        code = self._unit(quantity)[:3]
        found = self.of(quantity, region)
        return found if code == self.market["currency"] else found * self.named(f"exchange.{code}")

    def is_per_patient(self, quantity: str) -> bool:
        """Whether a price is of a whole course."""
        return self._unit(quantity).endswith(_PER_PATIENT)

    def _unit(self, quantity: str) -> str:
        node: Any = self.market
        for part in quantity.split("."):
            node = node[part]
        return str(node["unit"])

    def valuation(self) -> Formula:
        """The cell of the day to which money is discounted."""
        day = self.market["valuation_date"]
        value = decimal_year(day if isinstance(day, date) else exact_day("market.valuation_date", day))
        return self.inputs.setting("market.valuation_date", value, "decimal year", _WHOLE)

    def price_year(self) -> Formula:
        """The cell of the year that prices and costs are stated for."""
        return self.inputs.setting("market.price_year", int(self.market["price_year"]), "calendar year", _WHOLE)

    def infusions(self) -> Formula:
        """The cell of the infusions a day."""
        return self.inputs.setting("market.dosing.infusions", int(self.market["dosing"]["infusions"]), "a day", _WHOLE)

    def wastage(self) -> Word:
        """The cell of what becomes of the rest of an opened vial."""
        options = ("none", "day", "infusion")
        return self.inputs.choice("market.dosing.wastage", str(self.market["dosing"]["wastage"]), options, _WHOLE)

    def discounting(self) -> Word:
        """The cell of when a year's money comes."""
        options = ("mid-year", "end-year")
        return self.inputs.choice("market.discounting", str(self.market["discounting"]), options, _WHOLE)

    def readout(self, point: Results) -> Formula:
        """The cell of the read-out's date, a decimal year: of the trial, or what is assumed without one."""
        if self.has("without_trial.readout"):
            return self.named("without_trial.readout")
        day = float(point.draws["readout_date"].item())
        why = "from the trial at the means; change it to see a later read-out. 9999 is never"
        return self.inputs.setting("trial.readout_date", min(day, NEVER), "decimal year", why)

    def success(self, point: Results) -> Formula:
        """The cell of the probability that the trial's endpoint is won."""
        if self.has("without_trial.success"):
            return self.named("without_trial.success")
        endpoint = point.configuration["trial"]["primary"]
        value = float(point.draws[f"prob_success_{endpoint}"].item())
        why = f"from the trial at the means: success on {endpoint}; change it to see a trial more or less likely to win"
        return self.inputs.setting("trial.success", value, "probability", why)

    def survival(self) -> Formula:
        """The cell of the share of treated severe cases alive at day 100."""
        trial = "trial.treated.survival"
        return self.inputs(trial) if self.inputs.has(trial) else self.named("without_trial.survival")

    def strata_in(self, region: str, strata: tuple[Stratum, ...]) -> tuple[Stratum, ...]:
        """The strata whose patients live in a region of the market."""
        return strata if self.is_split else tuple(stratum for stratum in strata if stratum[0] == region)


def facts_of(point: Results, inputs: Inputs) -> Facts | None:
    """The market of a run; None where it has none."""
    market = point.configuration.get(_MARKET)
    if not market:
        return None
    regions = tuple(str(region) for region in point.draws[MARKET_REGION].to_numpy())
    years = tuple(int(year) for year in point.draws[MARKET_YEAR].to_numpy())
    unit = str(point.draws["peak_sales"].attrs["unit"]).removesuffix(" per year")
    is_split = [str(label) for label in point.draws[STRATA[0]].to_numpy()] == [TOTAL]
    return Facts(market, inputs, years, regions, is_split, unit)
