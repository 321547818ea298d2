"""Volumes through the years: the fitted trend, its law, the path of each draw, and what is refused."""

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

import sim
from sim.assumptions.leaf import Surroundings
from sim.assumptions.schema import Assumptions
from sim.assumptions.transplants import NO_GROWTH
from sim.assumptions.trends import read_trend
from sim.configuration.compose import assume, composed
from sim.configuration.places import conf_dir
from sim.draws.parameters import sample
from sim.errors import InputError
from sim.evidence.history import History, Point, read_history
from sim.evidence.ledger import Ledger, read_ledger
from sim.evidence.schema import COLUMNS
from sim.evidence.trend import SIGHT, Trend, fit
from sim.model.chain import populations
from sim.model.cohort import Expected
from sim.model.transplants import trend_volume
from sim.results.folder import open_run, write
from tests.conftest import PATIENTS, Typed, with_sampling

FloatArray = NDArray[np.float64]

LEDGER = read_ledger(conf_dir() / "evidence" / "ledger.csv")
EUROPE = {2004: 7407, 2008: 10724, 2009: 11494, 2010: 12276, 2011: 13470, 2012: 14165, 2013: 14950, 2015: 16030,
          2017: 17155}  # fmt: skip
ROWS = [(f"ebmt_{year}_allo" + "_d" * (year in (2008, 2009)),) for year in EUROPE]
PTS = "ebmt_2004_pts, ebmt_2008_pts, ebmt_2009_pts, ebmt_2010_pts, ebmt_2011_pts, ebmt_2012_pts"
BORROWED = "from Europe: a test"
FEW = ["sampling.draws=64", *PATIENTS]


def history(volumes: Mapping[int, float]) -> History:
    return History(tuple(Point(year, volume, (f"row_{year}",)) for year, volume in volumes.items()))


def trend_of(volumes: Mapping[int, float], like: Mapping[int, float] | None = None) -> Trend:
    return fit(history(volumes), history(like) if like else None)


def hand_fit(volumes: Mapping[int, float]) -> tuple[float, float]:
    """Drift and noise, step by step."""
    drift = math.log(volumes[max(volumes)] / volumes[min(volumes)]) / (max(volumes) - min(volumes))
    squares = [
        (math.log(volumes[after] / volumes[before]) - drift * (after - before)) ** 2 / (after - before)
        for before, after in itertools.pairwise(volumes)
    ]
    return drift, math.sqrt(sum(squares) / (len(squares) - 1))


def with_volume(changes: Mapping[str, Any], *overrides: str, ledger: Ledger = LEDGER) -> Assumptions:
    """The worldwide option with other words about its volume."""
    mapping = dict(composed(["transplants=worldwide", *PATIENTS, *overrides]).mapping)
    transplants = dict(mapping["transplants"])
    transplants["volume"] = {**transplants["volume"], **changes}
    return Assumptions.read({**mapping, "transplants": transplants}, Surroundings(ledger))


def expected(assumptions: Assumptions) -> xr.DataArray:
    """Transplants before chance: [draw, + strata, year]."""
    parameters = sample(assumptions, range(assumptions.sampling.draws))
    return populations(assumptions, parameters, Expected())["transplants"]


def test_europes_history_is_fitted_as_by_hand() -> None:
    found = fit(read_history(LEDGER, ROWS))
    assert found.history.volumes == EUROPE
    drift, noise = hand_fit(EUROPE)
    assert found.drift == pytest.approx(drift, rel=1e-12)
    assert found.noise == pytest.approx(noise, rel=1e-12)
    print(f"Europe's allogeneic first transplants: drift {found.drift:.6f}, noise {found.noise:.6f} a year")
    assert (found.drift, found.noise) == pytest.approx((0.064605, 0.033606), abs=5e-7)
    assert (found.degrees, found.span) == (7, 13)


