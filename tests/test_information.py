"""The value of information: closed forms, what holds for any decision, refusals, and the tables of a run."""

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as for_any
from hypothesis import settings
from hypothesis import strategies as st
from scipy.special import ndtri
from scipy.stats import beta as beta_law
from scipy.stats import betabinom, binom, qmc

import sim
from sim.analysis.sensitivity.information.channels import counted_events, counted_share, mean_of_normals
from sim.analysis.sensitivity.information.options import Options, Worth
from sim.analysis.sensitivity.information.perfect import evpi, evppi, given, held
from sim.analysis.sensitivity.information.sampled import Learnable, evsi, growing
from sim.analysis.sensitivity.information.studies import outcomes_of
from sim.asking import designs
from sim.assumptions.decision import Cost, Study
from sim.assumptions.sensitivity import Sensitivity
from sim.draws.streams import FloatArray
from sim.errors import InputError
from sim.results.batches import Batches
from sim.results.run import Results
from sim.views.sensitivity.information import information as picture
from sim.views.sensitivity.information import part as information_part
from sim.views.sensitivity.part import records
from sim.views.sensitivity.studies import part as studies_part
from sim.views.sensitivity.studies import studies as studies_picture

DRAWS, REPLICATES = 2**14, 8
WITHIN = 3.5  # errors: thirty numbers are looked at


