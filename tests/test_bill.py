"""The uncertainty bill against laws that are known exactly, and its picture."""

import dataclasses
import math
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri
from scipy.stats import binom

import sim
from sim.analysis.bill import CERTAIN, COLUMNS, LEFT_OUT, uncertainty_bill
from sim.analysis.groups import (
    CHANCE,
    CRITERION,
    GROUPS,
    PARAMETER,
    STUDIES,
    VOLUME,
    Mixed,
    group_of,
)
from sim.analysis.levers import levers
from sim.analysis.shapley import shapley_effects
from sim.assumptions.distributions import U_MAX, U_MIN
from sim.commands import begin, with_bill
from sim.draws.designs import LatinHypercube
from sim.errors import InputError
from sim.results.folder import open_run
from sim.results.run import Results
from sim.views import figures
from sim.views.causes import Cause, causes, whole_percent
from sim.views.messages import bill_message
from sim.views.report import report
from tests.conftest import ONE_YEAR

FloatArray = NDArray[np.float64]
Values = dict[frozenset[int], float]

FEW = [*ONE_YEAR, "report.uncertainty_draws=1024"]
NO_CHANCE = [*FEW, "sampling.chance=false", "vod.severe_fraction.value=0.4", "vod.day100_mortality.value=0.8"]
VARIANCE = 640_000.0


def lognormals(volume: float, incidence: float) -> list[str]:
    """The volume times one rate, by the standard deviations of their logarithms."""
    return [
        *NO_CHANCE,
        f'transplants.volume.value="lognormal(median=16000, log_sd={volume})"',
        f'vod.incidence.value="lognormal(median=0.05, log_sd={incidence})"',
    ]


def bill_of(*overrides: str, scenario: str = "press_release") -> pd.DataFrame:
    return uncertainty_bill(sim.load(scenario, list(overrides)), VARIANCE).set_index("group")


def shapley_value(groups: int, worth: Values) -> list[float]:
    """By the definition (Shapley 1953): each group's worth to every coalition it may join."""

    def gain(group: int, others: tuple[int, ...]) -> float:
        orders = math.factorial(len(others)) * math.factorial(groups - 1 - len(others)) / math.factorial(groups)
        return orders * (worth[frozenset((*others, group))] - worth[frozenset(others)])

    rest = [[other for other in range(groups) if other != group] for group in range(groups)]
    return [
        sum(gain(group, some) for size in range(groups) for some in combinations(rest[group], size))
        for group in range(groups)
    ]


def coalitions(groups: int) -> list[frozenset[int]]:
    return [frozenset(some) for size in range(groups + 1) for some in combinations(range(groups), size)]


def covariance(answers: FloatArray, common: frozenset[int]) -> float:
    """Of pairs of answers that have just these groups in common, averaged over all such pairs."""
    groups = answers.ndim - 1

    def shared(members: frozenset[int]) -> float:
        flipped = np.flip(answers, tuple(axis for axis in range(groups) if axis not in members))
        return float((answers * flipped).mean())

    return shared(common) - shared(frozenset())


@pytest.mark.parametrize("groups", [1, 2, 3, 4])
def test_the_contrasts_are_the_shapley_value_of_the_pick_freeze_covariances(groups: int) -> None:
    answers = np.random.default_rng(groups).normal(5, 1, (*[2] * groups, 50))
    expected = shapley_value(groups, {some: covariance(answers, some) for some in coalitions(groups)})
    np.testing.assert_allclose(shapley_effects(answers).mean(axis=1), expected, rtol=1e-10, atol=1e-12)


@given(arrays.arrays(np.float64, (2, 2, 2, 3), elements=st.floats(-1e6, 1e6)))
def test_no_effect_is_negative_and_together_they_are_the_variance_of_unlike_pairs(answers: FloatArray) -> None:
    effects = shapley_effects(answers)
    assert (effects >= 0).all()
    pairs = np.square(answers - np.flip(answers, (0, 1, 2))).mean(axis=(0, 1, 2)) / 2
    np.testing.assert_allclose(effects.sum(axis=0), pairs, rtol=1e-9, atol=1e-6)
    unmoved = np.concatenate([answers[:1], answers[:1]])
    assert (shapley_effects(unmoved)[0] == 0).all()