def test_the_forecast_holds_the_truth_as_often_as_it_says() -> None:
    generator, years = np.random.default_rng(11), [2000, 2004, 2005, 2006, 2009, 2010, 2012]
    gaps, horizon, runs = np.diff(years), 5, 4000
    steps = 0.05 * gaps + 0.03 * np.sqrt(gaps) * generator.standard_normal((runs, len(gaps)))
    volumes = np.exp(np.concatenate([np.full((runs, 1), 7.0), 7.0 + steps.cumsum(axis=1)], axis=1))
    later = 0.05 * horizon + 0.03 * math.sqrt(horizon) * generator.standard_normal(runs)
    fits = [trend_of(dict(zip(years, row, strict=True))) for row in volumes.tolist()]
    drift, noise = (np.array(found) for found in zip(*((fit.drift, fit.noise) for fit in fits), strict=True))
    away = (later - drift * horizon) / (noise * math.sqrt(horizon + horizon**2 / 12))
    assert stats.kstest(away, stats.t(len(gaps) - 1).cdf).pvalue > 0.01


@given(st.floats(-0.3, 0.3), st.lists(st.integers(1, 9), min_size=4, max_size=9))
def test_a_history_without_noise_has_none(drift: float, gaps: list[int]) -> None:
    years = [1990, *(1990 + gap for gap in itertools.accumulate(gaps))]
    found = trend_of({year: 1000 * math.exp(drift * (year - 1990)) for year in years})
    assert found.drift == pytest.approx(drift, abs=1e-12)
    assert found.noise == pytest.approx(0, abs=1e-12)


def test_drift_and_noise_are_borrowed_where_the_history_is_short() -> None:
    own, other = trend_of(EUROPE), EUROPE
    one, two = trend_of({2012: 500}, other), trend_of({2006: 500, 2016: 800}, other)
    assert (one.drift, one.noise, one.degrees, one.span) == (own.drift, own.noise, own.degrees, own.span)
    assert (two.noise, two.degrees, two.span) == (own.noise, own.degrees, 10)
    assert two.drift == pytest.approx(math.log(1.6) / 10)


def test_the_noise_follows_its_law_up_to_its_end() -> None:
    found = trend_of(EUROPE)
    u = np.linspace(1e-9, 1 - 1e-9, 2001)
    ratio = found.degrees * found.noise**2 / found.noise_at(u) ** 2
    np.testing.assert_allclose(stats.chi2(found.degrees).sf(ratio), SIGHT * u, rtol=1e-9)
    assert np.all(np.diff(found.noise_at(u)) > 0)
    end = found.noise * math.sqrt(found.degrees / stats.chi2(found.degrees).ppf(1 - SIGHT))
    assert found.noise_at(np.array([1 - 2.0**-53]))[0] == pytest.approx(end)
    whole = math.sqrt(found.degrees / 2) * math.gamma((found.degrees - 1) / 2) / math.gamma(found.degrees / 2)
    assert 0.99 * whole < found.noise_mean / found.noise < whole  # what lies beyond the end is missing
    middle = (np.arange(200_000) + 0.5) / 200_000
    assert found.noise_mean == pytest.approx(found.noise_at(middle).mean(), rel=1e-5)


def test_the_drift_is_students_t_all_but_the_end_of_the_noise() -> None:
    found = trend_of(EUROPE)
    scale = found.noise / math.sqrt(found.span)
    for p in (0.05, 0.25, 0.5, 0.9, 0.95):
        assert (found.drift_quantile(p) - found.drift) / scale == pytest.approx(
            stats.t(found.degrees).ppf(p), rel=0.01, abs=1e-9
        )
    u = (np.arange(1_000_000) + 0.5) / 1_000_000
    drawn = found.drift_at(np.random.default_rng(1).permutation(u), found.noise_at(u))
    assert np.quantile(drawn, 0.95) == pytest.approx(found.drift_quantile(0.95), abs=4e-5)
    assert trend_of({year: 2.0**year for year in range(5)}).drift_quantile(0.9) == pytest.approx(math.log(2))