def uniforms(width: int, draws: int = DRAWS, seed: int = 1) -> FloatArray:
    """Sobol' points, scrambled anew in each of eight replicates, interleaved: [draw, input]."""
    found = np.empty((draws, width))
    for one in range(REPLICATES):
        found[one::REPLICATES] = qmc.Sobol(width, rng=100 * seed + one).random(draws // REPLICATES)
    return found


def normals(width: int, draws: int = DRAWS, seed: int = 1) -> FloatArray:
    return np.asarray(ndtri(uniforms(width, draws, seed)))


def options(*benefits: FloatArray) -> Options:
    benefit = np.stack(benefits, axis=1)
    names = tuple(map(str, range(len(benefits))))
    return Options(names, benefit, np.arange(len(benefit)) % REPLICATES, Batches(REPLICATES))


def partial(decided: Options, *columns: FloatArray) -> Worth:
    return evppi(decided, given(decided, np.stack(columns, axis=1)))


def near(found: Worth, true: float, error: float) -> None:
    """Within its stated error, and that no larger than it may be."""
    print(f"{found.value:.7g} ± {found.error:.2g}, true {true:.7g}, {(found.value - true) / found.error:+.1f} errors")
    assert abs(found.value - true) <= WITHIN * found.error
    assert found.error <= error


def test_two_options_have_the_values_of_their_closed_forms() -> None:
    z = normals(2)
    p1, p2 = 1 + z[:, 0], 2 * z[:, 1]
    decided = options(np.zeros(DRAWS), p1 - p2)
    near(evpi(decided), 0.4798107, 0.001)
    near(partial(decided, p1), 0.0833155, 0.001)
    near(partial(decided, p2), 0.3955931, 0.001)
    near(partial(decided, p1, p2), 0.4798107, 0.001)


def test_samples_of_one_of_two_options_have_the_values_of_their_closed_forms() -> None:
    z = normals(2)
    known = Learnable(options(np.zeros(DRAWS), 1 + z[:, 0] - 2 * z[:, 1]), 1 + z[:, 0])
    for n, true in ((10, 0.0723251), (100, 0.0821176), (1000, 0.0831946)):
        near(evsi(known, mean_of_normals(known.places, 1 / n**0.5)), true, 0.001)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_an_interaction_is_worth_nothing_in_part_and_all_together(seed: int) -> None:
    a, b = normals(2, seed=seed).T
    decided = options(np.zeros(DRAWS), a * b)
    near(partial(decided, a, b), 0.3183099, 0.001)
    for alone in (a, b):
        found = partial(decided, alone)
        near(found, 0, 0.002)
        assert found.value < 0.0015


LOGS = np.log([20_000, 0.05, 0.45, 100_000])
SPREADS = np.array([0.02, 0.20, 0.15, 0.10])


def lognormal_market() -> tuple[Options, FloatArray]:
    """Go, for 36 million, or no-go, in a market of four factors; and these: [draw, factor]."""
    factors = np.exp(LOGS + SPREADS * normals(4, seed=2))
    return options(factors.prod(axis=1) - 36e6, np.zeros(DRAWS)), factors


def test_the_lognormal_market_has_the_values_of_its_closed_form() -> None:
    decided, factors = lognormal_market()
    volume, incidence, severe, price = factors.T
    near(evpi(decided), 986_111, 5_000)
    near(partial(decided, volume), 0, 1_000)
    near(partial(decided, incidence), 373_557, 5_000)
    near(partial(decided, severe), 104_095, 5_000)
    near(partial(decided, price), 6_072, 6_000)
    near(partial(decided, incidence, severe), 789_207, 8_000)


def test_observations_of_incidence_have_the_values_of_their_closed_form() -> None:
    decided, factors = lognormal_market()
    known = Learnable(decided, factors[:, 1])
    for n, true, error in ((10, 10_930.64, 600), (50, 159_006.24, 2_000), (200, 297_337.28, 3_000)):
        near(evsi(known, mean_of_normals(np.log(known.places), 1 / n**0.5)), true, error)


@pytest.mark.parametrize("n", [5, 40, 300, 3000])
def test_a_chart_review_of_a_beta_share_has_the_value_of_the_beta_binomial(n: int) -> None:
    a, b, hurdle = 20.0, 80.0, 0.21
    shares = beta_law.ppf(uniforms(1)[:, 0], a, b)
    known = Learnable(options(np.zeros(DRAWS), shares - hurdle), shares)
    charts = np.arange(n + 1)
    gains = (a + charts) / (a + b + n) - hurdle
    true = betabinom.pmf(charts, n, a, b) @ np.maximum(gains, 0) - max(a / (a + b) - hurdle, 0)
    near(evsi(known, counted_share(known.places, n)), float(true), 2e-4)


def test_a_chart_review_agrees_with_the_regression_on_simulated_charts() -> None:
    z = uniforms(3, seed=4)
    shares = beta_law.ppf(z[:, 0], 20, 80)
    decided = options(np.zeros(DRAWS), shares - 0.21 + 0.05 * ndtri(z[:, 1]))
    known = Learnable(decided, shares)
    by_curve = evsi(known, counted_share(known.places, 200))
    simulated = partial(decided, np.asarray(binom.ppf(z[:, 2], 200, shares)))
    assert abs(by_curve.value - simulated.value) < 3 * np.hypot(by_curve.error, simulated.error)
    assert by_curve.error < 0.1 * by_curve.value


def test_every_outcome_is_counted_once() -> None:
    shares = np.linspace(0.001, 0.4, 50)
    for found in (
        counted_share(shares, 7),
        counted_share(shares, 100_000, 0.3),
        counted_events(shares, 50, 0.2),
        mean_of_normals(shares, 0.1),
    ):
        assert found.min() >= 0
        assert np.allclose(found.sum(axis=1), 1, atol=1e-12)


def test_more_data_are_worth_more_and_never_more_than_knowing() -> None:
    decided, factors = lognormal_market()
    known = Learnable(decided, factors[:, 1])
    for kind in ({"kind": "chart_review"}, {"kind": "registry", "between": 0.2}, {"kind": "normal", "sd": 1.0},
                 {"kind": "expert_panel", "sd": 0.3, "correlation": 0.4}):  # fmt: skip
        study = Study.model_validate({**kind, "of": "incidence", "n": [5, 20, 100, 1000, 20_000], "source": "row"})
        found = [one.value for one in growing(known, outcomes_of(study, known.places, "study"), study.n)]
        assert found == sorted(found)
        assert 0 <= found[0] < found[-1] <= known.perfect.value


def test_what_experts_share_and_populations_differ_by_no_number_removes() -> None:
    decided, factors = lognormal_market()
    known = Learnable(decided, factors[:, 1])

    def worth(n: int, **settings: Any) -> float:
        study = Study.model_validate({"of": "incidence", "n": n, "source": "row", **settings})
        return evsi(known, outcomes_of(study, known.places, "study")(n)).value

    alike = {"kind": "expert_panel", "sd": 0.3, "correlation": 1.0}
    assert worth(1, **alike) == worth(50, **alike)
    apart = {"kind": "expert_panel", "sd": 0.3}
    assert worth(9, **apart) == pytest.approx(worth(9, kind="normal", sd=0.3), rel=1e-12)
    registry = worth(10_000_000, kind="registry", between=0.3)
    assert registry == pytest.approx(worth(1, kind="normal", sd=0.3, scale="logit"), rel=0.01)
    assert registry < 0.7 * worth(10_000_000, kind="registry")


@settings(max_examples=6, deadline=None)
@for_any(
    st.lists(st.floats(-2, 2), min_size=3, max_size=3), st.floats(-1, 1), st.integers(0, 10**6), st.floats(0.001, 1e6)
)
def test_parts_are_never_worth_more_than_the_whole_and_money_scales(
    slopes: list[float], middle: float, seed: int, unit: float
) -> None:
    x = np.random.default_rng(seed).standard_normal((512, 4))
    gain = x[:, :3] @ slopes + middle + 0.3 * x[:, 3]
    members = {("group", "all"): ["a", "b", "c"], ("group", "two"): ["a", "b"]}
    members |= {("quantity", name): [name] for name in "abc"}

    def values(scale: float) -> tuple[Mapping[tuple[str, str], Worth], Worth]:
        decided = options(np.zeros(512), scale * gain)
        found = {key: partial(decided, *(x[:, "abc".index(name)] for name in names)) for key, names in members.items()}
        return held(found, members, evpi(decided)), evpi(decided)

    found, whole = values(1.0)
    for key, names in members.items():
        assert 0 <= found[key].value <= whole.value
        parts = [found[other].value for other, inside in members.items() if set(inside) <= set(names)]
        assert found[key].value == max(parts)
    scaled, scaled_whole = values(unit)
    assert scaled_whole.value == pytest.approx(unit * whole.value, rel=1e-9)
    for key, worth in found.items():
        assert scaled[key].value == pytest.approx(unit * worth.value, rel=1e-6, abs=unit * 1e-9)


def test_an_input_that_does_nothing_is_worth_nothing_and_a_unit_does_not_matter() -> None:
    rng = np.random.default_rng(5)
    x = rng.standard_normal((4096, 21))
    decided = options(np.zeros(4096), x[:, 0])
    for place in range(1, 21):
        found = partial(decided, x[:, place])
        assert found.value <= 2.5 * found.error
    several = partial(decided, *x[:, 1:].T)
    assert several.value <= 2.5 * several.error
    assert partial(decided, np.exp(3 * x[:, 0])).value == partial(decided, x[:, 0]).value > 0.35


def test_among_three_options_each_is_chosen_where_it_is_best() -> None:
    a, b = normals(2, seed=6).T
    decided = options(np.zeros(DRAWS), a, b)
    near(evpi(decided), (1 + 2**0.5) / (2 * np.pi**0.5), 0.002)
    near(partial(decided, a), 1 / (2 * np.pi) ** 0.5, 0.002)


def read(**given_settings: Any) -> Sensitivity:
    return Sensitivity.read({"methods": {"information": True}, **given_settings})


STUDY = {"kind": "chart_review", "of": "vod.incidence", "n": [50, 100], "source": "assumption: a guess"}


def test_money_is_read_as_people_write_it() -> None:
    for text, number in (("82 M", 82e6), ("500 k", 5e5), ("1.2 bn", 1.2e9), ("80%", 0.8), (36e6, 36e6), ("36e6", 36e6)):
        found = read(
            decision={"cost": text},
            studies={
                "single": {**STUDY, "cost": text},
                "whole": {**STUDY, "cost": {"fixed": text, "each": text}, "sd": text, "kind": "normal"},
            },
        )
        assert found.decision is not None
        assert found.studies is not None
        assert found.decision.cost == number
        assert found.studies["single"].cost == Cost(fixed=number)
        assert found.studies["whole"].cost.of(2) == 3 * number
        options = read(decision={"options": {"a": text, "b": None}}).decision
        assert options is not None
        assert options.options == {"a": number, "b": None}


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        (
            {"decision": {"cost": "82 Mio"}},
            "sensitivity.decision.cost: '82 Mio' is no number; write 82 M, 500 k, 1.2 bn, 80% or 36e6",
        ),
        (
            {"decision": {"cost": "82,000"}},
            "sensitivity.decision.cost: 82,000 has a comma inside a number: write 82000",
        ),
        ({"decision": {"cost": True}}, "sensitivity.decision.cost: True is no number; write"),
        ({"decision": {"options": {"a": "x", "b": 0}}}, "sensitivity.decision.options.a: 'x' is no number; write"),
        ({"studies": {"x": {**STUDY, "cost": "much"}}}, "sensitivity.studies.x.cost.fixed: 'much' is no number; write"),
        ({"studies": {"x": {**STUDY, "cost": "-1 k"}}}, "sensitivity.studies.x.cost.fixed: -1000.0 is below 0"),
        ({"decision": {"cots": 1}}, "sensitivity.decision.cots: unknown key"),
        (
            {"decision": {"options": {"phase3_response": 0}}},
            "sensitivity.decision.options: a choice needs at least two",
        ),
        ({"decision": {"cost": 1, "options": {"a": 0, "b": 0}}}, "sensitivity.decision.cost: is that of going ahead"),
        (
            {"studies": {"x": {**STUDY, "kind": "chart_reviw"}}},
            "sensitivity.studies.x.kind: 'chart_reviw' is not one of",
        ),
        ({"studies": {"x": {**STUDY, "n": [10, 5]}}}, "sensitivity.studies.x.n: 10, 5 must rise"),
        ({"studies": {"x": {**STUDY, "n": 0}}}, "sensitivity.studies.x.n.0: 0 is below 1"),
        ({"studies": {"x": {**STUDY, "sd": 1}}}, "sensitivity.studies.x.sd: is no key of chart_review"),
        ({"studies": {"x": {**STUDY, "kind": "normal"}}}, "sensitivity.studies.x.sd: is missing"),
        ({"studies": {"x": {**STUDY, "source": "a guess"}}}, "sensitivity.studies.x.source: 'a guess' is neither"),
        ({"studies": {"x": {**STUDY, "cost": {"each": -1}}}}, "sensitivity.studies.x.cost.each: -1 is below 0"),
    ],
)
def test_wrong_settings_are_refused_in_one_line(asked: dict[str, Any], line: str) -> None:
    with pytest.raises(InputError) as refused:
        read(**asked)
    assert str(refused.value).startswith(line)