def test_a_product_of_factors_has_its_closed_form_without_error() -> None:
    """Every pair of values of every factor once: the mean is the expectation, so the estimate is the truth."""
    factors = [(1.0, 2.0), (1.0, 5.0, 6.0), (3.0, 4.0)]
    pairs = [list(product(factor, repeat=2)) for factor in factors]
    draws = list(product(*pairs))
    answers = np.array(
        [
            [math.prod(pair[side] for pair, side in zip(draw, sides, strict=True)) for draw in draws]
            for sides in product((0, 1), repeat=3)
        ]
    ).reshape(2, 2, 2, -1)
    squares = [float(np.var(factor) / np.mean(factor) ** 2) for factor in factors]
    mean = math.prod(sum(factor) / len(factor) for factor in factors)
    worth = {some: mean**2 * (math.prod(1 + squares[i] for i in some) - 1) for some in coalitions(3)}
    effects = shapley_effects(answers).mean(axis=1)
    np.testing.assert_allclose(effects, shapley_value(3, worth), rtol=1e-12)


def check(bill: pd.DataFrame, truth: dict[str, float]) -> None:
    """Every share within 4 errors of the true one, each printed."""
    for group, share in truth.items():
        row = bill.loc[group]
        print(f"{group}: {row['share']:.5f} ± {row['error']:.5f}, true {share:.5f}")
        assert abs(row["share"] - share) < 4 * row["error"]
        assert row["error"] < 0.025


def two_factors(first: float, second: float) -> tuple[float, float]:
    """Shares of a product of two lognormals: by the squares of their coefficients of variation."""
    a, b = math.expm1(first**2), math.expm1(second**2)
    whole = (1 + a) * (1 + b) - 1
    return (a + a * b / 2) / whole, (b + a * b / 2) / whole


def test_volume_times_rates() -> None:
    volume, parameter = two_factors(0.3, 0.4)
    check(bill_of(*lognormals(0.3, 0.4)), {VOLUME: volume, PARAMETER: parameter})
    rates = [*lognormals(0.3, 0.24), 'vod.severe_fraction.value="lognormal(median=0.05, log_sd=0.32)"']
    check(bill_of(*rates), {VOLUME: volume, PARAMETER: parameter})  # 0.24² + 0.32² = 0.4²: the rates are one group


def test_groups_alike_share_alike() -> None:
    check(bill_of(*lognormals(0.3, 0.3)), {VOLUME: 0.5, PARAMETER: 0.5})


def test_chance_beside_an_uncertain_rate_has_its_exact_law() -> None:
    """Twenty patients, one of two rates: everything can be counted, the rate and the luck of the draw apart."""
    patients, rates, weights = 20, np.array([0.1, 0.3]), np.array([0.3, 0.7])
    steps = np.unique(np.concatenate([[0.0, 1.0], *(binom.cdf(np.arange(patients), patients, p) for p in rates)]))
    given_luck = weights @ binom.ppf((steps[1:] + steps[:-1]) / 2, patients, rates[:, None])
    of_chance = np.diff(steps) @ (given_luck - np.diff(steps) @ given_luck) ** 2
    of_rates = patients**2 * (weights @ rates**2 - (weights @ rates) ** 2)
    whole = of_rates + patients * weights @ (rates * (1 - rates))
    share = (of_rates + whole - of_chance) / 2 / whole
    overrides = [
        *ONE_YEAR,
        "report.uncertainty_draws=8192",
        f"transplants.volume.value={patients}",
        'vod.incidence.value="discrete(0.1=0.3, 0.3=0.7)"',
        "vod.severe_fraction.value=1",
    ]
    check(bill_of(*overrides), {PARAMETER: share, CHANCE: 1 - share})


def test_the_choice_of_a_cohort_is_a_disagreement_between_studies() -> None:
    """Without it the product of two rates would have the mean variance of both cohorts'."""
    assumptions = sim.load(
        overrides=[*ONE_YEAR, "vod=cohorts", "sampling.chance=false", "transplants.volume.value=45000"]
    )
    weights = assumptions.vod.choices["cohort"].weights
    means, variances = {}, {}
    for label in weights:
        rates = [assumptions.leaves[f"vod.{rate}[{label}]"].distribution for rate in ("incidence", "severe_fraction")]
        means[label] = math.prod(rate.mean for rate in rates if rate)
        variances[label] = math.prod(rate.mean**2 + rate.sd**2 for rate in rates if rate) - means[label] ** 2
    mean = sum(weight * means[label] for label, weight in weights.items())
    of_choice = sum(weight * (means[label] - mean) ** 2 for label, weight in weights.items())
    of_rates = sum(weight**2 * variances[label] for label, weight in weights.items())
    whole = of_choice + sum(weight * variances[label] for label, weight in weights.items())
    share = (of_choice + whole - of_rates) / 2 / whole
    bill = uncertainty_bill(assumptions, VARIANCE).set_index("group")
    check(bill, {STUDIES: share, PARAMETER: 1 - share})