def walk(
    volumes: Mapping[int, float], years: Sequence[int], noise: float, drift: float | FloatArray, draws: int = 100_000
) -> tuple[FloatArray, xr.DataArray]:
    """Logarithms of the paths, [draw, year], of plain normal shocks; and those shocks."""
    steps = list(range(min(*volumes, *years), max(*volumes, *years) + 1))
    shock = xr.DataArray(
        np.random.default_rng(7).standard_normal((draws, len(steps))), dims=("draw", "shock_year"),
        coords={"draw": range(draws), "shock_year": steps},
    )  # fmt: skip
    flat = xr.DataArray(np.ones(draws), dims="draw", coords={"draw": range(draws)})
    volume = trend_volume({(): volumes}, flat * drift, flat * noise, shock, years)
    assert volume.dims == ("draw", "year")
    return np.log(volume.to_numpy()), shock


def test_the_forecast_has_the_variance_of_its_law() -> None:
    draws, noise, span = 100_000, 0.04, 13
    drift = 0.06 + noise / math.sqrt(span) * np.random.default_rng(3).standard_normal(draws)
    for last in (2010, 2017):  # forward from the last year, backward from the first
        years = [2017 + h for h in (1, 5, 10)] if last == 2010 else [2010 - h for h in (1, 5, 10)]
        logs, _ = walk({last: 1000.0} if last == 2017 else {2010: 800.0, 2017: 1000.0}, years, noise, drift)
        start = 2017 if last == 2010 else last
        for column, year in enumerate(years):
            h = year - start
            variance = noise**2 * abs(h) + noise**2 * h**2 / span
            assert np.median(logs[:, column]) == pytest.approx(
                math.log(1000) + 0.06 * h, abs=5 * math.sqrt(variance / draws)
            )
            assert logs[:, column].var() == pytest.approx(variance, rel=5 * math.sqrt(2 / draws))


def test_the_bridge_has_its_variance_and_meets_the_counted_years() -> None:
    volumes = {2004: 700.0, 2008: 900.0, 2015: 1200.0}
    years = list(range(2004, 2016))
    logs, _ = walk(volumes, years, 0.05, 0.3)  # the drift of a bridge does not matter
    for year, column in zip(years, logs.T, strict=True):
        if year in volumes:
            assert np.all(column == math.log(volumes[year]))
            continue
        before, after = (2004, 2008) if year < 2008 else (2008, 2015)
        one, other = year - before, after - year
        line = (math.log(volumes[before]) * other + math.log(volumes[after]) * one) / (one + other)
        variance = 0.05**2 * one * other / (one + other)
        assert column.mean() == pytest.approx(line, abs=5 * math.sqrt(variance / len(column)))
        assert column.var() == pytest.approx(variance, rel=5 * math.sqrt(2 / len(column)))


def test_a_draw_is_one_path() -> None:
    logs, shock = walk({2010: 500.0}, [2007, 2008, 2009, 2010, 2011, 2012, 2013], 0.05, 0.02, draws=50)
    steps = 0.02 + 0.05 * shock.sel(shock_year=range(2008, 2014)).to_numpy()
    np.testing.assert_allclose(np.diff(logs, axis=1), steps, atol=1e-12)


def test_the_forecast_of_a_run_is_students_t() -> None:
    text = f"trend({', '.join(row for (row,) in ROWS)})"
    words = {"value": text, "source": "ebmt_2004_allo", "borrowed": None}
    many = ["sampling.draws=32768", "sampling.chance=false", "years.first=2018", "years.last=2027"]
    assumptions = with_volume(words, *many)
    found = assumptions.transplants.volume.trends[()]
    run = sim.simulate(assumptions)
    for year in (2018, 2022, 2027):
        h = year - 2017
        scale = found.noise * math.sqrt(h + h**2 / found.span)
        for name, p in (("p05", 0.05), ("p50", 0.5), ("p90", 0.9)):
            law = EUROPE[2017] * math.exp(found.drift * h + scale * stats.t(found.degrees).ppf(p))
            cut = 0.001 * law * scale  # what the end of the noise's law may move a percentile
            error = run.error("transplants", name, year=year)
            assert run.value("transplants", name, year=year) == pytest.approx(law, abs=4 * error + cut)


