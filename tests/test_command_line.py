"""The program as a person types it: its words as a shell hands them on; where the process is the subject, in one."""

import gc
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import sim
from sim.__main__ import dispatch
from sim.configuration.compose import through_hydra
from sim.configuration.help import help_text
from sim.errors import InputError
from sim.results.folder import MARK
from tests.conftest import PATIENTS, Typed, in_bash, words_of

QUICK = ("report=none", "sampling.draws=64", "years.last=2008")
SMALL = (*QUICK, *PATIENTS)
NO_BASH = pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")

TEXT_FORMS = [
    ("vod.incidence.value=0.18", 0.18),
    ("vod.incidence.value=1/5", 0.2),
    ("vod.incidence.value=18%", 0.18),
    ("'vod.incidence.value=0.15 to 0.25'", None),
    ("'vod.incidence.value=0.15 to 0.25 at 80%'", None),
    ("'vod.incidence.value=low 0.10 base 0.15 high 0.22'", None),
    ("""'vod.incidence.value="beta(mean=0.2, sd=0.03)"'""", 0.2),
    (""""vod.incidence.value='beta(mean=20%, sd=3%)'\"""", 0.2),
    (""""vod.incidence.value='lognormal(median=0.05, p95=0.08)'\"""", None),
    (""""vod.incidence.value='gamma(mean=0.02, sd=0.005)'\"""", 0.02),
    (""""vod.incidence.value='normal(mean=0.2, sd=0.03)'\"""", 0.2),
    (""""vod.incidence.value='pert(low=0.1, mode=0.2, high=0.3)'\"""", 0.2),
    (""""vod.incidence.value='triangular(low=0.1, mode=0.2, high=0.3)'\"""", 0.2),
    (""""vod.incidence.value='uniform(low=0.1, high=0.3)'\"""", 0.2),
    (""""vod.incidence.value='metalog(p10=0.10, p50=0.15, p90=0.22)'\"""", None),
    (""""vod.incidence.value='discrete(0.1=0.3, 0.2=0.7)'\"""", 0.17),
    (""""vod.incidence.value='mixture(beta(mean=0.2, sd=0.03)=0.7, uniform(low=0.1, high=0.3)=0.3)'\"""", 0.2),
    (""""vod.incidence.value='count(events=87, n=1652)'\"""", 87.5 / 1653),
    (""""vod.incidence.value='pooled(carreras1998_all, lee2020_taiwan, strouse2018)'\"""", None),
    (""""vod.incidence.value='pooled_mean(carreras1998_all, lee2020_taiwan, strouse2018)'\"""", None),
    (""""vod.incidence.value='sample(draws.csv, incidence)'\"""", 0.25),
    ("transplants.volume.value=1e4", None),
    ("transplants.volume.value=45_000", None),
    ("transplants.growth.value=-0.02", None),
]


@NO_BASH
@pytest.mark.parametrize(("words", "mean"), TEXT_FORMS, ids=[words for words, _ in TEXT_FORMS])
def test_every_text_form_can_be_typed_in_a_shell(typed: Typed, tmp_path: Path, words: str, mean: float | None) -> None:
    (tmp_path / "draws.csv").write_text("incidence\n0.1\n0.2\n0.3\n0.4\n", encoding="utf-8")
    done = typed(*words_of(words), *SMALL, "hydra.run.dir=run")
    assert (done.returncode, done.stderr) == (0, "")
    table = sim.open_run(tmp_path / "run").assumptions.set_index("quantity")
    key = words.strip("'\"").partition(".value=")[0]
    if mean is not None:
        assert table.loc[key, "mean"] == pytest.approx(mean, rel=1e-9)
    assert table.loc[key, "source"] == "assumption: set on the command line"


