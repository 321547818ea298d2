"""The severe cases that another option implies, beside a run's own: the same draws and chance, other rates."""

import dataclasses
import json
from functools import cache
from pathlib import Path

import pytest

import sim
from sim.__main__ import dispatch
from sim.beside import option, stored, with_beside
from sim.errors import InputError
from sim.results.folder import open_run, write
from sim.results.run import Results
from sim.variables import HEADLINE
from sim.views.implied import implied
from sim.views.report import report
from sim.views.table import stage_table
from tests.conftest import Typed

QUICK = ["sampling=quick", "market=none"]
FEW = ["report=none", "sampling.draws=64", "market=none"]
STATISTICS = ("mean", "p10", "p90")
OURS = """
incidence: {value: 10%, source: "assumption: ours"}
severe_fraction: {value: "0.2 to 0.3", source: "assumption: ours", criterion: unstated}
"""


@cache
def run(*words: str) -> Results:
    return sim.simulate(sim.load(overrides=[*QUICK, *words]))


@pytest.fixture(scope="module")
def beside() -> Results:
    return with_beside(run(), option("ebmt_1998"))


def line(results: Results) -> str:
    (found,) = (text for text in stage_table(results).splitlines() if " if vod=" in text)
    return found


@pytest.mark.parametrize(
    ("words", "other"),
    [
        ([], "ebmt_1998"),
        ([], "cohorts"),
        (["years.first=2012", "sampling.chance=false"], "premier_2017"),
        (["transplants.growth.value=0.02 to 0.04", "transplants.growth_pattern=yearly"], "ebmt_1998"),
        (["scenario=ebmt_1998_by_type", "sampling=latin_hypercube", "sampling.draws=64"], "ebmt_1998"),
        (["sampling=point"], "premier_2017"),
    ],
)
def test_it_is_what_the_whole_run_would_give_with_that_option(words: list[str], other: str) -> None:
    shown = implied(with_beside(run(*words), option(other)))
    whole = run(*words, f"vod={other}")
    assert shown is not None
    for estimate, name in zip((shown.mean, shown.low, shown.high), STATISTICS, strict=True):
        assert estimate.value == whole.value(HEADLINE, name)
        assert estimate.error == pytest.approx(whole.error(HEADLINE, name), nan_ok=True)
    assert shown.ratio == whole.value() / run(*words).value()


def test_the_run_itself_stays_as_it_was(beside: Results) -> None:
    alone = run()
    assert beside.dataset.identical(alone.dataset)
    assert beside.summary.equals(alone.summary)
    assert beside.configuration == alone.configuration


def test_one_line_under_the_stages_shows_it(beside: Results) -> None:
    shown = implied(beside)
    assert shown is not None
    words = line(beside).split()
    assert words[:4] == ["Severe", "VOD", "if", "vod=ebmt_1998"]
    assert words[4:6] == [str(shown.mean), shown.spread]
    assert words[-2:] == [f"({shown.ratio:.2f}", "×)"]
    others = [text for text in stage_table(beside).splitlines() if " if vod=" not in text]
    without = dataclasses.replace(beside, provenance={**beside.provenance, "beside": None})
    assert [text.split() for text in others] == [text.split() for text in stage_table(without).splitlines()]


def test_the_ratio_stands_apart_from_the_last_year() -> None:
    growing = with_beside(run("transplants.growth.value=0.02"), option("ebmt_1998"))
    heads = next(text for text in stage_table(growing).splitlines() if text.endswith("mean 2017"))
    assert line(growing).index("(") > len(heads)


def test_the_report_says_it_near_the_headline(beside: Results) -> None:
    shown = implied(beside)
    assert shown is not None
    page = report(beside, {}).replace("\u00a0", " ")
    sentence = f"about {shown.mean.about} severe VOD cases in 2008 (P10–P90: {shown.about_spread}), {shown.ratio_text}"
    assert page.index("<h1>") < page.index(f"With the rates of vod=ebmt_1998: {sentence}") < page.index("<h2>")
    assert "With the rates of" not in report(run(), {})