def test_the_fan_widens_after_the_last_counted_year() -> None:
    run = sim.simulate(sim.load(overrides=["transplants=europe_us", "sampling=quick", "years.last=2025", *PATIENTS]))
    for region, last in (("europe", 2017), ("us", 2012)):
        for kind in ("allogeneic", "autologous"):
            cell = {"region": region, "transplant": kind}
            low, high = (
                np.array([run.value("transplants", name, year=year, **cell) for year in range(last, 2026)])
                for name in ("p10", "p90")
            )
            assert low[0] == high[0]
            assert np.all(np.diff(high / low) > 0)
    for year, volume in EUROPE.items():
        if year >= 2008:
            cell = {"region": "europe", "transplant": "allogeneic"}
            assert run.value("transplants", "p05", year=year, **cell) == volume
            assert run.value("transplants", "p95", year=year, **cell) == volume
    us = [run.value("transplants", name, year=2012, region="us") for name in ("p05", "mean", "p95")]
    assert us == [3196 + 4546 + 10542] * 3
    before = [run.value("transplants", "sd", year=year, region="us") for year in (2008, 2009, 2010, 2011)]
    assert before == sorted(before, reverse=True)


@pytest.mark.parametrize("method", ["random", "latin_hypercube", "sobol"])
def test_chunks_years_and_strata_move_no_other_number(method: str) -> None:
    words = [*FEW, f"sampling.method={method}", "sampling.chance=false"]
    wide = sim.load(overrides=["transplants=europe_us", "years.last=2020", *words])
    whole, parts = sim.simulate(wide), sim.simulate(wide, chunk=23)
    assert whole.draws.identical(parts.draws)
    short = sim.simulate(sim.load(overrides=["transplants=europe_us", "years.first=2013", "years.last=2018", *words]))
    years = list(range(2013, 2019))
    assert short.draws["transplants"].equals(whole.draws["transplants"].sel(year=years))
    lent = f"like ({PTS})', source: wbmt_2006_all, borrowed: '{BORROWED}'"
    kinds = (f"{kind}: {{value: 'trend(wbmt_2006_{kind[:4]}) {lent}}}" for kind in ("allogeneic", "autologous"))
    asia = f"{{{', '.join(kinds)}}}"
    third = ["transplants.strata.region=[europe,us,asia]", f"+transplants.volume.values.asia={asia}"]
    more = sim.simulate(sim.load(overrides=["transplants=europe_us", "years.last=2020", *words, *third]))
    assert more.draws["transplants"].sel(region=["europe", "us"]).equals(whole.draws["transplants"])


def test_doubled_counts_double_every_draw() -> None:
    rows = {
        name: {**row, "mean": str(2 * float(row["mean"]))} if row["measure"] == "transplant_volume" else row
        for name, row in LEDGER.rows.items()
    }
    once = expected(with_volume({}, *FEW))
    twice = expected(with_volume({}, *FEW, ledger=Ledger(rows, "")))
    np.testing.assert_allclose(twice, 2 * once, rtol=1e-12)
    assert float(once.sel(year=2017).std()) > 0


def test_point_is_the_median_path() -> None:
    run = sim.simulate(sim.load(overrides=["transplants=worldwide", "sampling=point", "years.last=2020", *PATIENTS]))
    growth = math.log(82718 / 50417) / 10
    for year in run.years:
        assert run.value("transplants", year=year) == pytest.approx(50417 * math.exp(growth * (year - 2006)))


@pytest.mark.slow
def test_a_million_draws_stay_countable() -> None:
    assumptions = with_sampling(sim.load(overrides=["transplants=europe_us", "years.first=2027", "years.last=2027"]))
    million = with_sampling(assumptions, draws=1_000_000, method="random")
    highest = 0.0
    for first in range(0, 1_000_000, 100_000):
        parameters = sample(million, range(first, first + 100_000))
        total = populations(million, parameters, Expected())["transplants"].sum(["region", "transplant", "age_group"])
        highest = max(highest, float(total.max()))
        assert bool(np.isfinite(total).all())
    assert 2e5 < highest < 1e8


