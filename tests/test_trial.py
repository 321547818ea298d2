"""The trial as a run has it: the same draws as the patients, dates, hand calculations, wrong inputs."""

import math
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.stats import betaprime, ks_2samp

import sim
from sim.analysis.levers import by_interim_date, levers
from sim.dates import MONTH, day_of, decimal_year, to_decimal_year, to_ordinal, window
from sim.errors import InputError
from sim.model.process import shares
from sim.results.run import Results
from sim.results.trial import GOAL
from sim.variables import TRIAL
from tests.conftest import Typed

START = date(2006, 7, 15)

PROSPECTIVE_ALONE = [
    "trial=single_arm",
    "trial.follow_up.days=0",
    "trial.follow_up.counted_from=enrolment",
    "trial.close_out.lock.value=160",
    "trial.close_out.analysis.value=0",
    "trial.enrolment.later_cv.value=0",
]
"""The treated arm and a fixed 160 days from its last patient to the read-out."""

CERTAIN_SITES = [
    "trial=phase3_plan",
    "trial.enrolment.sites.rates=given",
    "trial.enrolment.sites.rate={value: 0.25, unit: patients per site and month, source: 'assumption: an example'}",
    "trial.enrolment.sites.delay.value=0",
    "trial.enrolment.sites.never_opens.value=0",
    "trial.enrolment.sites.ramp.value=0",
    "trial.enrolment.sites.decline.value=0",
    "trial.enrolment.sites.screening_pass.value=1",
    "trial.enrolment.sites.dropout.value=0",
    "trial.enrolment.sites.shared_cv.value=0",
    "trial.enrolment.sites.number=20",
]


def run(*overrides: str, scenario: str = "press_release") -> Results:
    return sim.simulate(sim.load(scenario, ["market=none", *overrides]))


@pytest.mark.parametrize(
    ("released", "days", "in_time"),
    [
        (date(2007, 10, 1), (61, 101, 158), 0.65972),
        (date(2007, 11, 1), (65, 108, 169), 0.18088),
        (date(2007, 12, 1), (69, 114, 180), 0.00609),
    ],
)
def test_what_the_release_says_leads_to_these_dates(released: date, days: tuple[int, int, int], in_time: float) -> None:
    result = run(*PROSPECTIVE_ALONE, f"trial.interim.date={released}", "sampling.draws=32768")
    since = (released - START).days
    exact = betaprime(15, 65, scale=since).ppf([0.05, 0.5, 0.95])
    found = [result.value("enrolment_months", name) * MONTH - since for name in ("p05", "p50", "p95")]
    errors = [result.error("enrolment_months", name) * MONTH for name in ("p05", "p50", "p95")]
    print(f"{released}: days to patient 80 {np.round(found, 1)}, exact {np.round(exact, 2)}, wanted {days}")
    assert exact == pytest.approx(days, abs=1)
    assert (np.abs(np.array(found) - exact) < 4 * np.array(errors)).all()
    promised = result.value("prob_readout_by_promise")
    print(
        f"P(read-out by 30 June 2008) {promised:.5f} ± {result.error('prob_readout_by_promise'):.5f}, exact {in_time}"
    )
    assert betaprime(15, 65, scale=since).cdf((date(2008, 6, 30) - released).days - 160) == pytest.approx(
        in_time, abs=1e-5
    )
    assert abs(promised - in_time) < 4 * math.sqrt(in_time * (1 - in_time) / 32768) + 1e-9


def test_the_answer_hangs_on_the_date_of_the_release() -> None:
    table = by_interim_date(sim.load(overrides=["market=none"]))
    print(table.to_string())
    assert table["date"].tolist() == ["2007-10-01", "2007-11-04", "2007-12-07"]
    assert table["probability"].is_monotonic_decreasing
    assert table["probability"].iloc[0] > 20 * table["probability"].iloc[-1]


def test_a_trial_moves_no_patient() -> None:
    with_trial, without = run(), run("trial=none")
    for name in without.dataset.data_vars:
        xr.testing.assert_identical(with_trial.dataset[name], without.dataset[name])
    assert not [variable.name for variable in TRIAL if variable.name in without.dataset]


