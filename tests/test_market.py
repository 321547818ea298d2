"""The market as a whole: closed forms, and what must hold whatever is assumed."""

import math
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

import sim
from sim.errors import InputError
from sim.results.run import Results

PLAIN = ["trial=none", "report=none", "sampling.draws=64", "years.last=2008"]
"""A small run whose read-out is assumed."""

SURE = ["market.launch.approval_if_won.value=1", "market.launch.approval_if_missed.value=1"]
EARLY = ["market.without_trial.readout.value=2007-01-01", "market.launch.filing.value=0",
         "market.launch.review.value=0", "market.launch.reimbursement.value=0"]  # fmt: skip
"""On the market before the first year."""

LOGNORMAL = [
    "trial=none", "market=simple", "years.last=2008", "market.last_year=2008", "sampling.chance=false",
    "transplants.growth.value=0", *SURE, *EARLY,
    'transplants.volume.value="lognormal(median=20000, log_sd=0.02)"',
    'vod.incidence.value="lognormal(median=0.05, log_sd=0.20)"',
    'vod.severe_fraction.value="lognormal(median=0.45, log_sd=0.15)"',
    'market.list_price.all.value="lognormal(median=100000, log_sd=0.10)"',
    "market.patients.access.value=1", "market.patients.peak_share.value=1", "market.patients.uptake.years.value=0",
    "market.gross_to_net.value=0", "market.competition.during.value=0", "market.competition.after.value=0",
]  # fmt: skip
"""Revenue = transplants × incidence × severe share × price, each lognormal: its law is lognormal, log-sd 0.27."""

FloatArray = NDArray[np.float64]


def run(*words: str) -> Results:
    return sim.simulate(sim.load(overrides=[*PLAIN, *words]))


@cache
def base() -> Results:
    return run()


def of(results: Results, name: str) -> FloatArray:
    return results.draws[name].to_numpy().astype(np.float64)


def test_lognormal_market() -> None:
    found = sim.simulate(sim.load(overrides=[*LOGNORMAL, "sampling.draws=65536", "sampling.replicates=8"]))
    sales, incidence = of(found, "net_sales")[:, 0, 0], of(found, "vod.incidence")
    price = of(found, "market.list_price.all")
    assert np.allclose(sales, of(found, "peak_sales"))
    known = {"p50": 45.0e6, "mean": 46_670_510.10}
    for statistic, expected in known.items():
        value, error = (found.value("net_sales", statistic, 2008), found.error("net_sales", statistic, 2008))
        print(f"revenue {statistic}: {value:,.0f} ± {error:,.0f}, exact {expected:,.0f}")
        assert abs(value - expected) < 4 * error < 5e-3 * expected
    batch = np.arange(len(sales)) % 8
    top = [sales[(batch == b) & (incidence > np.quantile(incidence, 0.9))].mean() for b in range(8)]
    dear = [3e7 / np.quantile((sales / price)[batch == b], 0.2) for b in range(8)]
    for name, values, expected in (("top tenth", top, 65_210_798.67), ("price", dear, 82_333.87)):
        error = float(np.std(values, ddof=1)) / math.sqrt(8)
        print(f"{name}: {np.mean(values):,.2f} ± {error:,.2f}, exact {expected:,.2f}")
        assert abs(np.mean(values) - expected) < 4 * error < 1e-2 * expected


@pytest.mark.parametrize("factor", [2, 0])
def test_price_times_sales(factor: int) -> None:
    doubled = sim.load(overrides=[*PLAIN, "market.price_change.value=0.03"])
    once = sim.simulate(doubled)
    market = doubled.market
    assert market is not None
    words = [f"market.list_price.{region}.value={factor * 400}" for region in market.regions]
    first = [f"market.list_price.{region}.value=400" for region in market.regions]
    one, other = run("market.price_change.value=0.03", *first), run("market.price_change.value=0.03", *words)
    for name in ("gross_sales", "net_sales", "peak_sales", "gross_sales_if_approved", "cumulative_sales"):
        assert np.array_equal(of(other, name), factor * of(one, name)), name
    assert np.array_equal(of(one, "treated"), of(once, "treated"))  # no price moves a patient


def test_regions_add_up() -> None:
    found = base()
    table = found.summary[(found.summary["statistic"] == "mean") & (found.summary["variable"] == "net_sales")]
    cells = table.astype({"year": str}).pivot_table(index="year", columns="region", values="value")
    assert len(cells) == 20
    assert np.allclose(cells["us"] + cells["europe"], cells["all"])
    assert of(found, "cumulative_sales") == pytest.approx(of(found, "net_sales").sum(axis=(1, 2)))


