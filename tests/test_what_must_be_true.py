"""What must be true: boxes, inputs alone, goal seek, stress; closed forms, and what must hold whatever is asked."""

import io
import math
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import sim
from sim.analysis.sensitivity.aim import AT_LEAST, AT_MOST, Aim
from sim.analysis.sensitivity.alone import ranges_of
from sim.analysis.sensitivity.surface import BoolArray, Surface
from sim.assumptions.schema import Assumptions
from sim.assumptions.sensitivity import Sensitivity
from sim.draws.streams import FloatArray
from sim.errors import InputError
from sim.results.run import Results
from sim.views.sensitivity.parts import parts, sensitivity_pictures
from tests.conftest import PATIENTS, Typed
from tests.test_market import LOGNORMAL

SMALL = ["report=none", *PATIENTS, "years.last=2008", "sampling.draws=1024"]
MARKET = [*LOGNORMAL, "report=none", "sampling.replicates=8", "sampling.draws=2048"]


@cache
def assumed(*words: str) -> Assumptions:
    return sim.load(overrides=words)


@cache
def small() -> Results:
    return sim.simulate(assumed(*SMALL))


@cache
def market() -> Results:
    return sim.simulate(assumed(*MARKET))


def read_back(results: Results) -> Results:
    """The same with tables as a saved run has them."""
    tables = {name: pd.read_csv(io.StringIO(table.to_csv(index=False))) for name, table in results.tables.items()}
    return replace(results, tables=tables)


def asked(results: Results, method: str, **settings: Any) -> pd.DataFrame:
    return sim.ask(results, method, **settings).tables[method]


def sought(words: list[str], results: Results, **settings: Any) -> pd.DataFrame:
    found = sim.ask(results, "goal", assumptions=assumed(*words), **settings)
    return found.tables["goal"]


def normal_sum(rows: FloatArray, _second: BoolArray | None) -> FloatArray:
    return np.asarray(norm.ppf(rows) @ np.array([1.0, 2.0, 0.0]))


SUM = Surface(("a", "b", "c"), ((0,), (1,), (2,)), normal_sum)


def test_value_alone_is_exact() -> None:
    a, b, c = ranges_of(SUM, Aim(AT_LEAST, 1.0))
    assert (a.low, b.low) == pytest.approx((norm.cdf(1.0), norm.cdf(0.5)), abs=1e-9)
    assert (a.high, b.high, c.share) == (1.0, 1.0, 0.0)
    assert math.isnan(c.low)
    below = ranges_of(SUM, Aim(AT_MOST, 1.0))
    assert below[0].share == pytest.approx(1 - a.share, abs=1e-9)
    assert below[2].share == 1.0


def test_several_ranges_are_added() -> None:
    hill = Surface(("u",), ((0,),), lambda rows, _: np.abs(rows[:, 0] - 0.4))
    (found,) = ranges_of(hill, Aim(AT_LEAST, 0.2))
    assert (found.low, found.high, found.share) == pytest.approx((0.6, 1.0, 0.6), abs=1e-8)


def test_lognormal_alone() -> None:
    run = sim.ask(market(), "boxes", assumptions=assumed(*MARKET), target="peak_sales", at_least="60 M")
    table = run.tables["alone"].set_index("input")
    known = {"vod.incidence": (0.05, 0.20), "vod.severe_fraction": (0.45, 0.15), "market.list_price.all": (1e5, 0.10)}
    for name, (median, spread) in known.items():
        needed = median * 60 / 45
        likely = norm.sf(math.log(60 / 45) / spread)
        assert table.loc[name, "at_least"] == pytest.approx(needed, rel=1e-6)
        assert table.loc[name, "probability"] == pytest.approx(likely, abs=1e-8)
    assert table["probability"]["vod.day100_mortality"] == 0
    assert np.isnan(table["at_least"]["vod.day100_mortality"])


def test_box_of_a_run() -> None:
    run = read_back(sim.ask(small(), "boxes", at_least=3000))
    box = run.tables["boxes"]
    assert set(box["input"]) == {"vod.incidence", "vod.severe_fraction", "transplants.volume"}
    assert (box["at_most"].isna() & box["at_least"].notna()).all()
    draws = run.draws
    inside = np.logical_and.reduce([draws[row["input"]] >= row["at_least"] for _, row in box.iterrows()])
    met = draws["severe_vod"].sum(("region", "transplant", "age_group")).sel(year=2008).to_numpy() >= 3000
    first, judge = box.iloc[0], np.arange(len(met)) % 8 >= 4
    assert first["judged"] == judge.sum()
    assert first["density"] == pytest.approx(met[inside & judge].mean())
    assert first["coverage"] == pytest.approx((met & inside & judge).sum() / (met & judge).sum())
    assert first["mass"] == pytest.approx(inside[judge].mean())
    assert first["density"] > first["of_all"] + 10 * first["of_all_error"]
    assert (first["density"] > box["density_without"]).all()
    shown = {part.name: part for part in parts(run)}
    assert "Severe VOD in 2008 of at least 3,000 wants" in shown["boxes"].sentence
    assert shown["alone"].sentence.startswith("VOD ")