def test_a_change_of_the_arms_moves_no_enrolment() -> None:
    base, more = run().draws, run("trial.control.target=40", "trial.treated.response.value=0.3").draws
    xr.testing.assert_identical(base["enrolment_months"], more["enrolment_months"])
    assert (more["control_months"] <= base["control_months"]).all()


def test_chunks_do_not_matter() -> None:
    for overrides in ([], ["trial=phase3_plan"]):
        assumptions = sim.load("press_release", [*overrides, "sampling.draws=1024", "market=none"])
        whole, parts = sim.simulate(assumptions), sim.simulate(assumptions, chunk=300)
        xr.testing.assert_identical(whole.dataset, parts.dataset)
        pd.testing.assert_frame_equal(whole.summary, parts.summary, rtol=1e-9)
        assert whole.tables["success"].equals(parts.tables["success"])
        assert whole.tables["readout"].equals(parts.tables["readout"])


def test_the_hand_calculation() -> None:
    result = run("sampling=point", "trial.interim.date=2007-11-15", "trial.follow_up.to_enrolment.value=20",
                 "trial.close_out.lock.value=50", "trial.close_out.analysis.value=30",
                 "trial.control.charts_per_week.value=50", "trial.meets_criteria.value=0.7")  # fmt: skip
    days = (date(2007, 11, 15) - START).days
    enrolled = days + 15 / (65 / days)
    assert result.value("enrolment_months") * MONTH == pytest.approx(enrolled, rel=1e-9)
    assert result.value("prospective_months") * MONTH == pytest.approx(enrolled + 80, rel=1e-9)
    assert result.value("readout_months") * MONTH == pytest.approx(enrolled + 160, rel=1e-9)
    charts = 80 / (0.2 / 3 * 0.7)
    assert result.value("control_charts") == pytest.approx(charts, rel=1e-9)
    assert result.value("control_months") * MONTH == pytest.approx(7 * charts / 50, rel=1e-9)
    ordinal = START.toordinal() + enrolled + 160
    assert result.value("readout_date") == pytest.approx(float(to_decimal_year(np.array(ordinal))), rel=1e-12)
    assert result.value("prob_readout_by_promise") == 0
    assert result.error("readout_months") == 0


def test_sites_enrol_at_the_rate_of_the_draws_own_epidemiology() -> None:
    result = run("trial=phase3_plan", *CERTAIN_SITES[3:-1], "sampling=point", "trial.enrolment.sites.number=30",
                 "trial.enrolment.sites.transplants.value=120", "trial.meets_criteria.value=0.6",
                 "trial.consent.value=0.9")  # fmt: skip
    a_month = 30 * 120 / 12 * (0.2 / 3) * 0.6 * 0.9
    assert result.value("enrolment_months") == pytest.approx(80 / a_month, rel=1e-9)


def test_more_patients_are_more_for_both_arms_draw_by_draw() -> None:
    few, many = (run("trial=phase3_plan", f"vod.incidence.value={rate}").draws for rate in (0.05, 0.10))
    assert (many["enrolment_months"] <= few["enrolment_months"]).all()
    assert (many["control_months"] <= few["control_months"]).all()
    assert (many["readout_months"] <= few["readout_months"]).all()
    assert float((many["control_charts"] < few["control_charts"]).mean()) > 0.99


def test_one_site_more_is_never_slower_and_moves_no_other() -> None:
    fewer, more = (run("trial=phase3_plan", f"trial.enrolment.sites.number={number}") for number in (20, 21))
    assert (more.draws["enrolment_months"] <= fewer.draws["enrolment_months"]).all()
    same = ["opens", "never_opens", "rate", "rate_p10"]
    assert more.tables["sites"][same].iloc[:20].equals(fewer.tables["sites"][same])


def test_meets_trial_criteria_is_a_stage_of_the_funnel() -> None:
    result = run("trial.meets_criteria.value=0.5")
    assert result.value("meets_trial_criteria") == pytest.approx(result.value("severe_vod") / 2, rel=1e-3)
    assert (result.draws["meets_trial_criteria"] <= result.draws["severe_vod"]).all()