@pytest.fixture(scope="module")
def run() -> Results:
    return sim.simulate(sim.load(overrides=["sampling.draws=512"]))


@pytest.fixture(scope="module")
def patients() -> Results:
    return sim.simulate(sim.load(overrides=["sampling.draws=512", "trial=none", "market=none", "years.last=2008"]))


DECISION = {"cost": 80e6}


@pytest.fixture(scope="module")
def answered(run: Results) -> Results:
    usual = {"share": {**STUDY, "of": "vod.severe_fracton"}}
    groups = {"epidemiology": ["vod.incidence", "vod.severe_fraction"], "costs": ["market.costs"]}
    return sim.ask(run, "information", decision=DECISION, groups=groups, studies={"charts": STUDY}, usual_studies=usual)


def test_the_table_keeps_the_order_of_knowledge(answered: Results) -> None:
    table = answered.tables["information"]
    whole = float(table.loc[table["what"] == "EVPI", "value"].iloc[0])
    members: dict[str, tuple[set[str], float]] = {}
    for row in records(table[table["what"] == "group"]):
        members[f"all {row['quantity']}"] = set(row["members"].split("; ")), row["value"]
    for row in records(table[table["what"] == "quantity"]):
        members[row["quantity"]] = {row["quantity"]}, row["value"]
    assert {"all every quantity", "all vod", "all trial", "all market", "all epidemiology", "all costs"} <= set(members)
    assert len(members["all costs"][0]) > 3
    for inside, value in members.values():
        assert 0 <= value <= whole
        assert all(part <= value for other, part in members.values() if other <= inside)
    best = table.iloc[0]
    go = float((answered.draws["net_present_value"] - DECISION["cost"]).mean())
    assert best["value"] == pytest.approx(max(go, 0.0))
    assert (table[["target", "year", "unit"]] == ["net_present_value", "all", "USD of 2008"]).all(axis=None)