def test_the_worldwide_option_borrows_and_says_so() -> None:
    leaf = sim.load(overrides=["transplants=worldwide"]).leaves["transplants.volume"]
    assert leaf.trend is not None
    assert leaf.trend.history.years == (2006, 2016)
    assert (leaf.borrowed or "").startswith("from Europe: ")
    assert leaf.flags == ("2 of the 5 years that a trend needs: year-to-year noise borrowed",)
    assert leaf.rows[:2] == ("wbmt_2006_all", "wbmt_2016_all")
    assert "ebmt_2023_pts" in leaf.rows


def test_europe_and_the_us_stand_on_one_basis_assumed_where_unstated() -> None:
    assumptions = sim.load(overrides=["transplants=europe_us"])
    assert assumptions.transplants.volume.counted == "first_transplants"
    flags = {name: leaf.flags for name, leaf in assumptions.leaves.items() if name.startswith("transplants.volume")}
    assert flags["transplants.volume[europe, allogeneic]"] == ()
    lent, basis = flags["transplants.volume[us, allogeneic]"]
    assert lent == "1 of the 5 years that a trend needs: growth and year-to-year noise borrowed"
    assert basis.startswith(
        "basis unstated in us_2012_allo_rel, us_2012_allo_unrel: taken as first transplants, because"
    )


def test_age_groups_share_out_the_trend() -> None:
    run = sim.simulate(sim.load(overrides=["transplants=europe_by_age", *FEW, "sampling.chance=false"]))
    children = run.value("transplants", year=2012, transplant="allogeneic", age_group="paediatric")
    assert children == pytest.approx(14165 * 2902.5 / 14166, rel=1e-3)
    assert run.value("transplants", year=2012) == pytest.approx(14165 + 19513)
    assert run.error("transplants", year=2012) == 0  # counted, however the age groups share it


@pytest.mark.parametrize("option", ["worldwide", "europe_us", "europe_by_age"])
def test_no_option_rests_on_memory(option: str) -> None:
    assumptions = sim.load(overrides=[f"transplants={option}"])
    rows = [row for name, leaf in assumptions.leaves.items() if name.startswith("transplants") for row in leaf.rows]
    assert {LEDGER[row]["verified"] for row in rows} == {"retrieved"}
    means = assumptions.transplants.volume.trends.values()
    assert all(0.03 < trend.drift < 0.07 for trend in means)


def test_the_tables_of_a_run_tell_history_and_law(tmp_path: Path) -> None:
    run = sim.simulate(sim.load(overrides=["transplants=europe_us", *FEW]))
    write(run, tmp_path)
    table = open_run(tmp_path).tables["history"]
    assert list(table) == ["region", "transplant", "age_group", "year", "volume", "rows", "verified", "counted"]
    allogeneic = table[(table["region"] == "europe") & (table["transplant"] == "allogeneic")]
    assert dict(zip(allogeneic["year"], allogeneic["volume"], strict=True)) == EUROPE
    us = table[(table["region"] == "us") & (table["transplant"] == "allogeneic")]
    assert us[["year", "volume", "rows"]].to_numpy().tolist() == [[2012, 7742, "us_2012_allo_rel, us_2012_allo_unrel"]]
    law = run.assumptions.set_index("quantity")
    drift = law.loc["transplants.volume.drift[europe, allogeneic]"]
    assert (drift["mean"], drift["unit"]) == (pytest.approx(0.064605, abs=1e-6), "log change per year")
    assert law.loc["transplants.volume.noise[us, allogeneic]", "p05"] < drift["p50"]
    assert "history" not in sim.simulate(sim.load(overrides=FEW)).tables