def test_probabilities_have_a_mean_and_nothing_else() -> None:
    summary = run().summary
    for variable in TRIAL:
        statistics = summary[summary["variable"] == variable.name]["statistic"].tolist()
        assert statistics == (["mean"] if variable.only_mean else statistics)
        assert variable.only_mean or len(statistics) == 10


def test_what_never_comes_is_infinite(tmp_path: Path) -> None:
    from sim.results.folder import open_run, write

    result = run("trial=phase3_plan", "trial.horizon=15", "sampling.draws=1024")
    assert 0 < result.value("prob_enrolled") < 1
    assert math.isnan(result.value("readout_months", "mean"))
    assert math.isnan(result.value("readout_months", "sd"))
    assert result.value("readout_months", "p95") == math.inf
    assert math.isfinite(result.value("readout_months", "p05"))
    assert result.tables["readout"]["quarter"].iloc[-1] == "never"
    assert result.tables["readout"]["probability"].sum() == pytest.approx(1)
    write(result, tmp_path)
    assert open_run(tmp_path).value("readout_months", "p95") == math.inf
    never = run("trial=phase3_plan", "trial.horizon=0.1", "sampling.draws=64")
    assert never.value("prob_enrolled") == 0
    assert never.value("prob_success_response") == 0


def test_quarters_go_with_the_promise() -> None:
    for quarter in ("2008 Q2", "2008 Q3", "2008 Q4"):
        result = run(f"trial.promise={quarter.replace(' ', '-')}")
        cumulative = result.tables["readout"].set_index("quarter")["cumulative"].to_dict()
        inside = result.tables["readout"].set_index("quarter")["probability"].to_dict()
        assert cumulative[quarter] == pytest.approx(result.value("prob_readout_by_promise"))
        assert inside[quarter] == pytest.approx(result.value("prob_readout_in_window"))


def test_what_comes_is_less_certain_than_what_was() -> None:
    sure, unsure = (run(f"trial.enrolment.later_cv.value={cv}").draws["enrolment_months"] for cv in (0, 0.25))
    print(f"sd of the last enrolment {float(sure.std()):.2f} months, with a factor {float(unsure.std()):.2f}")
    assert float(unsure.std()) > 1.1 * float(sure.std())
    plan = [run("trial=phase3_plan", f"trial.enrolment.later_cv.value={cv}") for cv in (0, 0.25)]
    xr.testing.assert_identical(plan[0].draws["enrolment_months"], plan[1].draws["enrolment_months"])


@pytest.mark.parametrize("enrolled", [80, 90])
@pytest.mark.parametrize("option", ["phase3_response", "phase3_plan"])
def test_an_enrolment_that_is_over(option: str, enrolled: int) -> None:
    interim = f"trial.interim={{date: 2008-02-01, enrolled: {enrolled}, above_target: true, source: 'assumption: so'}}"
    result = run(f"trial={option}", interim, "sampling.draws=256")
    months = (date(2008, 2, 1) - START).days / MONTH
    assert (result.draws["enrolment_months"] <= months + 1e-9).all()
    assert result.value("prob_enrolled") == 1
    assert result.tables["accrual"]["p95"].max() == enrolled
    assert len(result.tables["patients"]) == enrolled


def test_a_quantity_by_country_from_the_command_line() -> None:
    by = "{value: null, by: country, values: {a: 0.5, b: 1}, source: 'assumption: an example'}"
    two = ["trial=phase3_plan", "trial.enrolment.sites.number={a: 20, b: 15}"]
    trial = sim.load("press_release", [*two, f"+trial.enrolment.sites.rate_cv={by}"]).trial
    assert trial is not None
    assert trial.enrolment.sites is not None
    assert trial.enrolment.sites.rate_cv.labels("country") == ("a", "b")
    with pytest.raises(InputError, match="is not there to be replaced; add it"):
        sim.load("press_release", [*two, f"trial.enrolment.sites.rate_cv={by}"])


