import shlex
from pathlib import Path
from unittest import mock

import pandas as pd
import pytest

from sim.__main__ import dispatch
from sim.configuration.compose import composed
from sim.errors import InputError
from tests.conftest import PATIENTS, ROOT, Typed
from tests.test_readme import blocks

SMALL = [*PATIENTS, "sampling.draws=64", "years.last=2009"]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("asked") / "run"
    assert dispatch([*SMALL, "report=none", f"hydra.run.dir={folder}"]) == 0
    return folder


@pytest.mark.once
def test_every_option_switches_on_the_method_of_its_name() -> None:
    options = sorted(path.stem for path in (ROOT / "conf" / "sensitivity").glob("*.yaml"))
    needed = {
        "goal": ["sensitivity.goal={key: vod.incidence.value, between: [0.1, 0.3]}", "sensitivity.at_least=3000"],
        "grid": ["sensitivity.over={vod.incidence.value: [0.1, 0.2]}"],
        "joint": ["sensitivity.events=['severe_vod > 3000', 'vod > 9000']"],
        "stress": ["sensitivity.given={vod.incidence: top 10%}"],
    }
    for option in options:
        words = [f"sensitivity={option}", *needed.get(option, [])]
        asked = composed([*PATIENTS, *words]).assumptions().sensitivity.asked
        assert asked == (() if option == "none" else (option,))


def test_several_methods_are_asked_at_once_and_settings_typed_beside_them() -> None:
    words = ["sensitivity=[tornado,rank]", "sensitivity.target=vod", "sensitivity.percentiles=[5,95]"]
    asked = composed([*PATIENTS, *words]).assumptions().sensitivity
    assert (asked.asked, asked.target, asked.percentiles) == (("tornado", "rank"), "vod", (5, 95))


@pytest.mark.once
def test_a_run_prints_the_answer_and_shows_it_in_its_report(typed: Typed, tmp_path: Path) -> None:
    over = "{vod.incidence.value: [0.1, 0.2], transplants.volume.value: [40000], vod.severe_fraction.value: [0.3, 0.4]}"
    asked = ["sensitivity=[tornado,grid]", f"sensitivity.over={over}"]  # three keys: a table without a picture
    done = typed(*SMALL, "report.beside=null", *asked, "hydra.run.dir=run")
    assert done.returncode == 0, done.stderr
    assert "moves severe VOD in 2008 most" in done.stdout
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert 'id="tornado"' in page
    assert 'aria-label="VOD severe fraction moves' in page or 'aria-label="VOD incidence moves' in page
    table = pd.read_csv(tmp_path / "run" / "tornado.csv")
    assert set(table["target"]) == {"severe_vod"}
    assert set(table["year"]) == {2008}
    assert (tmp_path / "run" / "figures" / "tornado.png").exists()
    assert 'id="grid"' in page
    assert len(pd.read_csv(tmp_path / "run" / "grid.csv")["point"].unique()) == 4


def test_a_finished_run_is_asked_without_running_anything(finished: Path, typed: Typed, tmp_path: Path) -> None:
    with mock.patch("sim.model.chain.populations", side_effect=AssertionError):
        done = typed(f"from_run={finished}", "sensitivity=[tornado,rank]", "hydra.run.dir=answers")
    assert done.returncode == 0, done.stderr
    assert "moves severe VOD in 2008 most" in done.stdout
    assert "partial rank correlation" in done.stdout
    names = {path.name for path in (tmp_path / "answers").iterdir()}
    assert names == {"figures", "sensitivity.html", "tornado.csv", "rank.csv"}
    assert {path.name for path in finished.iterdir()} >= {"run.json", "summary.csv"}
    assert not (finished / "tornado.csv").exists()  # what is finished stays as it is


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sensitivity=tornado", "sensitivity.target=severe_vodd"], "sensitivity.target: 'severe_vodd'"),
        (["sensitivity=tornado", "sensitivity.percentiles=[90,10]"], "sensitivity.percentiles: 90 and 10"),
        (["sensitivity=tornado", "sensitivity.draws=8"], "sensitivity.draws: 8 is below 64"),
        (["sensitivity=tornado", "sensitivity.year=2020"], "sensitivity.year: 2020 is not among 2008 to 2009"),
        (["sensitivity=tornado", "sensitivity.target=net_present_value"], "this run gives no net_present_value"),
        (["sensitivity=tornado", "sensitivity.at_least=1", "sensitivity.at_most=2"], "sensitivity.at_least: give it"),
        (["sensitivity=tornad"], "did you mean 'tornado'?"),
        (["sensitivity=[tornado,rankk]"], "sensitivity: unknown option 'rankk'; did you mean 'rank'?"),
        (["sensitivity.target=vod"], "sensitivity.target: nothing is asked; add sensitivity=tornado"),
        (["sensitivity=tornado", "sampling=point"], "which tornado needs"),
    ],
)
def test_a_wrong_question_is_refused_in_one_line(typed: Typed, tmp_path: Path, words: list[str], said: str) -> None:
    done = typed(*SMALL, "report=none", *words, "hydra.run.dir=refused")
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "refused").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sensitivity=tornado", "vod.incidence.value=0.2"], "vod.incidence.value: a finished run is asked as it is"),
        ([], "nothing is asked of"),
        (["sensitivity=shapley"], "shapley asks the model at other values"),
        (["sensitivity=grid", "sensitivity.over={vod.incidence.value: [0.1]}"], "from_run: grid asks the model"),
    ],
)
def test_what_a_finished_run_cannot_be_asked(finished: Path, words: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said.replace("[", r"\[")):
        dispatch([f"from_run={finished}", *words])


def test_a_folder_without_a_run_cannot_be_asked(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no finished run"):
        dispatch([f"from_run={tmp_path}", "sensitivity=tornado", f"hydra.run.dir={tmp_path / 'answers'}"])
    assert not (tmp_path / "answers").exists()


def test_a_run_without_its_draws_says_how_to_keep_them(tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert dispatch([*SMALL, "report=none", "results.keep_draws=false", f"hydra.run.dir={run}"]) == 0
    with pytest.raises(InputError, match=r"results\.keep_draws=true"):
        dispatch([f"from_run={run}", "sensitivity=tornado", f"hydra.run.dir={tmp_path / 'answers'}"])


@pytest.mark.once
def test_the_commands_of_the_page_are_accepted_as_they_stand() -> None:
    page = (ROOT / "docs" / "sensitivity.md").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for block in blocks(page, "bash") for line in block.splitlines() if line.startswith("sim ")]
    single = [shlex.split(line, comments=True)[1:] for line in lines]
    single = [words for words in single if words[0] not in ("-m", "resume") and "DIR" not in " ".join(words)]
    assert len(single) > 15
    for words in single:
        asked = [word for word in words if not word.startswith(("from_run=", "hydra."))]
        found = composed(asked).assumptions()
        assert found.sensitivity.asked or found.sampling.stop