POOLED = "pooled(carreras1998_allo, hagglund1998, aa_korea2013, pichler2017_vienna, strouse2018)"


def test_a_pooled_rate_is_divided_between_its_own_error_and_the_studies() -> None:
    """One rate, two normal scores: what each explains alone, by quadrature."""
    borrowed = '+vod.incidence.borrowed="from allogeneic transplants: to have five cohorts"'
    overrides = [*NO_CHANCE, "transplants.volume.value=16000", f'vod.incidence.value="{POOLED}"', borrowed]
    assumptions = sim.load(overrides=overrides)
    rate = assumptions.leaves["vod.incidence"].distribution
    assert rate is not None
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    weights = weights / weights.sum()

    def explained(share: float) -> float:
        """The variance that a score with this share of the variance explains."""
        scores = math.sqrt(share) * nodes[:, None] + math.sqrt(1 - share) * nodes
        given = rate.ppf(ndtr(scores).clip(U_MIN, U_MAX)) @ weights
        return float(weights @ (given - weights @ given) ** 2)

    whole, between = rate.sd**2, rate.between
    share = (explained(between) + whole - explained(1 - between)) / 2 / whole
    assert 0.1 < share < 0.95
    check(bill_of(*overrides, "report.uncertainty_draws=4096"), {STUDIES: share, PARAMETER: 1 - share})


def test_the_errors_are_honest() -> None:
    truth = two_factors(0.3, 0.4)[0]
    assumptions = sim.load(overrides=[*lognormals(0.3, 0.4), "report.uncertainty_draws=256"])
    away = []
    for seed in range(40):
        sampling = assumptions.sampling.model_copy(update={"seed": seed})
        bill = uncertainty_bill(assumptions.model_copy(update={"sampling": sampling}), VARIANCE).set_index("group")
        away.append((bill["share"][VOLUME] - truth) / bill["error"][VOLUME])
    inside = np.mean(np.abs(away) < 2)
    print(f"{inside:.0%} of {len(away)} within two errors; on average {np.mean(away):+.2f} errors away")
    assert inside >= 0.87  # of 0.95; fewer by luck alone in 1 of 50
    assert abs(np.mean(away)) < 0.5


def test_what_is_certain_has_exactly_nothing() -> None:
    bill = bill_of(*lognormals(0.3, 0.4), "transplants.volume.value=16000")
    assert bill["share"][PARAMETER] == 1
    assert bill["error"][PARAMETER] == 0
    assert (bill.drop(PARAMETER)[["share", "error", "low", "high", "variance"]] == 0).all(axis=None)
    assert bill["note"].to_dict() == dict.fromkeys(GROUPS, CERTAIN) | {PARAMETER: "", CHANCE: LEFT_OUT}


def test_what_moves_nothing_has_exactly_nothing() -> None:
    """Growth from the first year on, which is the reference year."""
    growing = ['transplants.growth.value="normal(mean=0.02, sd=0.01)"', "transplants.reference_year=2002"]
    bill = bill_of(*lognormals(0.3, 0.4), "transplants.volume.value=16000", *growing)
    assert bill["share"][VOLUME] == 0
    assert bill["note"][VOLUME] == ""


@pytest.mark.parametrize("nothing", [["sampling=point"], ["vod.incidence.value=0"]])
def test_where_nothing_varies_there_is_no_bill(nothing: list[str]) -> None:
    bill = uncertainty_bill(sim.load(overrides=[*FEW, *nothing]), 0.0)
    assert bill.empty
    assert tuple(bill.columns) == COLUMNS


@pytest.mark.parametrize("scenario", ["press_release", "ebmt_1998_by_type"])
def test_it_adds_up(scenario: str) -> None:
    bill = bill_of(*FEW, scenario=scenario)
    assert bill["share"].sum() == pytest.approx(1, abs=1e-12)
    assert bill["variance"].sum() == pytest.approx(VARIANCE, rel=1e-12)
    assert (bill["low"] >= 0).all()
    assert (bill["high"] <= 1).all()
    assert (bill["share"][[PARAMETER, VOLUME, CHANCE]] > bill["error"][[PARAMETER, VOLUME, CHANCE]]).all()