def test_the_table_of_studies_is_net_of_costs_and_says_what_is_left_out(answered: Results) -> None:
    table = answered.tables["studies"]
    charts = table[table["study"] == "charts"]
    assert list(charts["n"]) == [50, 100]
    assert np.allclose(charts["net_gain"], charts["evsi"] - charts["cost"])
    assert charts["is_best"].sum() == 1
    left = table[table["study"] == "share"].iloc[0]
    assert left["note"] == "left out: vod.severe_fracton is no uncertain quantity of this run"


def test_views_read_the_tables_back_from_their_files(answered: Results) -> None:
    tables = {
        name: pd.read_csv(io.StringIO(answered.tables[name].to_csv(index=False))) for name in ("information", "studies")
    }
    again = Results(**{**answered.__dict__, "tables": tables})
    for make in (information_part, studies_part):
        assert make(again).sentence == make(answered).sentence
        assert make(again).rows == make(answered).rows
    assert information_part(again).sentence.startswith("Deciding on what is known: ")
    assert "EVPI" in picture(again).axes[0].texts[-1].get_text()
    assert len(studies_picture(again).axes) == 1


def test_options_that_cannot_be_told_apart_are_as_good_as_even(answered: Results) -> None:
    table = answered.tables["information"].copy()
    options = table["what"] == "option"
    table.loc[options, ["value", "error"]] = [[1e5, 7e5], [0.0, 0.0]]
    table.loc[options, "quantity"] = ["go", "no-go"]
    even = replace(answered, tables={**answered.tables, "information": table})
    assert information_part(even).sentence.startswith(
        "Deciding on what is known: as good as even (go is worth 0.1\u00a0M ± 0.7\u00a0M)."
    )
    table.loc[options, ["value", "error"]] = [[15e5, 7e5], [0.0, 0.0]]
    assert information_part(even).sentence.startswith("Deciding on what is known: go, worth 1.5\u00a0M ± 0.7\u00a0M.")