WRONG = [
    (["vod.incidence.value=1.3"], "vod.incidence.value: 1.3 is above 1 (a share lies between 0 and 1)"),
    (["transplants.volume.value=-5"], "transplants.volume.value: -5 is below 0"),
    (
        ["vod.incidence.value='beta(mean=0.2, sd=0.5)'"],
        "vod.incidence.value: beta(mean=0.2, sd=0.5): the sd must be below",
    ),
    (["vod.incidence.value=0.3 to 0.1"], "vod.incidence.value: 0.3 to 0.1: the first number must be below the second"),
    (["vod.incidence.value='betta(mean=0.2, sd=0.03)'"], "unknown distribution 'betta'; did you mean 'beta'?"),
    (["vod.incidence.value='beta(maen=0.2, sd=0.03)'"], "beta: unknown argument 'maen'; did you mean 'mean'?"),
    (["vod.incidense.value=0.3"], "vod.incidense.value: unknown key; did you mean 'vod.incidence.value'?"),
    (["+vod.incidense.value=0.3"], "vod.incidense"),
    (["scenario=press_relase"], "scenario: unknown option 'press_relase'; did you mean 'press_release'?"),
    (["vdo=press_release"], "vdo: unknown key; did you mean 'vod'?"),
    (["~vod.incidence.source"], "vod.incidence.source: is missing"),
    (["vod.day100_mortality.of=vod"], "vod.day100_mortality.of: 'vod', but this rate is applied to 'severe_vod'"),
    (["vod.incidence.value=\"__import__('os').system('touch hacked')\""], "vod.incidence.value"),
    (["+vod.incidence._target_=os.system"], "vod.incidence._target_: unknown key"),
    (["+hydra.callbacks.evil._target_=os.system"], "hydra.callbacks"),
    (["sampling.draws=0"], "sampling.draws: 0 is below 1"),
    (["sampling.draws=1000000000000000"], "sampling.draws: 1000000000000000 is above 10000000"),
    (["years.first=2018"], "years.first: 2018 is after years.last 2017"),
    (["vod.incidence.value=nan"], "vod.incidence.value: nan is not a finite number"),
    (["vod.incidence.value=.inf"], "vod.incidence.value"),
    (["vod.incidence.value=inf"], "vod.incidence.value: inf is not a finite number"),
    (
        ["vod.incidence.value=beta(mean=0.2, sd=0.03)"],
        "is quoted twice, as in \"vod.incidence.value='beta(mean=0.2, sd=0.03)'\"",
    ),
    (["vod.incidence.value=choice(0.1,0.2)"], "add -m"),
    (["sensitivity=tornado,boxes"], "to ask several at once write 'sensitivity=[tornado,boxes]'; to sweep over"),
    (["sensitivity=choice(rank,boxes)"], "sensitivity: choice(rank,boxes): to sweep over several values add -m"),
    (["transplants.volume.value=45,000"], "a comma inside a number is not read; write 45000"),
    (["transplants.volume.value='45,000'"], "transplants.volume.value: "),
    (["vod.incidence.value=0,18"], "a comma inside a number is not read; write 0.18; to sweep"),
    (["transplants.volume.value=40,000 to 50,000"], "a comma inside a number is not read; write 40000 to 50000"),
    (["vod.incidence=0.2"], "vod.incidence: 0.2 stands where keys with values belong; write vod.incidence.value=0.2"),
    (
        ["scenario=ebmt_1998_by_type", "+vod.incidence.values.allogenic=0.1"],
        "vod.incidence.values.allogenic: no label of transplants.strata.transplant; did you mean 'allogeneic'?",
    ),
    (["vod=ebmt_1998_by_type"], "the transplants are not divided so: choose a transplants= option that is"),
    (["transplants.growth.value=5"], "transplants in 2008 are above 1e+09, with transplants.growth (2 % is 0.02)"),
    (["--n", "5"], "--n: unknown option"),
    (["--scenario", "premier_2017"], "settings are key=value, without dashes"),
    (["hydra.run.dir="], "hydra.run.dir: the name of a folder is missing"),
    (["hydra.run.dir=mine"], "hydra.run.dir: mine is not empty (it holds scenario); choose another folder"),
    (["-m", "scenario=press_release,ebmt_1998", "hydra.run.dir=mine"], "hydra.run.dir: mine is not empty"),
    (["simulate"], "simulate: unknown command"),
    (["replay"], "replay: write sim replay DIR [hydra.run.dir=…]"),
    (["replay", "nowhere"], "nowhere holds no finished run"),
    (["collect", "nowhere"], "nowhere is no folder"),
    (["--config-dir", "nowhere"], "--config-dir: nowhere is no folder"),
    (["hydra.run.dir=file/run"], "hydra.run.dir: file/run cannot be written"),
    (["hydra.run.dir=file"], "hydra.run.dir: file cannot be written"),
    (["-m", "scenario=press_release,press_relase"], "scenario: unknown option 'press_relase'"),
    (["-m", "vod.incidence.value=range(0.1,0.3,0.1)"], "vod.incidence.value: a range with fractions is not exact"),
    (["-m", "vod.incidense.value=0.1,0.2"], "vod.incidense.value: unknown key"),
    (["-m", "vod.incidence.value=0.1,0.2", "hydra.run.dir=file/sweep"], "hydra.run.dir"),
    (["--config-dir", "mine", "scenario=latin1"], "not UTF-8"),
    (["--config-dir", "mine", "scenario=norway"], "transplants.strata.region.0: False is no text (YAML reads NO"),
    (["--config-dir", "mine", "scenario=broken"], "broken.yaml"),
    (["--config-dir", "mine", "scenario=untitled"], "scenario: 'untitled' has no title"),
]