def test_what_takes_for_ever_never_comes() -> None:
    result = run("trial.control.charts_per_week.value=1e-6", "sampling.draws=256")
    assert result.value("prob_readout_by_promise") == 0
    assert result.value("readout_months", "p50") == math.inf
    late = run("trial.control.charts_per_week.value=0.1", "sampling.draws=256")
    assert late.tables["readout"]["probability"].sum() == pytest.approx(1)


def test_without_chance_nothing_told_is_refused_too() -> None:
    for chance in ("true", "false"):
        with pytest.raises(InputError, match=r"trial\.enrolment\.pooled\.strength: 0"):
            run("trial.interim.date=2006-07-15", f"sampling.chance={chance}", "sampling.draws=64")


def test_patients_show_that_a_site_was_open() -> None:
    result = run("trial=phase3_plan", "trial.enrolment.sites.number=2", "trial.interim={date: 2006-09-15, enrolled: 3, "
                 "source: 'assumption: an example'}", "sampling.draws=512")  # fmt: skip
    assert result.value("prob_enrolled") > 0


def test_one_trial_is_told_patient_by_patient() -> None:
    result = run("sampling.draws=256")
    events, patients = result.tables["events"], result.tables["patients"]
    assert events["month"].is_monotonic_increasing
    assert events["what"].iloc[-1] == "read-out"
    assert len(patients) == 80
    assert abs(events["month"].iloc[-1] - result.value("readout_months", "p50")) < 12
    base = sim.load(overrides=["market=none"])
    story = sim.play(base, 3)
    print("\n".join(list(story.lines(START))[-12:]))
    assert story == sim.play(base, 3)
    with pytest.raises(InputError, match="draw: 8192 is not among the 8192 draws"):
        sim.play(base, 8192)
    with pytest.raises(InputError, match="there is none to play"):
        sim.play(sim.load(overrides=["trial=none"]))


@pytest.mark.parametrize("option", ["phase3_response", "phase3_plan"])
def test_plays_are_the_same_in_any_number_of_processes(option: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "FEWEST", 1)
    words = [f"trial={option}", "trial.engine=process", "sampling.draws=24", "sampling.replicates=4"]
    one, two = (run(*words, f"execution.threads={number}") for number in (1, 2))
    assert one.dataset.equals(two.dataset)
    assert one.summary.equals(two.summary)


@pytest.mark.slow
@pytest.mark.parametrize("option", ["phase3_response", "phase3_plan", "single_arm"])
def test_law_and_process_agree(option: str) -> None:
    same = [f"trial={option}", "sampling.draws=2000", "trial.play.screening.value=0"]
    law, process = (run(*same, f"trial.engine={engine}", scenario="ebmt_1998").draws for engine in ("law", "process"))
    for name in ("enrolment_months", "prospective_months", "readout_months"):
        found = ks_2samp(law[name], process[name])
        print(f"{option}: {name} differs by {found.statistic:.4f} (p = {found.pvalue:.3f})")
        assert found.pvalue > 0.001
    for name in ("prob_success_response", "prob_success_survival"):
        first, second = (float(one[name].mean()) for one in (law, process))
        spread = math.sqrt((first * (1 - first) + second * (1 - second)) / 2000)
        assert abs(first - second) < 4 * spread


def test_a_run_without_its_draws_keeps_histograms(tmp_path: Path) -> None:
    from sim.results.folder import open_run, write

    write(run("results.keep_draws=false", "trial=phase3_plan", "trial.horizon=15", "sampling.draws=256"), tmp_path)
    opened = open_run(tmp_path)
    assert not opened.has_draws
    enrolled = opened.value("prob_enrolled") * 256
    assert int(opened.dataset["readout_months_histogram"].sum()) == round(enrolled)


def test_the_amendment_bought_a_likelier_success() -> None:
    response, survival = run(), run("trial=phase3_survival")
    for result in (response, survival):
        assert result.value("prob_success_response") > result.value("prob_success_survival") + 0.1
    assert response.tables["success"].query("is_primary")["endpoint"].unique().tolist() == ["response"]
    assert survival.tables["success"].query("is_primary")["endpoint"].unique().tolist() == ["survival"]
    deciding = response.tables["success"].query("endpoint == 'response' and is_deciding_test")
    assert deciding["alpha"].tolist() == [0.05, 0.01]
    assert deciding["probability"].iloc[0] == response.value("prob_success_response")
    assert deciding["probability"].is_monotonic_decreasing