def test_threshold_in_the_draws() -> None:
    tables = [sim.ask(small(), "boxes", at_least=3000, assumptions=given).tables for given in (None, assumed(*SMALL))]
    sampled, exact = (found["alone"].set_index("input") for found in tables)
    assert (
        sampled["probability"].isna().to_dict()["vod.day100_mortality"]
    )  # it moves nothing, and chance is no threshold
    for name in ("vod.incidence", "vod.severe_fraction"):
        assert abs(sampled["low_percentile"][name] - exact["low_percentile"][name]) < 15
        inside = small().draws[name].to_numpy() >= sampled["at_least"][name]
        assert sampled["probability"][name] == inside.mean()
        assert sampled["inside"][name] == (_severe(small()) >= 3000)[inside].mean() > sampled["of_all"][name]


def test_own_median_is_said() -> None:
    run = sim.ask(small(), "boxes", density=0.8)
    assert "its median" in next(part.sentence for part in parts(run) if part.name == "boxes")
    assert run.tables["boxes"]["bound"].iloc[0] == np.median(_severe(small()))


def _severe(results: Results) -> FloatArray:
    total = results.draws["severe_vod"].sum(("region", "transplant", "age_group")).sel(year=2008)
    return np.asarray(total.to_numpy(), dtype=np.float64)


def test_labels_of_a_choice() -> None:
    run = read_back(
        sim.ask(
            sim.simulate(sim.load(overrides=[*SMALL, "vod=cohorts"])),
            "boxes",
            "stress",
            given={"vod.cohort": "premier_2017"},
        )
    )
    row = run.tables["boxes"].set_index("input").loc["vod.cohort"]
    assert row["labels"] == "premier_2017"
    alone = run.tables["alone"].set_index("input").loc["vod.cohort"]
    assert alone["labels"] == "premier_2017"
    assert run.tables["stress"]["share"].iloc[0] == pytest.approx(0.5, abs=0.01)
    assert {"boxes", "alone", "stress"} <= set(sensitivity_pictures(run))


def test_certain_price() -> None:
    goal = {"key": "market.list_price.all.value", "statistic": "probability", "probability": 0.8, "between": [6e4, 1e5]}
    table = sought(MARKET, market(), target="peak_sales", at_least=30e6, goal=goal, draws=2048)
    found = table[table["is_found"]].iloc[0]
    print(f"price with P(R ≥ 30 M) = 0.80: {found['value']:,.2f} ± {found['value_error']:,.2f}, exact 82,333.87")
    assert abs(found["value"] - 82_333.87) < 3 * found["value_error"] < 2e-2 * 82_333.87
    assert found["answer"] == pytest.approx(0.8, abs=1e-3)
    assert table["value"].is_monotonic_increasing


def test_goal_on_a_mean_is_linear() -> None:
    goal = {"key": "vod.incidence.value", "between": [0.05, 0.4]}
    table = sought(SMALL, small(), at_least=2000, goal=goal)
    found = table[table["is_found"]].iloc[0]
    fixed = sim.simulate(sim.load(overrides=[*SMALL, f"vod.incidence.value={found['value']}"]))
    assert found["answer"] == pytest.approx(_severe(fixed).mean())  # the same draws and the same chance as a run's
    assert found["answer"] == pytest.approx(2000, abs=1)
    drawn = read_back(replace(small(), tables={"goal": table}))
    assert "VOD incidence = 0." in parts(drawn)[0].sentence


def test_top_tenth() -> None:
    table = asked(market(), "stress", target="peak_sales", given={"vod.incidence": "top 10%"})
    mean = table.iloc[0]
    print(f"E[R | top tenth]: {mean['given']:,.0f} ± {mean['given_error']:,.0f}, exact 65,210,798.67")
    assert (mean["variable"], mean["statistic"]) == ("peak_sales", "mean")
    assert abs(mean["given"] - 65_210_798.67) < 4 * mean["given_error"] < 4e-2 * mean["given"]
    assert abs(mean["of_all"] - 46_670_510.10) < 4 * mean["of_all_error"] < 1e-2 * mean["of_all"]