def test_the_bill_depends_on_the_seed_and_not_on_the_draws_of_the_run() -> None:
    base = bill_of(*FEW)
    assert base.equals(bill_of(*FEW))
    assert base.equals(bill_of(*FEW, "sampling=random", "sampling.draws=100", "years.last=2010"))
    assert not base["share"].equals(bill_of(*FEW, "sampling.seed=1")["share"])


def test_twice_the_transplants_have_the_same_shares() -> None:
    once, twice = (
        bill_of(*lognormals(0.3, 0.4), f'transplants.volume.value="lognormal(median={median}, log_sd=0.3)"')
        for median in (8000, 16000)
    )
    np.testing.assert_allclose(once["share"], twice["share"], rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("transplants.growth", VOLUME),
        ("transplants.shares.transplant[allogeneic]", VOLUME),
        ("vod.incidence[allogeneic]", PARAMETER),
        ("vod.incidence between studies", STUDIES),
        ("vod.cohort", STUDIES),
        ("vod.criterion", CRITERION),
    ],
)
def test_every_stream_has_its_group(name: str, group: str) -> None:
    assert group_of(name) == group


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_disagreement_between_studies_has_its_share_of_the_score_and_leaves_the_law(share: float) -> None:
    draws = range(8 * 512)
    a, b = (LatinHypercube(seed, len(draws), 8) for seed in (1, 2))
    between = {"vod.incidence": share} if share else {}
    uniforms = [
        Mixed(a, b, frozenset(group for group, side in zip((PARAMETER, STUDIES), sides, strict=True) if side), between)
        .uniform("vod.incidence", draws)
        for sides in product((0, 1), repeat=2)
    ]  # fmt: skip
    np.testing.assert_allclose(np.quantile(uniforms[0], [0.05, 0.25, 0.5, 0.75, 0.95]),
                               [0.05, 0.25, 0.5, 0.75, 0.95], atol=0.02)  # fmt: skip
    own, others = shapley_effects(ndtri(np.array(uniforms)).reshape(2, 2, -1)).mean(axis=1)
    assert others == pytest.approx(share, abs=0.04)
    assert own == pytest.approx(1 - share, abs=0.04)


def test_the_numbers_of_a_mixture_do_not_depend_on_how_they_are_asked_for() -> None:
    a, b = (LatinHypercube(seed, 64, 8) for seed in (1, 2))
    mixed = Mixed(a, b, frozenset({STUDIES}), {"vod.incidence": 0.4})
    parts = [mixed.uniform("vod.incidence", some) for some in (range(7), range(7, 64))]
    assert np.array_equal(np.concatenate(parts), mixed.uniform("vod.incidence", range(64)))


def correlated(one: str, other: str) -> str:
    return f"correlation=[{{between:[{one},{other}],spearman:0.5,source:'assumption: test'}}]"


def test_correlation_within_a_group_belongs_to_the_group() -> None:
    """Lognormals whose scores correlate with r: the variance of the logarithm gains 2 r s s'."""
    r = 2 * math.sin(math.pi * 0.5 / 6)
    rates = [*lognormals(0.3, 0.2), 'vod.severe_fraction.value="lognormal(median=0.05, log_sd=0.2)"']
    volume, parameter = two_factors(0.3, 0.2 * math.sqrt(2 + 2 * r))
    bill = bill_of(*rates, correlated("vod.incidence", "vod.severe_fraction"))
    check(bill, {VOLUME: volume, PARAMETER: parameter})


def test_correlation_across_groups_is_not_divided() -> None:
    bill = bill_of(*lognormals(0.3, 0.2), correlated("vod.incidence", "transplants.volume"))
    assert bill[["share", "error", "low", "high", "variance"]].isna().all(axis=None)
    assert set(bill["note"]) == {"the correlation of vod.incidence and transplants.volume joins two groups"}


def test_too_few_draws_are_refused() -> None:
    with pytest.raises(InputError, match=r"^report\.uncertainty_draws: .*10.*64"):
        sim.load(overrides=["report.uncertainty_draws=10"])


@pytest.fixture(scope="module")
def base() -> Results:
    assumptions = sim.load(overrides=[*FEW, "sampling=quick"])
    return with_bill(sim.simulate(assumptions), assumptions)


def divided(base: Results, *shares: float, error: float = 0.01) -> Results:
    """The run with a bill of these shares, in the order of the groups."""
    ends = [(max(share - 2 * error, 0), min(share + 2 * error, 1)) if share else (0, 0) for share in shares]
    rows = [
        (group, share, error if share else 0.0, *end, share * VARIANCE, "" if share else CERTAIN)
        for group, share, end in zip(GROUPS, shares, ends, strict=True)
    ]
    return dataclasses.replace(base, tables={"uncertainty": pd.DataFrame(rows, columns=list(COLUMNS))})