def test_a_draw_that_never_reads_out_is_missing_in_the_total_too() -> None:
    words = ["report=none", "sampling.draws=64", "years.last=2008", "trial.target=130", "trial.horizon=30"]
    found = sim.simulate(sim.load(overrides=words))
    silent = ~np.isfinite(of(found, "readout_date"))
    assert 0 < silent.sum() < 64
    assert np.array_equal(np.isnan(of(found, "peak_sales_if_approved")), silent)
    assert not of(found, "net_sales")[silent].any()
    parts = [found.value("net_sales_if_approved", year=2015, region=region) for region in ("us", "europe", "all")]
    assert parts[0] + parts[1] == pytest.approx(parts[2])


def test_never_approved_nothing_sold() -> None:
    found = run("market.launch.approval_if_won.value=0", "market.launch.approval_if_missed.value=0")
    for name in ("treated", "vials", "gross_sales", "net_sales", "peak_sales", "cumulative_sales", "deaths_averted"):
        assert not of(found, name).any(), name
        assert np.array_equal(of(found, f"{name}_if_approved"), of(base(), f"{name}_if_approved")), name
    assert np.isnan(of(found, "peak_sales_year")).all()
    assert (of(found, "net_present_value") < 0).all()  # the development is spent
    assert found.value("prob_approval") == 0


def test_approval_is_drawn_given_success() -> None:
    found = sim.simulate(sim.load(overrides=["report=none", "sampling.draws=4096", "years.last=2008",
        "market.launch.approval_if_won.value=0.9", "market.launch.approval_if_missed.value=0.2"]))  # fmt: skip
    won, approved = of(found, "prob_success_response") == 1, of(found, "prob_approval")
    for part, expected in ((won, 0.9), (~won, 0.2)):
        error = math.sqrt(expected * (1 - expected) / part.sum())
        assert abs(approved[part].mean() - expected) < 4 * error
    paid = of(found, "net_sales").sum(axis=(1, 2)) > 0
    assert np.array_equal(paid, approved == 1)
    launch, readout = of(found, "launch_date_if_approved"), of(found, "readout_date")
    months = of(found, "market.launch.filing") + of(found, "market.launch.reimbursement").T
    months = (months + of(found, "market.launch.review").T) / 12
    order = [str(region) for region in found.draws["market_region"].to_numpy()]
    assert order == ["us", "europe"]
    assert launch == pytest.approx(readout[:, None] + months.T)  # of that draw's own read-out


def test_without_discount_a_plain_sum() -> None:
    found = run("market.discount_rate=0")
    assert of(found, "net_present_value") == pytest.approx(of(found, "cash_flow").sum(axis=1))
    costly = run("market.discount_rate=0", "market.costs.upfront.value=1e6")
    assert of(costly, "net_present_value") == pytest.approx(of(found, "net_present_value") - 1e6)
    assert of(costly, "highest_upfront") == pytest.approx(of(found, "highest_upfront"))


def test_at_its_peak_from_the_start_it_is_the_static_formula() -> None:
    words = ["market=simple", *SURE, *EARLY, "market.patients.uptake.years.value=0", "sampling.chance=false",
             "market.competition.during.value=0", "market.competition.after.value=0"]  # fmt: skip
    found = run(*words)
    price, share = of(found, "market.list_price.all"), of(found, "market.patients.peak_share")
    access, kept = of(found, "market.patients.access"), 1 - of(found, "market.gross_to_net")
    static = of(found, "severe_vod")[:, 0, 0, 0, 0] * access * share * price * kept
    for place in (0, -1):
        assert of(found, "net_sales")[:, 0, place] == pytest.approx(static)


def test_named_patients_stop_at_the_launch_and_need_no_success() -> None:
    found = base()
    launch = of(found, "launch_date_if_approved")
    years = found.draws["market_year"].to_numpy()
    named, failed = of(found, "named_patient_sales_if_approved"), of(found, "prob_approval") == 0
    assert not named[years[None, None, :] >= launch[:, :, None]].any()
    assert named[:, :, 0].all()
    assert of(found, "named_patient_sales")[failed][:, :, -1].any()  # it goes on
    stopped = run("market.named_patient.ends_after_miss={value: 12, unit: months, source: 'assumption: a test'}")
    assert not of(stopped, "named_patient_sales")[failed][:, :, 5:].any()


def test_money_of_another_currency() -> None:
    dollars, euros = run("market.exchange.EUR.value=2"), run("market.exchange.EUR.value=1")
    assert of(dollars, "net_sales")[:, 1] == pytest.approx(2 * of(euros, "net_sales")[:, 1])
    assert np.array_equal(of(dollars, "net_sales")[:, 0], of(euros, "net_sales")[:, 0])
    assert dollars.draws["net_sales"].attrs["unit"] == "USD of 2008 per year"