def test_what_is_nothing_beyond_noise_is_shown_last(answered: Results) -> None:
    table = answered.tables["information"].copy()
    place = table.index[table["what"] == "quantity"][0]
    table.loc[place, "note"] = "nothing found beyond noise"
    rows = information_part(replace(answered, tables={"information": table})).rows
    noise = [row[4] == "nothing found beyond noise" for row in rows]
    assert any(noise)
    assert noise == sorted(noise)


def test_every_study_is_said_to_be_worth_its_cost_or_not(answered: Results) -> None:
    first = answered.tables["studies"].iloc[0].to_dict()
    made = [("best", 90, 1), ("also", 50, 1), ("unclear", 1, 1), ("poor", -5, 1)]
    table = pd.DataFrame(
        [
            {
                **first,
                "study": name,
                "n": size,
                "net_gain": gain * 1e6 / size,
                "evsi": 91e6,
                "error": 1e6,
                "is_best": size == 1,
            }
            for name, gain, _ in made
            for size in (1, 2)
        ]
    )
    said = studies_part(replace(answered, tables={"studies": table})).sentence
    assert "offered" not in said
    assert "; also worth its cost: a chart review of 1 on VOD incidence (50 M net); not clearly: a" in said.replace(
        "\u00a0", " "
    )
    assert said.endswith("; not: a chart review on VOD incidence.")
    largest = table[table["n"] == 1]
    assert "(the largest offered; a larger one" in studies_part(replace(answered, tables={"studies": largest})).sentence