def test_what_is_known_by_a_date_is_all_that_is_used() -> None:
    known = sim.load(overrides=["transplants=europe_by_age", "evidence.as_of=2014-12"])
    trend = known.transplants.volume.trends["allogeneic",]
    assert trend.history.years == (2004, 2008, 2009, 2010, 2011, 2012)
    drift, noise = hand_fit({year: EUROPE[year] for year in trend.history.years})
    assert (trend.drift, trend.noise) == pytest.approx((drift, noise))
    run = sim.simulate(with_sampling(known, draws=64))
    assert run.value("transplants", "p05", year=2012) == run.value("transplants", "p95", year=2012)
    assert run.value("transplants", "p05", year=2013) < run.value("transplants", "p95", year=2013)
    with pytest.raises(InputError, match=r"^transplants.volume.values.allogeneic: 4 of the 9 years of ebmt_2004_allo … "
                       r"ebmt_2017_allo were published by evidence.as_of 2012-12-31; 5 are needed: "
                       r"evidence.as_of=2013-12-31 or later"):  # fmt: skip
        sim.load(overrides=["transplants=europe_by_age", "evidence.as_of=2012"])


TREND_ROWS = "ebmt_2004_pts, ebmt_2008_pts, ebmt_2010_pts, ebmt_2012_pts"

WRONG = [
    ({"value": "trend()"}, "value: trend(): a trend needs the ledger ids of its years"),
    ({"value": f"trend({TREND_ROWS})", "borrowed": None}, "year-to-year noise needs a history of 5 years, 4 given; "
     "another history may lend it: trend(…) like (…)"),
    ({"value": f"trend(wbmt_2006_all) like ({TREND_ROWS})"}, "needs a history of 5 years, 4 given"),
    ({"value": f"trend(wbmt_2006_all) like ({PTS})", "borrowed": None}, "volume.borrowed: 'from …: why' goes with"),
    ({"value": f"trend({PTS})"}, "volume.borrowed: 'from …: why' goes with trend(…) like (…), and with that only"),
    ({"value": 50000}, "volume.borrowed: belongs to a trend(…) only"),
    ({"borrowed": "Europe"}, "volume.borrowed: 'Europe' is not of the form 'from …: why'"),
    ({"basis": "first"}, "volume.basis: 'first' is not of the form 'assumption: taken as first transplants, because"),
    ({"value": f"trend(wbmt_2006_al) like ({PTS})"}, "'wbmt_2006_al' is no row of the evidence ledger; did you mean"),
    ({"value": f"trend(wbmt_2012_all) like ({PTS})"}, "row 'wbmt_2012_all' does not state its basis, first or all"),
    ({"value": f"trend(ebmt_2004_all_tx) like ({PTS})"}, "rows 'ebmt_2004_all_tx' (basis all_transplants) and "
     "'ebmt_2004_pts' (first_transplants) count differently: all transplants of a year are 9 to 20 % more"),
    ({"value": f"trend(wbmt_2006_all, ebmt_2012_pts) like ({PTS})"}, "(region world) and 'ebmt_2012_pts' (Europe "
     "(EBMT)) are no history: different populations"),
    ({"value": f"trend(ebmt_2004_allo, ebmt_2010_auto) like ({PTS})"}, "(transplant_type allogeneic) and"),
    ({"value": f"trend(wbmt_2016_all, wbmt_2006_all) like ({PTS})"}, "(2006): the years must rise"),
    ({"value": f"trend(wbmt_2006_08) like ({PTS})"}, "row 'wbmt_2006_08' is not of one year (era 2006 to 2008)"),
    ({"value": f"trend(seed_vod_rate) like ({PTS})"}, "row 'seed_vod_rate' measures vod_incidence"),
    ({"value": f"trend(wbmt_2006_allo + wbmt_2006_all) like ({PTS})"}, "cannot be added up: the same patients"),
    ({"value": f"trend(wbmt_2006_allo + wbmt_2016_auto_d) like ({PTS})"}, "cannot be added up: different years"),
    ({"value": f"trend(wbmt_2006_all) link ({PTS})"}, "is not a quantity"),
    ({"value": f"trend(wbmt_2006_all; x) like ({PTS})"}, "expected ',' or ')'"),
    ({"value": "trend(" + "a" * 2000 + ")"}, "is too long"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "message"), WRONG, ids=[message[:60] for _, message in WRONG])