def test_nominal_costs_rise_and_prices_as_they_are_said_to() -> None:
    nominal = run("market.terms=nominal")
    assert np.array_equal(of(nominal, "net_sales"), of(base(), "net_sales"))
    worth = of(base(), "net_present_value") - of(nominal, "net_present_value")
    sold = of(base(), "prob_approval") == 1
    assert (worth[sold] > 0).all()
    assert worth[~sold] == pytest.approx(0)  # all is spent in the price year
    assert nominal.draws["net_sales"].attrs["unit"] == "USD (nominal, stated for 2008) per year"


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("vod", ["market.patients.off_label.value=0"]),
        ("prevention", ["market.patients.high_risk.value=0.3"]),
    ],
)  # fmt: skip
def test_labels(label: str, words: list[str]) -> None:
    found = run(f"market.patients.label={label}", *words, "sampling.chance=false")
    stage = found.draws["vod" if label == "vod" else "transplants"].to_numpy()[:, 0, 0, 0, 0]
    share = 1.0 if label == "vod" else 0.3
    regions = of(found, "market.region_shares")
    assert of(found, "eligible")[:, :, 0] == pytest.approx(stage[:, None] * share * regions)
    assert (of(found, "deaths_averted_if_approved").sum(axis=(1, 2)) > 0).mean() > 0.9


def test_a_region_less_leaves_the_others_as_they_are() -> None:
    found = run("market.regions=[us]")
    for name in ("treated", "net_sales_if_approved", "launch_date_if_approved"):
        assert np.array_equal(of(found, name)[:, 0], of(base(), name)[:, 0]), name
    assert not [name for name in found.dataset if "europe" in str(name) or "EUR" in str(name)]


def test_market_follows_the_regions_and_ages_of_the_patients() -> None:
    found = run("transplants=europe_us")
    assert "market.region_shares" not in found.dataset
    severe = found.draws["severe_vod"].sum(["transplant", "age_group"]).sel(year=2008)
    eligible = found.draws["eligible"].sel(market_year=2008)
    for region in ("us", "europe"):
        assert np.array_equal(eligible.sel(market_region=region), severe.sel(region=region))  # all diagnosed
    together = run("transplants=europe_us", "market=simple").draws["eligible"].sel(market_year=2008)
    assert np.array_equal(together.sel(market_region="all"), severe.sum("region"))
    aged = run("transplants=europe_by_age")
    assert aged.draws["market.dosing.weight"].dims == ("draw", "age_group")


REFUSED = {
    "market.launch.earliest={value: 2006-01-01, unit: day, source: 'assumption: a test'}":
        "market.launch.earliest.value: 2006-01-01 is before trial.start 2006-07-15",
    "market.region_shares.values.us.value=0.7": "market.region_shares.values: the shares add up to 1.15",
    "market.currency=XXQ": "market.currency: 'XXQ' is no currency",
    "market.list_price.us.unit=DOLLAR per vial": "market.list_price.us.unit: 'DOLLAR per vial' does not begin with",
    "market.list_price.us.unit=GBP per vial": "market.exchange.GBP: is missing",
    "market.exchange.EUR=null": "market.exchange.EUR: is missing",
    "market.list_price.us.unit=USD per box": "ends neither with 'per vial' nor with 'per patient'",
    "market.list_price.us=null": "market.list_price.us: is missing",
    "market.patients.peak_share.value=1.2": "market.patients.peak_share.value: 1.2 is above 1",
    "{patients: {uptake: {curve: bass, innovation: null}}}": "market.patients.uptake.innovation: is missing",
    "{patients: {label: prevention, high_risk: null}}": "market.patients.high_risk: is missing",
    "{terms: nominal, inflation: null}": "market.inflation: is missing",
    "{patients: {uptake: {curve: observed, points: [[1, 0.5], [0.5, 1]]}}}": "market.patients.uptake.points: the years",
    "market.valuation_date=2040-01-01": "market.last_year: 2027 is before 2040, the year of market.valuation_date",
    "market.last_year=2000": "market.last_year: 2000 is before 2008, the year of market.valuation_date",
    "market.dosing.weight_spread.value=30": "market.dosing.weight_spread.value: 30 is above 2",
    "market.regions=[us, japan]": "market.list_price.japan: is missing, as are market.region_shares.values.japan",
    "market.launch.filing.unit=years": "market.launch.filing.unit: 'years' is not in months",
    "market.exchange.EUR.unit=EUR per USD": "market.exchange.EUR.unit: 'EUR per USD' does not end with 'per EUR'",
    "market.discount_rate=12": "market.discount_rate: 12 is above 1 a year",
}  # fmt: skip


@pytest.mark.parametrize("word", REFUSED)
def test_refused_in_one_line(word: str) -> None:
    with pytest.raises(InputError) as fault:
        sim.load(overrides=[f"market={word}" if word.startswith("{") else word])
    assert REFUSED[word] in str(fault.value), str(fault.value)
    assert "\n" not in str(fault.value)


def test_shares_above_one_in_some_draw() -> None:
    with pytest.raises(InputError, match="the shares up to 'europe' add up to 1"):
        run("market.region_shares.values.us.value=0.2 to 0.7")