def test_one_arm_is_tested_against_fixed_rates() -> None:
    result = run("trial=single_arm")
    assert set(result.tables["success"]["test"]) == {"exact"}
    assert "control_months" not in result.dataset
    lower = run("trial=single_arm", "trial.reference.response=0.05")
    assert lower.value("prob_success_response") >= result.value("prob_success_response")


def test_levers_reach_the_goal() -> None:
    table = levers(sim.load(overrides=["sampling.draws=1024", "market=none"])).set_index("lever")
    print(table.to_string())
    needed, then = table["needed"].to_dict(), table["probability_then"].to_dict()
    rate = needed["enrolment rate"]
    again = run("sampling.draws=1024", f"trial.enrolment.pace={rate}")
    assert again.value("prob_readout_by_promise") == pytest.approx(then["enrolment rate"])
    assert GOAL <= again.value("prob_readout_by_promise") < GOAL + 0.02
    assert math.isnan(needed["charts reviewed"])  # the release's own rates leave charts no matter


def test_sites_needed_is_what_a_planner_needs() -> None:
    overrides = [*CERTAIN_SITES, "trial.enrolment.sites.rate_cv.value=0.9128709291752769", "sampling.draws=1024",
                 "trial.control=null", "trial.reference={response: 0.15, survival: 0.25}", "trial.untreated=null",
                 "trial.follow_up.days=0", "trial.follow_up.counted_from=enrolment", "trial.close_out.lock.value=0",
                 "trial.close_out.analysis.value=0", "trial.promise=2007-06-01 to 2008-01-14"]  # fmt: skip
    fifteen = sim.load(overrides=[*overrides, "trial.enrolment.sites.number=15", "market=none"])
    table = levers(fifteen).set_index("lever")
    print(table.to_string())
    assert abs(table["needed"].to_dict()["sites"] - 22) <= 1  # 80 patients in 18 months with a probability of 0.8