def test_wrong_trends_are_one_line(changes: Mapping[str, Any], message: str) -> None:
    carrying: dict[str, Any] = {}
    if changes.get("value") == 50000:
        base = composed(["scenario=press_release", *PATIENTS]).mapping["transplants"]
        carrying = {name: base[name] for name in ("growth", "growth_pattern", "reference_year")}
    mapping = dict(composed(["transplants=worldwide", *PATIENTS]).mapping)
    volume = {**mapping["transplants"]["volume"], **changes}
    with pytest.raises(InputError, match=re.escape(message)) as refused:
        assume({**mapping, "transplants": {**mapping["transplants"], **carrying, "volume": volume}})
    assert str(refused.value).startswith("transplants.volume")
    assert "\n" not in str(refused.value)


def test_types_that_are_added_up_are_one_history() -> None:
    rows = [("us_2012_allo_rel", "us_2012_allo_unrel")]
    found = read_history(LEDGER, rows)
    assert found.volumes == {2012: 7742}
    assert found.rows == rows[0]
    rated = {**dict.fromkeys(COLUMNS, ""), **LEDGER["us_2012_auto"], "id": "later", "era_start": "2013",
             "era_end": "2013", "transplant_type": "allogeneic"}  # fmt: skip
    after = Ledger({**LEDGER.rows, "later": rated}, "")
    assert read_history(after, [*rows, ("later",)]).years == (2012, 2013)


def test_a_volume_is_all_trends_or_none() -> None:
    words = ["transplants=europe_us", "transplants.volume.values.us.autologous={value: 10000, source: 'assumption: x'}"]
    with pytest.raises(InputError, match=r"^transplants.volume.values.us.autologous: stands beside fitted trends"):
        sim.load(overrides=words)


def test_unstated_rows_may_join_a_history_by_assumption() -> None:
    words = {
        "value": f"trend(wbmt_2006_all, wbmt_2012_all, wbmt_2013_all, wbmt_2016_all) like ({PTS})",
        "basis": "assumption: taken as first transplants, because they lie on the line of those that say so",
    }
    found = with_volume(words, *FEW)
    assert found.transplants.volume.trends[()].history.years == (2006, 2012, 2013, 2016)
    assert (
        "basis unstated in wbmt_2012_all, wbmt_2013_all: taken as first" in found.leaves["transplants.volume"].flags[1]
    )
    otherwise = {**words, "basis": "assumption: taken as all transplants, because nobody says"}
    with pytest.raises(InputError, match=r"'wbmt_2012_all' \(all_transplants\) count differently"):
        with_volume(otherwise, *FEW)


CARRYING = ["transplants.growth.value=0.02", "transplants.growth_pattern=yearly", "transplants.reference_year=2005",
            "transplants.growth={value:0.02}", "+transplants.growth.value=0.02"]  # fmt: skip


@pytest.mark.parametrize("override", CARRYING)
def test_growth_beside_a_trend_is_refused_however_it_is_typed(override: str) -> None:
    key = ".".join(override.lstrip("+").split("=")[0].split(".")[:2])
    with pytest.raises(InputError, match=f"^{re.escape(f'{key}: {NO_GROWTH}')}$"):
        sim.load(overrides=["transplants=worldwide", override])


def test_a_misspelt_key_of_growth_is_still_that() -> None:
    with pytest.raises(
        InputError, match=r"^transplants.growth.valu: unknown key; did you mean 'transplants.growth.value'"
    ):
        sim.load(overrides=["transplants.growth.valu=0.02"])