def test_a_decision_on_patients_needs_no_market_and_leaves_studies_in_money_out(patients: Results) -> None:
    decision = {"of": "severe_vod", "cost": 2900}
    answered = sim.ask(patients, "information", decision=decision, usual_studies={"charts": STUDY})
    table = answered.tables["information"].set_index("quantity")["value"]
    assert table["vod.day100_mortality"] == 0
    assert 0 < table["transplants.volume"] < table["vod.incidence"]
    assert studies_part(answered).sentence == "No study here fits this decision."
    assert studies_part(answered).figure is None


@pytest.mark.parametrize(
    ("asked", "line"),
    [
        (
            {"decision": {"of": "net_present_valu"}},
            "sensitivity.decision.of: 'net_present_valu' is no variable; did you",
        ),
        (
            {"groups": {"a": ["vod.incidnce"]}},
            "sensitivity.groups.a: 'vod.incidnce' is no uncertain quantity of this run",
        ),
        ({"groups": {"a": []}}, "sensitivity.groups.a: names nothing"),
        (
            {"studies": {"x": {**STUDY, "of": "transplants.growth"}}},
            "sensitivity.studies.x.of: 'transplants.growth' is no",
        ),
        (
            {"studies": {"x": {**STUDY, "of": "transplants.volume"}}},
            "sensitivity.studies.x.of: transplants.volume, from",
        ),
        (
            {"studies": {"x": {**STUDY, "of": "market.list_price"}}},
            "sensitivity.studies.x.of: 'market.list_price' is sever",
        ),
        (
            {"decision": {"options": {"phase3_response": 0, "single_arm": 0}}},
            "from_run: sensitivity.decision.options need",
        ),
    ],
)
def test_what_does_not_fit_the_run_is_refused_in_one_line(run: Results, asked: dict[str, Any], line: str) -> None:
    with pytest.raises(InputError) as refused:
        sim.ask(run, "information", **asked)
    assert str(refused.value).startswith(line)


def test_without_a_market_or_enough_draws_it_is_said(patients: Results) -> None:
    with pytest.raises(InputError, match=r"^sensitivity.decision.of: this run has no market"):
        sim.ask(patients, "information")
    few = sim.simulate(sim.load(overrides=["sampling.draws=128", "trial=none", "market=none"]))
    with pytest.raises(InputError, match=r"^sampling.draws: 128 are below 256"):
        sim.ask(few, "information", decision={"of": "severe_vod"})


def test_a_delay_costs_what_the_run_says_it_does(run: Results) -> None:
    asked = {"slow": {**STUDY, "delay": 2, "cost": {"fixed": 10, "each": 1}}}
    table = sim.ask(run, "information", decision=DECISION, studies=asked).tables["studies"]
    month = float(run.draws["cost_of_delay"].mean())
    assert list(table["cost"]) == pytest.approx([60 + 2 * month, 110 + 2 * month])


@pytest.mark.slow
def test_trial_designs_are_compared_on_the_same_draws(run: Results) -> None:
    asked = read(decision={"options": {"phase3_response": None, "single_arm": 1e6}})
    others = designs(run, asked)
    assert others["phase3_response"] is run
    decision = {"options": {"phase3_response": None, "single_arm": 1e6}}
    answered = sim.ask(run, "information", assumptions=sim.load(overrides=["sampling.draws=512"]), decision=decision)
    table = answered.tables["information"].set_index("quantity")["value"]
    for name, cost in (("phase3_response", 0), ("single_arm", 1e6)):
        assert table[name] == pytest.approx(float(others[name].draws["net_present_value"].mean()) - cost)
    values = [others[name].draws["net_present_value"].to_numpy() - cost for name, cost in
              (("phase3_response", 0), ("single_arm", 1e6))]  # fmt: skip
    true = np.maximum(*values).mean() - max(values[0].mean(), values[1].mean())
    whole = answered.tables["information"].query("what == 'EVPI'")["value"].iloc[0]
    assert whole == pytest.approx(float(true))


def test_an_unknown_design_is_refused_with_the_nearest(run: Results) -> None:
    asked = read(decision={"options": {"phase3_respons": 0, "single_arm": 0}})
    with pytest.raises(
        InputError, match=r"^sensitivity.decision.options: 'phase3_respons' .* did you mean 'phase3_resp"
    ):
        designs(run, asked)