def test_sites_teach_each_other() -> None:
    seen = [(0, 2), (1, 3), (2, 4), (5, 6), (3, 6), (0, 7), (8, 8), (4, 9)]
    sites = ", ".join(f"{{enrolled: {k}, exposure: {months}}}" for k, months in seen)
    wide = "trial.enrolment.sites.rate={value: 0.05 to 3, unit: patients per month, source: 'assumption: unknown'}"
    interim = f"trial.interim={{date: 2007-06-01, sites: [{sites}], source: 'assumption: an example'}}"
    later = f"trial.enrolment.sites.planned={[0] * 8 + [12, 12]}"
    common = [*CERTAIN_SITES[:2], wide, *CERTAIN_SITES[3:-1], "trial.enrolment.sites.number=10", later]
    learnt = run(*common, interim).tables["sites"]
    unseen = run(*common).tables["sites"]
    mean = sum(k for k, _ in seen) / sum(months for _, months in seen)
    print(
        f"a new site's rate: {unseen['rate'].iloc[8]:.3f} before, {learnt['rate'].iloc[8]:.3f} after; seen {mean:.3f}"
    )
    assert learnt["seen"].tolist() == [float(k) for k, _ in seen] + [0, 0]
    assert abs(learnt["rate"].iloc[8] - mean) < abs(unseen["rate"].iloc[8] - mean) / 2
    assert learnt["rate"].iloc[5] < learnt["rate"].iloc[0] < learnt["rate"].iloc[6]
    width = learnt["rate_p90"] - learnt["rate_p10"]
    assert width.iloc[8] > width.iloc[7]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["trial.interim.enrolled=90"], "trial.interim.enrolled: 90 is above trial.target 80; if"),
        (["trial.interim.enrolled=-1"], "trial.interim.enrolled: -1 is below 0"),
        (
            ["trial.interim.date=2006-01-01"],
            "trial.interim.date: 2006-01-01 reaches 2006.00, before trial.start 2006-07",
        ),
        (["trial.interim.date=2007-13-01"], "'2007-13-01' is no date"),
        (["trial.interim.date=soon"], "'soon' names no date"),
        (["trial.start=2006"], "trial.start: '2006' names no day"),
        (
            ["trial.promise=2008-06-30 to 2008-01-01"],
            "trial.promise: ends on 2008-01-01, before it begins on 2008-06-30",
        ),
        (["trial.promise=2005-H1"], "trial.promise: ends on 2005-06-30, before trial.start 2006-07-15"),
        (["trial.target=0"], "trial.target: 0 is below 1"),
        (["trial.alpha=1"], "trial.alpha: 1 is not below 1"),
        (["trial.interim=null"], "trial.interim: is missing"),
        (["trial.interim.enrolled=0"], "trial.interim.enrolled: 0 tells no rate"),
        (["trial.enrolment.pooled.strength=2"], "trial.enrolment.pooled.strength: 2 is no share between 0 and 1"),
        (["trial.enrolment.pooled.strength=0.5"], "trial.enrolment.pooled.months: is missing"),
        (["trial=phase3_plan", "trial.enrolment.sites.number=0"], "trial.enrolment.sites.number: 0 sites are below 1"),
        (
            ["trial=phase3_plan", "trial.enrolment.sites.cap=2"],
            "trial.enrolment.sites: the caps let 70 patients enrol at the utmost, below trial.target 80",
        ),
        (
            ["trial=phase3_plan", "trial.interim={date: 2007-06-01, sites: [{enrolled: 3, exposure: -2}]}"],
            "trial.interim.sites.0.exposure: -2 is not above 0",
        ),
        (
            ["trial=phase3_plan", "trial.interim={date: 2007-06-01, sites: [{enrolled: 3, exposure: 40}], source: x}"],
            "trial.interim.date.source: 'x' is no row",
        ),
        (
            [
                "trial=phase3_plan",
                "trial.interim={date: 2007-06-01, sites: [{enrolled: 3, exposure: 40}], source: 'assumption: x'}",
            ],
            "trial.interim.sites.0.exposure: 40 months are above the 10.6 since trial.start",
        ),
        (
            ["trial=phase3_plan", "trial.enrolment.sites.planned=[0, 1]"],
            "trial.enrolment.sites.planned: 2 openings for 35 sites",
        ),
        (
            ["trial.treated.survival_given_response.value=0.99", "trial.treated.survival.value=0.2"],
            "trial.treated.survival_given_response: 0.99 of the 0.425 who respond are 0.421 alive, above the survival",
        ),
        (
            ["trial.treated.survival_given_response.value=0.1", "trial.treated.survival.value=0.9"],
            "alive, below the survival of 0.9",
        ),
        (
            [
                "trial=phase3_plan",
                "trial.interim={date: 2007-06-01, sites: [{enrolled: 3, exposure: 4}], ages: 13, "
                "source: 'assumption: x'}",
            ],
            "trial.interim.ages: 13 months are above the 12 that the sites allow",
        ),
        (["trial.control=null"], "trial.reference: is missing"),
        (["trial.reference={response: 0.2, survival: 0.2}"], "trial.reference: goes with a trial without controls"),
        (["trial=single_arm", "trial.untreated={response: 0.2}"], "trial.untreated"),
        (["trial=phase3_plan", "trial.interim.date=2007-11-01"], "trial.interim.date: trial.interim is null here"),
        (["trial.enrolment.pooled.months.value=20"], "trial.enrolment.pooled.months is null here; give it whole"),
        (["trial.enrolment.season=[1, 2]"], "trial.enrolment.season: [1.0, 2.0] must be twelve factors"),
        (["trial.treated.response.source=p3_eap"], "trial.treated.response: row 'p3_eap' measures trial_operations"),
        (
            ["trial=phase3_plan", "trial.enrolment.sites.decline.value=-2"],
            "trial.enrolment.sites.decline.value: reaches -2",
        ),
        (["trial.close_out.lock={value: 6, unit: weeks}"], "trial.close_out.lock.unit: 'weeks' is not in days"),
        (
            [
                "trial=phase3_plan",
                "trial.enrolment.sites.rate={value: 1, unit: patients per month and site, source: 'assumption: x'}",
            ],
            "trial.enrolment.sites.rate: is not used where rates are epidemiology",
        ),
        (["trial=phase3_plan", "trial.enrolment.sites.nubmer=20"], "did you mean 'trial.enrolment.sites.number'?"),
        (["trial.enrolment.sites.cap=5"], "trial.enrolment.sites is null here; give it whole"),
        (["trial.horizon=10"], "trial.horizon: 10 months end before trial.interim.date, 16.8 months on"),
        (["trial.control.charts_per_week.value=0"], "trial.control.charts_per_week.value: reaches 0"),
        (["trial.interim.enrolled=null", "trial.interim.sites=[3, 4]"], "trial.interim.sites.0"),
        (["trial.interim.enrolled=null", "trial.interim.sites=5"], "trial.interim.sites"),
        (["trial.test=stratified", "trial.engine=process"], "trial.test: stratified does not go with"),
        (["trial.untreated.response.value=0.95"], "trial.untreated.survival_given_response: 0.722 of the 0.95 who"),
        (["trial.untreated={by: 3}"], "trial.untreated.by"),
        (
            [
                "trial=phase3_plan",
                "trial.enrolment.sites.number={a: 2, b: 15}",
                "trial.enrolment.sites.country_caps={a: 10}",
                "trial.target=20",
                "trial.interim={date: 2007-06-01, source: 'assumption: x', "
                "sites: [{enrolled: 12, exposure: 4}, {enrolled: 8, exposure: 3}]}",
            ],
            "trial.interim.sites: 20 patients in a are above its cap of 10",
        ),
        (["trial=phase9"], "trial"),
    ],
)
def test_a_wrong_input_is_refused_in_one_line(overrides: Sequence[str], message: str) -> None:
    with pytest.raises(InputError) as refused:
        sim.load("press_release", ["market=none", *overrides])
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_shell_gets_exit_two_and_one_line(typed: Typed) -> None:
    refused = typed("trial.interim.enrolled=90")
    assert refused.returncode == 2
    assert refused.stderr.strip().count("\n") == 0
    assert "trial.interim.enrolled: 90 is above trial.target 80" in refused.stderr