def test_growth_beside_a_trend_is_refused_in_a_file(tmp_path: Path, typed: Typed) -> None:
    (tmp_path / "scenario").mkdir()
    (tmp_path / "scenario" / "mine.yaml").write_text(
        "# @package _global_\ndefaults: [{override /transplants: worldwide}]\nscenario: {title: T, story: S}\n"
        "transplants: {growth: {value: 2%, unit: change per year, source: 'assumption: x'}}\n",
        encoding="utf-8",
    )
    found = typed("--config-dir", str(tmp_path), "scenario=mine")
    assert (found.returncode, found.stderr) == (2, f"sim: transplants.growth: {NO_GROWTH}\n")


def test_a_scenario_may_put_a_trend_in_place_of_growth(tmp_path: Path) -> None:
    (tmp_path / "scenario").mkdir()
    (tmp_path / "scenario" / "mine.yaml").write_text(
        "# @package _global_\nscenario: {title: T, story: S}\n"
        "transplants:\n  growth: null\n  growth_pattern: null\n  reference_year: null\n"
        f"  volume: {{value: 'trend({PTS})', source: ebmt_2004_pts}}\n",
        encoding="utf-8",
    )
    run = sim.simulate(sim.load("mine", FEW, config_dir=tmp_path))
    assert run.value("transplants", year=2010) == 30012
    assert run.assumptions.set_index("quantity").loc["transplants.volume", "spread"] == ""


def test_a_number_in_place_of_a_trend_needs_its_growth() -> None:
    with pytest.raises(InputError, match=r"^transplants.growth: is missing: the volume is no fitted trend"):
        sim.load(overrides=["transplants=worldwide", "transplants.volume.value=80000"])


def test_a_trend_is_read_with_any_spacing() -> None:
    assert read_trend("trend( a ,b+ c,d,e,f )") == ((("a",), ("b", "c"), ("d",), ("e",), ("f",)), ())
    assert read_trend("trend(a) like (b, c, d, e, f)").like == (("b",), ("c",), ("d",), ("e",), ("f",))


def test_all_values_of_an_option_count_alike() -> None:
    words = (
        f"{{value: 'trend(us_2018_auto_r) like ({PTS})', source: us_2018_auto_r, borrowed: '{BORROWED}', basis: null}}"
    )
    with pytest.raises(InputError, match=r"^transplants.volume.values.us.autologous: rows 'ebmt_2004_allo' \(basis "
                       r"first_transplants\) and 'us_2018_auto_r' \(all_transplants\) count differently"):  # fmt: skip
        sim.load(overrides=["transplants=europe_us", f"transplants.volume.values.us.autologous={words}"])


def test_a_row_from_memory_is_flagged() -> None:
    words = {"value": f"trend(ebmt_2003_pts_r, {PTS})", "borrowed": None}
    leaf = with_volume(words, *FEW).leaves["transplants.volume"]
    assert leaf.flags == ("from memory, unverified: ebmt_2003_pts_r",)
    table = sim.simulate(with_volume(words, *FEW)).tables["history"]
    assert table["verified"].tolist() == ["recalled", *["retrieved"] * 6]


def test_what_a_part_borrows_from_another_is_one_unknown() -> None:
    """The growth of the United States is Europe's, in each draw, not another guess at the same number."""
    drawn = sample(sim.load(overrides=["transplants=europe_us"]), range(512))
    for kind in ("allogeneic", "autologous"):
        for name in ("drift", "noise"):
            part = drawn[f"transplants.volume.{name}"].sel(transplant=kind)
            assert np.array_equal(part.sel(region="us"), part.sel(region="europe"))
        shock = drawn["transplants.volume.shock"].sel(transplant=kind).sum("shock_year")
        assert not np.array_equal(shock.sel(region="us"), shock.sel(region="europe"))


def test_a_lender_outside_the_volume_shares_nothing() -> None:
    world = sample(sim.load(overrides=["transplants=worldwide"]), range(64))["transplants.volume.noise"]
    europe = sample(sim.load(overrides=["transplants=europe_us"]), range(64))["transplants.volume.noise"]
    assert not np.array_equal(world, europe.isel(region=0, transplant=0))