def test_parts_of_a_whole() -> None:
    top, rest = (asked(small(), "stress", given={"vod.incidence": text}) for text in ("top 25%", "bottom 75%"))
    assert top["draws"].iloc[0] + rest["draws"].iloc[0] == 1024
    means = [table["given"].iloc[0] * table["share"].iloc[0] for table in (top, rest)]
    assert sum(means) == pytest.approx(top["of_all"].iloc[0])
    assert top["of_all"].iloc[0] == pytest.approx(small().value())
    assert top["of_all_error"].iloc[0] == pytest.approx(small().error())


def test_forms_of_a_place_agree() -> None:
    values = small().draws["vod.incidence"].to_numpy()
    inside = (values >= 0.18) & (values <= 0.22)
    for text in ("0.18 to 0.22", "18% to 22%"):
        assert asked(small(), "stress", given={"vod.incidence": text})["draws"].iloc[0] == inside.sum()
    assert asked(small(), "stress", given={"vod.incidence": "< 0.2"})["draws"].iloc[0] == (values < 0.2).sum()


def test_what_holds_in_every_draw_is_said() -> None:
    table = asked(small(), "stress", given={"vod.incidence": ">= 0", "vod.severe_fraction": "top 50%"})
    assert set(table["note"]) == {"vod.incidence: >= 0 holds in every draw"}
    assert set(asked(small(), "stress", given={"vod.incidence": "top 50%"})["note"]) == {""}
    whole = asked(small(), "stress", given={"vod.incidence": "0% to 100%"})
    assert (whole["given"] == whole["of_all"]).all()


def test_bounds_are_read_as_amounts_are() -> None:
    for text, number in (("82 M", 82e6), ("500 k", 5e5), ("1.2 bn", 1.2e9), ("80%", 0.8), (3000, 3000.0)):
        assert Sensitivity.read({"at_least": text}).at_least == number
    found = [
        Sensitivity.read({"target": "readout_date", side: text})
        for side in ("at_most", "at_least")
        for text in ("2008", 2008, "2008-01-01 to 2008-12-31", "2008-H2", "31 December 2008")
    ]
    assert len({one.at_most for one in found[:5]}) == 1
    assert len({one.at_least for one in found[5:8]}) == 1
    goal = {"key": "market.list_price.us.value", "between": ["1 k", "2 k"], "statistic": "probability"}
    read = Sensitivity.read({"goal": {**goal, "probability": "80%"}, "density": "90%"})
    assert read.goal is not None
    assert (read.goal.between, read.goal.probability, read.density) == ((1000, 2000), 0.8, 0.9)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("npv", "'npv' is no variable; did you mean 'net_present_value'?"),
        ("severe_vot", "did you mean 'severe_vod'?"),
        ("money", "docs/variables.md has all"),
    ],
)
def test_a_target_is_hinted_at(name: str, hint: str) -> None:
    with pytest.raises(InputError) as fault:
        Sensitivity.read({"target": name})
    assert hint in str(fault.value)
    assert str(fault.value).count(",") < 10
    with pytest.raises(InputError) as fault:
        Sensitivity.read({"events": [f"{name} > 0"]})
    assert hint.partition(" is no ")[2] in str(fault.value)