def test_an_unlikely_target_is_a_probability() -> None:
    result = run("trial=phase3_plan", "trial.enrolment.sites.cap=3", "sampling.draws=512")
    assert 0 < result.value("prob_enrolled") < 0.99


def test_what_is_typed_has_no_source_of_another() -> None:
    table = run("trial.interim.enrolled=60", "sampling.draws=64").assumptions.set_index("quantity")
    assert table.loc["trial.interim.date", "source"] == "assumption: set on the command line"


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2008-01-01 to 2008-06-30", date(2008, 1, 1), date(2008, 6, 30)),
        ("2008-H1", date(2008, 1, 1), date(2008, 6, 30)),
        ("2008-Q3", date(2008, 7, 1), date(2008, 9, 30)),
        ("2008-02", date(2008, 2, 1), date(2008, 2, 29)),
        ("2007-11 to 2008", date(2007, 11, 1), date(2008, 12, 31)),
    ],
)
def test_windows_as_people_write_them(text: str, first: date, last: date) -> None:
    assert window("trial.promise", text) == (first, last)


def test_days_go_to_decimal_years_and_back() -> None:
    ordinals = np.arange(date(1899, 12, 30).toordinal(), date(2101, 1, 3).toordinal(), dtype=np.float64)
    years = to_decimal_year(ordinals)
    assert np.abs(to_ordinal(years) - ordinals).max() < 1e-6
    for day in (date(2000, 2, 29), date(2000, 12, 31), date(2001, 1, 1), START):
        assert day_of(decimal_year(day)) == day
    assert to_decimal_year(np.array([np.inf])) == np.inf


def test_a_month_is_any_day_of_it() -> None:
    spread = sim.load(overrides=["trial.interim.date=2007-11"]).leaves["trial.interim.date"].distribution
    assert spread is not None
    assert [day_of(value) for value in spread.ppf(np.array([1e-9, 1 - 1e-9]))] == [date(2007, 11, 1), date(2007, 12, 1)]