@NO_BASH
def test_a_line_of_a_shell_runs(tmp_path: Path) -> None:
    quoted = """"vod.incidence.value='beta(mean=20%, sd=3%)'" 'vod.severe_fraction.value=0.2 to 0.4'"""
    words = f"{quoted} {' '.join(SMALL)} hydra.run.dir=run"
    done = in_bash(f"{shlex.quote(sys.executable)} -m sim {words}", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert sim.open_run(tmp_path / "run").provenance["overrides"] == words_of(words)


@pytest.mark.parametrize(("words", "message"), WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_wrong_input_is_one_line_exit_2_and_leaves_nothing(
    typed: Typed, tmp_path: Path, words: list[str], message: str
) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    own = tmp_path / "mine" / "scenario"
    own.mkdir(parents=True)
    head = "# @package _global_\nscenario: {title: T, story: S}\n"
    (own / "latin1.yaml").write_bytes(head.encode() + "# caf\xe9\n".encode("latin-1"))
    (own / "norway.yaml").write_text(head + "transplants: {strata: {region: [NO, SE]}}\n", encoding="utf-8")
    (own / "broken.yaml").write_text(head + "vod: [\n", encoding="utf-8")
    (own / "untitled.yaml").write_text("# @package _global_\n", encoding="utf-8")
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    done = typed(*words)
    assert done.returncode == 2
    assert done.stdout == ""
    assert message in done.stderr
    assert done.stderr.startswith("sim: ")
    assert done.stderr.count("\n") == 1
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == before
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize("words", [["vod.incidence.value=1.3"], ["-m", "vod.incidense.value=0.1,0.2"]])
def test_a_process_ends_with_the_line_and_the_code(started: Typed, tmp_path: Path, words: list[str]) -> None:
    done = started(*words)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("sim: vod.incid")
    assert not list(tmp_path.iterdir())


def test_help_shows_groups_and_examples(typed: Typed) -> None:
    shown = typed("--help").stdout
    for group in ("transplants:", "vod:", "sampling:", "report:", "scenario:"):
        assert group in shown
    assert shown.count("\n  sim ") >= 5
    assert "powered by Hydra" not in shown


def test_help_is_what_hydra_would_show(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        through_hydra(["--help"], lambda _: None)
    assert capsys.readouterr().out == help_text() + "\n"


SCIENCE = ("scipy.stats", "scipy.optimize", "scipy.integrate", "scipy.linalg", "sklearn")
HEAVY = ("matplotlib", *SCIENCE, "openpyxl", "jinja2")
TRIAL = ("sim.execution.trial", "sim.model.reading", "sim.model.trial.plan", "sim.model.process.plan", "simpy")
MARKET = ("sim.execution.market", "sim.model.market_reading", "sim.model.market.plan")


@pytest.mark.parametrize(
    ("words", "light_of"),
    [
        (["--help"], ("hydra", "numpy", "pandas", "xarray", "pydantic", *HEAVY)),
        ([*SMALL, "hydra.run.dir=run"], (*HEAVY, *TRIAL, *MARKET)),
        ([*SMALL, "sensitivity=sobol", "sensitivity.draws=64", "hydra.run.dir=run"], SCIENCE),
    ],
    ids=["help", "a small run without pictures", "a small run with a question"],
)
def test_what_is_heavy_is_imported_where_it_is_used(
    words: list[str], light_of: tuple[str, ...], tmp_path: Path
) -> None:
    alone = "import sys; sys.modules['dask'] = None; "  # as without the extra `cluster`: xarray loads it where it is
    script = f"{alone}from sim.__main__ import dispatch; dispatch(sys.argv[1:]); print('\\n@', *sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script, *words], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.rpartition("@")[2].split())
    assert "sim.__main__" in loaded
    assert not loaded & set(light_of)


def test_a_run_looks_for_nothing_to_throw_away_while_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    def begin(*_: object) -> None:
        raise InputError(f"{gc.isenabled()} {gc.get_freeze_count() > before} {_collections() - looked}")

    monkeypatch.setattr("sim.commands.begin", begin)
    gc.collect()
    before, looked = gc.get_freeze_count(), _collections()
    with pytest.raises(InputError, match="True True 0"):
        dispatch([*SMALL, "hydra.run.dir=run"])
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0  # from 3.12 on Python itself has some frozen before, which are let go as well


def _collections() -> int:
    return sum(generation["collections"] for generation in gc.get_stats())


def test_nor_when_it_ends() -> None:
    last = "import atexit, gc; atexit.register(lambda: print(gc.get_freeze_count() > 0)); "  # after what comes later
    script = f"{last}from sim.__main__ import main; main()"
    done = subprocess.run([sys.executable, "-c", script, "--help"], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "True"


def test_the_examples_of_the_help_run(typed: Typed, tmp_path: Path) -> None:
    examples = [line.strip() for line in typed("--help").stdout.splitlines() if line.startswith("  sim ")]
    assert len(examples) == 5
    for number, example in enumerate(examples):
        words = shlex.split(example.split("   ")[0])[1:]
        done = typed(*words, *SMALL, f"hydra.run.dir={tmp_path / str(number)}")
        assert (done.returncode, [word for word in done.stderr.splitlines() if "failed" in word]) == (0, [])


def test_a_run_writes_the_contract_and_names_its_first_picture(started: Typed, tmp_path: Path) -> None:
    done = started("hydra.run.dir=run", "sampling=quick")
    assert (done.returncode, done.stderr) == (0, "")  # no progress bar where there is no terminal
    names = {path.relative_to(tmp_path / "run").as_posix() for path in (tmp_path / "run").rglob("*") if path.is_file()}
    assert names >= {"summary.csv", "results.nc", "config.yaml", "assumptions.csv", "run.json", "report.html"}
    for picture in ("funnel", "fan", "distribution", "convergence"):
        assert {f"figures/{picture}.png", f"figures/{picture}.svg"} <= names
    assert "figures/funnel.png" in done.stdout
    for words in ("Severe VOD", "mean", "P10–P90", "Monte Carlo error"):
        assert words in done.stdout
    header = (tmp_path / "run" / "summary.csv").read_text(encoding="utf-8").splitlines()[0]
    assert header == "variable,region,transplant,age_group,year,statistic,value,mcse,unit"


def test_bare_sim_is_the_press_release_in_a_folder_of_its_own(typed: Typed, tmp_path: Path) -> None:
    for _ in range(2):
        assert typed(*QUICK).returncode == 0
    folders = list((tmp_path / "outputs").glob("*/*"))
    assert len(folders) == 2
    assert all(":" not in folder.name and (folder / MARK).exists() for folder in folders)
    assert sim.open_run(folders[0]).provenance["scenario"] == "press_release"


def test_replay_repeats_a_run_bit_for_bit(typed: Typed, started: Typed, tmp_path: Path) -> None:
    (tmp_path / "draws.csv").write_text("incidence\n0.1\n0.2\n0.3\n", encoding="utf-8")
    assert typed(
        "scenario=ebmt_1998", *QUICK, 'vod.incidence.value="sample(draws.csv, incidence)"', "hydra.run.dir=run"
    ).returncode == 0  # fmt: skip
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = started("replay", str(tmp_path / "run"), "hydra.run.dir=again", cwd=elsewhere)
    assert done.returncode == 0
    assert "bit for bit" in done.stdout
    for name in ("summary.csv", "config.yaml", "assumptions.csv"):
        assert (tmp_path / "run" / name).read_bytes() == (elsewhere / "again" / name).read_bytes()
    (tmp_path / "draws.csv").write_text("incidence\n0.1\n0.2\n0.4\n", encoding="utf-8")
    changed = typed("replay", str(tmp_path / "run"))
    assert changed.returncode == 2
    assert "draws.csv has changed since the run" in changed.stderr


def test_replay_says_what_differs(typed: Typed, tmp_path: Path) -> None:
    assert typed(*SMALL, "hydra.run.dir=run").returncode == 0
    table = (tmp_path / "run" / "summary.csv").read_text(encoding="utf-8")
    (tmp_path / "run" / "summary.csv").write_text(table.replace(",mean,", ",mean,1", 1), encoding="utf-8")
    done = typed("replay", "run", "hydra.run.dir=again")
    assert done.returncode == 1
    assert "Differs from run: summary.csv" in done.stdout


def test_a_sweep_is_compared_and_a_failure_loses_nothing(started: Typed, tmp_path: Path) -> None:
    done = started("-m", "vod.incidence.value=0.1,1.3,0.2", *QUICK, "hydra.run.dir=sweep")
    assert done.returncode == 2
    assert "vod.incidence.value: 1.3 is above 1" in done.stderr
    folder = tmp_path / "sweep"
    for name in ("comparison.csv", "comparison.html", "comparison.png", "comparison.svg"):
        assert (folder / name).stat().st_size > 0
    assert "1.3 is above 1" in (folder / "comparison.html").read_text(encoding="utf-8")
    table = pd.read_csv(folder / "comparison.csv")
    assert list(table.columns) == ["run", "variable", "region", "transplant", "age_group", "year", "statistic", "value",
                                   "difference", "difference_p05", "difference_p95", "ratio"]  # fmt: skip
    assert list(dict.fromkeys(table["run"])) == ["vod.incidence.value=0.1", "vod.incidence.value=0.2"]
    row = table[
        (table["run"] == "vod.incidence.value=0.2") & (table["variable"] == "vod") & (table["statistic"] == "mean")
    ]
    assert float(row["ratio"].iloc[0]) == pytest.approx(2, abs=0.01)
    draws = [sim.open_run(folder / str(i)).draws["vod"].to_numpy().astype(int).ravel() for i in (0, 2)]
    low, high = pd.Series(draws[1] - draws[0]).quantile([0.05, 0.95])
    assert (float(row["difference_p05"].iloc[0]), float(row["difference_p95"].iloc[0])) == (low, high)
    assert not (folder / "0" / "figures").exists()


def test_collect_rebuilds_the_comparison(typed: Typed, tmp_path: Path) -> None:
    done = typed("-m", "scenario=press_release,ebmt_1998,premier_2017", *QUICK, "hydra.run.dir=sweep")
    assert done.returncode == 0
    table = tmp_path / "sweep" / "comparison.csv"
    before = table.read_bytes()
    table.unlink()
    again = typed("collect", "sweep")
    assert (again.returncode, again.stdout) == (0, done.stdout)
    assert table.read_bytes() == before
    assert set(pd.read_csv(table)["run"]) == {"press_release", "ebmt_1998", "premier_2017"}
    refused = typed("-m", "scenario=press_release,ebmt_1998", *QUICK, "hydra.run.dir=sweep")
    assert refused.returncode == 2
    assert "is not empty" in refused.stderr


def test_the_baseline_can_be_chosen(typed: Typed, tmp_path: Path) -> None:
    words = ("-m", "scenario=press_release,ebmt_1998", *SMALL)
    assert typed(*words, "report.baseline=ebmt_1998", "hydra.run.dir=sweep").returncode == 0
    table = pd.read_csv(tmp_path / "sweep" / "comparison.csv")
    assert (table[table["run"] == "ebmt_1998"]["difference"] == 0).all()
    wrong = typed(*words, "report.baseline=ebmt", "hydra.run.dir=other")
    assert wrong.returncode == 2
    assert "report.baseline: 'ebmt' is no run of this sweep" in wrong.stderr
    assert (tmp_path / "other" / "1" / MARK).exists()  # the runs themselves are kept …
    assert typed("collect", "other", "report.baseline=ebmt_1998").returncode == 0  # … and can be compared


def test_pictures_of_every_run_only_with_a_full_report(typed: Typed, tmp_path: Path) -> None:
    done = typed("-m", "vod.incidence.value=0.1,0.2", "report=full", *SMALL[1:], "hydra.run.dir=sweep")
    assert done.returncode == 0
    assert (tmp_path / "sweep" / "1" / "figures" / "funnel.png").exists()
    assert (tmp_path / "sweep" / "1" / "report.html").exists()


def test_a_planners_own_folder_in_a_sweep(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "my" / "scenario").mkdir(parents=True)
    (tmp_path / "my" / "scenario" / "high.yaml").write_text(
        "# @package _global_\nscenario: {title: High, story: more}\n"
        "vod: {incidence: {value: 0.3, source: 'assumption: a test'}}\n",
        encoding="utf-8",
    )
    done = typed("--config-dir", "my/", "-m", "scenario=press_release,high", *SMALL, "hydra.run.dir=sweep")
    assert done.returncode == 0, done.stderr
    assert "high" in done.stdout
    single = typed("--config-dir", "my", "scenario=high", *SMALL, "hydra.run.dir=run")
    assert single.returncode == 0
    assert sim.open_run(tmp_path / "run").provenance["title"] == "High"


def test_a_sweep_cannot_be_made_to_run_code_by_a_scenario(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "my" / "scenario").mkdir(parents=True)
    (tmp_path / "boom.py").write_text("open('hacked', 'w')\n", encoding="utf-8")
    (tmp_path / "my" / "scenario" / "evil.yaml").write_text(
        "# @package _global_\nscenario: {title: E, story: x}\n"
        "hydra: {job_logging: {version: 1, handlers: {h: {class: boom.X}}, root: {handlers: [h]}}}\n",
        encoding="utf-8",
    )
    done = typed("--config-dir", "my", "-m", "scenario=press_release,evil", *SMALL, "hydra.run.dir=sweep")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "scenario/evil.yaml: 'hydra': a configuration is data" in done.stderr
    assert not (tmp_path / "hacked").exists()
    assert not (tmp_path / "sweep").exists()


def test_one_damaged_run_does_not_lose_the_comparison(typed: Typed, tmp_path: Path) -> None:
    assert typed("-m", "vod.incidence.value=0.1,0.2,0.3", *SMALL, "hydra.run.dir=sweep").returncode == 0
    (tmp_path / "sweep" / "1" / "results.nc").unlink()
    done = typed("collect", "sweep")
    assert done.returncode == 2
    assert "holds a damaged run" in done.stderr
    assert "vod.incidence.value=0.3" in done.stdout


@NO_BASH
def test_a_reader_that_goes_is_no_traceback(tmp_path: Path) -> None:
    done = in_bash(f"{shlex.quote(sys.executable)} -m sim {' '.join(SMALL)} | true", tmp_path)
    assert "Traceback" not in done.stderr


def test_ranges_can_be_swept(typed: Typed, tmp_path: Path) -> None:
    done = typed("-m", "vod.incidence.value=0.1 to 0.2,0.2 to 0.3", *SMALL, "hydra.run.dir=sweep")
    assert done.returncode == 0
    runs = set(pd.read_csv(tmp_path / "sweep" / "comparison.csv")["run"])
    assert runs == {"vod.incidence.value=0.1 to 0.2", "vod.incidence.value=0.2 to 0.3"}


def test_point_in_a_shell_is_the_hand_calculation(typed: Typed, tmp_path: Path) -> None:
    assert typed("sampling=point", "hydra.run.dir=run").returncode == 0
    run = sim.open_run(tmp_path / "run")
    assert [run.value(name, year=2017) for name in ("transplants", "vod", "severe_vod", "deaths_day100")] == [
        45_000, 9_000, 3_000, 2_400,
    ]  # fmt: skip


def test_a_terminal_without_the_signs_is_no_failure(started: Typed) -> None:
    done = started(*QUICK, env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert "Severe VOD" in done.stdout


def test_completion_knows_groups_keys_and_options(started: Typed) -> None:
    script = started("-sc", "install=bash")
    assert "complete" in script.stdout
    env = {**os.environ, "COMP_LINE": "sim scenario=pre", "COMP_POINT": "16", "COMP_CWORD": "1"}
    done = started("-sc", "query=bash", env=env)
    assert "scenario=press_release" in done.stdout
    assert "scenario=premier_2017" in done.stdout