@pytest.mark.parametrize(
    ("words", "other"),
    [
        ([], None),
        ([], "press_release"),
        (["scenario=premier_2017"], "premier_2017"),
    ],
)
def test_it_is_left_out_where_it_says_nothing(words: list[str], other: str | None) -> None:
    alone = run(*words)
    assert with_beside(alone, option(other)) is alone
    assert " if vod=" not in stage_table(alone)


@pytest.mark.parametrize(
    ("words", "other", "why"),
    [
        ([], "ebmt_1998_by_type", "vod.incidence.by: given by transplant (allogeneic, autologous)"),
        (["evidence.as_of=2007-11"], "premier_2017", "'cao2017_premier' was published on 2017-12-31"),
        (["evidence.as_of=2007-11"], "cohorts", "after evidence.as_of 2007-11-30"),
    ],
)
def test_where_it_cannot_be_known_the_run_says_why(words: list[str], other: str, why: str, tmp_path: Path) -> None:
    refused = with_beside(run(*words), option(other))
    assert implied(refused) is None
    said = " ".join(stage_table(refused).split())
    assert f"vod={other} is not beside it: " in said
    assert why in said
    write(refused, tmp_path)
    assert stage_table(open_run(tmp_path)) == stage_table(refused)
    assert "is not beside it" in report(refused, {})


def test_as_of_a_later_date_it_is_shown() -> None:
    assert implied(with_beside(run("evidence.as_of=2018"), option("premier_2017"))) is not None


def test_nothing_is_divided_by_a_run_without_cases() -> None:
    empty = with_beside(run("vod.incidence.value=0"), option("ebmt_1998"))
    assert "×" not in line(empty)
    assert "the mean above" not in report(empty, {})


def test_an_unknown_error_is_written_as_nothing_and_read_as_unknown(tmp_path: Path) -> None:
    single = with_beside(run("sampling.replicates=1"), option("ebmt_1998"))
    write(single, tmp_path)
    assert json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))["beside"]["statistics"]["mean"][1] is None
    assert "unknown" in line(open_run(tmp_path))


def test_a_saved_run_shows_it_again(beside: Results, tmp_path: Path) -> None:
    write(beside, tmp_path)
    again = open_run(tmp_path)
    assert stage_table(again) == stage_table(beside)
    assert report(again, {}) == report(beside, {})
    assert stored(again) == option("ebmt_1998")


def test_an_unknown_option_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"^report\.beside: .*'ebmt_1999'.*'ebmt_1998'"):
        option("ebmt_1999")


def test_an_option_of_ones_own_is_replayed_with_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my" / "vod").mkdir(parents=True)
    (tmp_path / "my" / "vod" / "ours.yaml").write_text(f"defaults: [press_release, _self_]\n{OURS}", encoding="utf-8")
    words = ["report.beside=ours", *FEW]
    assert dispatch(["--config-dir", "my", *words, "hydra.run.dir=out"]) == 0
    assert "Severe VOD if vod=ours" in capsys.readouterr().out
    assert dispatch(["replay", "out", "hydra.run.dir=again"]) == 0
    assert "Identical" in capsys.readouterr().out
    assert open_run("again").provenance["beside"] == open_run("out").provenance["beside"]
    with pytest.raises(InputError, match=r"^report\.beside: .*'ours'"):
        dispatch([*words, "hydra.run.dir=other"])
    assert not Path("other").exists()


def test_the_base_case_shows_what_cohorts_imply_unless_told_not_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    dispatch(FEW)
    assert "Severe VOD if vod=cohorts" in capsys.readouterr().out
    dispatch([*FEW, "report.beside=null"])
    assert " if vod=" not in capsys.readouterr().out


def test_the_runs_of_a_sweep_have_each_other_beside_them(typed: Typed, tmp_path: Path) -> None:
    done = typed("-m", "vod.incidence.value=0.1,0.2", *FEW, "hydra.run.dir=swept")
    assert "vod.incidence.value=0.2: twice as many severe VOD cases as" in done.stdout
    assert "beside" not in open_run(tmp_path / "swept" / "0").provenance