REFUSED = [
    ("boxes", {"at_least": 1e9}, "sensitivity.at_least: severe_vod is at least 1e+09 in no draw"),
    ("boxes", {"at_most": "1 M"}, "sensitivity.at_most: severe_vod is at most 1e+06 in every draw"),
    ("boxes", {"at_least": 4900}, "boxes needs 256 draws, 32 of them on either side"),
    ("boxes", {"density": 1}, "sensitivity.density: 1"),
    ("stress", {}, "sensitivity.given: stress needs inputs"),
    ("stress", {"given": {"vod.incidense": "top 10%"}}, "did you mean 'vod.incidence'?"),
    ("stress", {"given": {"transplants.growth": "top 10%"}}, "transplants.growth is certain in this run"),
    ("stress", {"given": {"vod.incidence": "top 1%"}}, "of 1024 draws are left, below 100"),
    ("stress", {"given": {"vod.incidence": ">= 0.9"}}, "sensitivity.given.vod.incidence: '>= 0.9' holds in no draw"),
    (
        "stress",
        {"given": {"vod.severe_fraction": ">= 0", "vod.incidence": "< 0.01"}},
        "in this run; set the value itself (vod.incidence.value=…), or choose other rates such as vod=cohorts",
    ),
    ("stress", {"given": {"transplants.volume": "1 M to 2 M"}}, "in this run; set the value itself (transplants.v"),
    ("stress", {"given": {"transplants.volume": "< 1"}}, "transplants.volume lies between 33,093 and"),
    ("stress", {"given": {"vod.incidence": "top 0%"}}, "a part lies between 0 % and 100 %"),
    ("stress", {"given": {"vod.incidence": "around 3"}}, "sensitivity.given.vod.incidence: 'around 3' cannot be read"),
    ("stress", {"given": {"vod.incidence": "high"}}, "vod.incidence has no labels"),
    ("stress", {"given": {"vod.incidence": "<= 2008-06"}}, "'2008-06' is a date, where numbers are"),
    ("goal", {"at_least": 1, "goal": {"key": "vod.incidence.value", "between": [0.1, 0.2]}}, "goal asks the model"),
    ("goal", {"goal": {"key": "vod.incidence.value", "between": [0.1, 0.2]}}, "sensitivity.at_least: goal needs it"),
    ("goal", {"at_least": 1}, "sensitivity.goal: what is sought"),
    (
        "goal",
        {"at_least": 1, "goal": {"key": "vod.incidence.value"}},
        "sensitivity.goal.between: is missing; write {key: market.list_price.us.value, between: [100, 1000]}",
    ),
    ("goal", {"at_least": 1, "goal": {"between": [1, 2]}}, "sensitivity.goal.key: is missing; write {key: "),
    ("goal", {"at_least": 1, "goal": {"key": "a", "betwen": [1, 2]}}, "sensitivity.goal.betwen: unknown key; did you"),
    ("goal", {"at_least": 1, "goal": "vod.incidence.value"}, "sensitivity.goal: 'vod.incidence.value' does not say"),
    ("goal", {"at_least": "June 2008"}, "sensitivity.at_least: 'June 2008' is a date, where numbers are"),
    ("goal", {"at_least": "50 Mio"}, "sensitivity.at_least: '50 Mio' is neither a number nor a date; write 0.2, 20%"),
    ("goal", {"goal": {"key": "vod.x.value", "between": [2, 1]}}, "sensitivity.goal.between: 2 is not below 1"),
    ("goal", {"goal": {"key": "sampling.seed", "between": [1, 2]}}, "sensitivity.goal.key: 'sampling.seed'"),
    ("goal", {"goal": {"key": "vod.x.value", "between": [1, 2], "probability": 0.5}}, "sensitivity.goal.probability"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "given", "message"), REFUSED)
def test_refusals(method: str, given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as fault:
        asked(small(), method, **given)
    assert message in str(fault.value)
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize(
    ("goal", "message"),
    [
        (
            {"key": "vod.incidence.value", "between": [0.3, 0.4]},
            "never crosses 2000 between: it is 4499.35 at vod.incidence.value=0.3",
        ),
        ({"key": "vod.incidense.value", "between": [0.3, 0.4]}, "did you mean 'vod.incidence.value'?"),
        ({"key": "vod.incidence.value", "between": [0.3, 4]}, "sensitivity.goal: at 1.09545: vod.incidence.value"),
    ],
)
def test_goal_out_of_reach(goal: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=r"sensitivity\.goal") as fault:
        sought(SMALL, small(), at_least=2000, goal=goal)
    assert message in str(fault.value)


def test_too_few_draws() -> None:
    few = sim.simulate(sim.load(overrides=[*SMALL, "sampling.draws=128"]))
    with pytest.raises(InputError, match=r"sampling\.draws: boxes needs 256 draws"):
        asked(few, "boxes")


@pytest.mark.once
def test_typed(typed: Typed) -> None:
    done = typed(
        "sensitivity=[boxes,stress,goal,joint]", "sensitivity.at_least=3000",
        "sensitivity.given={vod.incidence: top 10%}",
        "sensitivity.goal={key: vod.incidence.value, between: [0.1, 0.4]}",
        'sensitivity.events=["vod.incidence >= 20%", "severe_vod >= 3000"]', *SMALL, "hydra.run.dir=run",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "wants" in done.stdout
    assert "With VOD incidence in its top 10" in done.stdout
    assert "VOD incidence ≥ 20 % and severe VOD in 2008 ≥ 3000" in done.stdout.replace("\u00a0", " ")
    assert "of severe VOD in 2008 is 3,000 at VOD incidence" in done.stdout