def test_the_picture_names_every_group_and_its_share(base: Results) -> None:
    figure = figures.figures_for(base)["uncertainty"](base)
    words = [text.get_text() for text in figure.axes[0].texts]
    for cause in causes(base):
        assert cause.name in words
        assert f"{cause} {cause.error_text}".strip() in words
    assert words.count(CERTAIN) == 2
    ends = [patch.get_extents().x1 for patch in figure.axes[0].patches]
    assert max(ends) == pytest.approx(figure.axes[0].transData.transform((100, 0))[0])
    assert figure.texts[0].get_text().replace("\n", " ") == bill_message(base)


def test_the_message_orders_the_groups(base: Results) -> None:
    assert bill_message(divided(base, 0.126, 0.206, 0.606, 0.06, 0.002)) == (
        "Choice of criterion makes 61 % of the uncertainty of severe VOD in 2002, disagreement of studies 21 %, "
        "parameter uncertainty 13 %, transplant volume 6 %, chance under 1 %"
    )
    assert bill_message(divided(base, 0, 0, 0, 1, 0)).startswith("Transplant volume makes 100 % of")


@pytest.mark.parametrize(("share", "text"), [(0.024, "2 %"), (0.004, "under 1 %"), (0.996, "100 %"), (1.0, "100 %")])
def test_a_share_in_a_sentence_is_rounded_as_its_bar_is(share: float, text: str) -> None:
    assert whole_percent(share) == text


@pytest.mark.parametrize(
    ("share", "error", "text", "error_text"),
    [
        (0.6123, 0.004, "61.2 %", "± 0.4"),
        (1.0, 0.0, "100 %", ""),
        (0.004, 0.003, "less than 1 %", ""),
        (0.05, 0.04, "less than 20 %", ""),
        (0.0, 0.0, "0 %: it makes no difference", ""),
    ],
)
def test_a_share_is_never_shown_below_nothing(share: float, error: float, text: str, error_text: str) -> None:
    cause = Cause("", "", share, error, max(share - 2 * error, 0), min(share + 2 * error, 1), "")
    assert (str(cause), cause.error_text) == (text, error_text)


def test_the_report_shows_picture_table_and_words_or_the_reason(base: Results) -> None:
    page = report(base, {"uncertainty": "<svg>drawn</svg>"})
    assert page.index("What makes the uncertainty") < page.index("drawn</svg>") < page.index("Assumptions</h2>")
    assert all(cause.meaning in page for cause in causes(base))
    rows = base.tables["uncertainty"].assign(share=math.nan, note="a reason")
    without = dataclasses.replace(base, tables={"uncertainty": rows})
    assert "The variance is not divided: a reason." in report(without, {})
    assert "uncertainty" not in figures.figures_for(without)
    bare = dataclasses.replace(base, tables={})
    assert "What makes the uncertainty" not in report(bare, {})
    assert "uncertainty" not in figures.figures_for(bare)


def test_a_run_writes_its_bill_and_a_run_of_a_sweep_does_not(tmp_path: Path) -> None:
    assumptions = sim.load(overrides=[*FEW, "sampling=quick"])
    done = begin(assumptions, tmp_path / "single", [])()
    table = open_run(tmp_path / "single").tables["uncertainty"]
    assert table["share"].sum() == pytest.approx(1, abs=1e-12)
    assert table["variance"].sum() == pytest.approx(done.value(statistic="sd") ** 2)
    assert (tmp_path / "single" / "figures" / "uncertainty.png").stat().st_size > 20_000
    begin(assumptions, tmp_path / "swept", [], in_sweep=True)()
    assert "uncertainty" not in open_run(tmp_path / "swept").tables


@pytest.mark.parametrize("other", ["trial.consent", "market.patients.peak_share"])
def test_a_correlation_with_what_comes_after_the_patients(other: str) -> None:
    pair = f"correlation=[{{between: [vod.incidence, {other}], spearman: 0.5, source: 'assumption: a test'}}]"
    assumptions = sim.load(overrides=[pair, "years.last=2008", "sampling.draws=256", "report.uncertainty_draws=64"])
    assert uncertainty_bill(assumptions, 1.0)["share"].sum() == pytest.approx(1)
    assert len(levers(assumptions)) > 0
