"""Sweeps: the tidy table, its pictures, one failing run among others, and going on with one that was interrupted."""

import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from unittest import mock

import pandas as pd
import pytest
from hydra import compose, initialize_config_dir
from hydra._internal import config_loader_impl
from hydra._internal.sources_registry import SourcesRegistry
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.plugins.sweeper import Sweeper
from omegaconf import OmegaConf

import sim
from sim.collected import ERROR
from sim.configuration.places import conf_dir
from sim.configuration.sweeper import composing_many
from sim.results.folder import ASIDE, MARK
from sim.sweep import TYPED_SWEEP
from tests.conftest import PATIENTS, Typed

TINY = [*PATIENTS, "report=none", "years.last=2008", "sampling.draws=64"]
INCIDENCE = "vod.incidence.value"


@pytest.fixture
def swept(typed: Typed, tmp_path: Path) -> Path:
    """Three runs, of which the second is refused."""
    done = typed("-m", *TINY, f"{INCIDENCE}=0.1,1.2,0.2,0.3", "hydra.run.dir=sweep")
    assert done.returncode == 2
    assert "1.2 is above 1" in done.stderr
    return tmp_path / "sweep"


def test_one_failing_run_loses_no_other_and_the_table_is_tidy(swept: Path) -> None:
    assert (swept / "1" / ERROR).exists()
    table = pd.read_csv(swept / "sweep.csv", dtype={"year": str})
    assert list(table.columns) == ["run", INCIDENCE, "variable", "year", "statistic", "value", "mcse", "unit"]
    rows = table[(table["variable"] == "severe_vod") & (table["year"] == "2008") & (table["statistic"] == "mean")]
    assert list(rows[INCIDENCE]) == [0.1, 0.2, 0.3]
    for place, value, error in zip((0, 2, 3), rows["value"], rows["mcse"], strict=True):
        run = sim.open_run(swept / str(place))
        assert value == run.value()
        assert error == pytest.approx(run.error(), nan_ok=True)
    assert (swept / "sweep.png").exists()
    page = (swept / "comparison.html").read_text(encoding="utf-8")
    assert "Severe VOD in 2008 is lowest, " in page
    assert "at VOD incidence 30\u00a0% (means)" in page


def test_a_sweep_goes_on_with_what_is_missing_and_keeps_what_is_there(
    swept: Path, typed: Typed, tmp_path: Path
) -> None:
    before = (swept / "sweep.csv").read_text(encoding="utf-8")
    stamps = {place: (swept / place / MARK).stat().st_mtime_ns for place in ("0", "3")}
    shutil.rmtree(swept / "2")
    moved = tmp_path / "it's moved"
    swept.rename(moved)
    done = typed("resume", str(moved))
    assert done.returncode == 2  # the second run is tried again, and refused again
    assert (moved / "1" / ERROR).exists()
    assert (moved / "2" / MARK).exists()
    assert (moved / "sweep.csv").read_text(encoding="utf-8") == before
    assert {place: (moved / place / MARK).stat().st_mtime_ns for place in stamps} == stamps


def test_a_run_that_was_killed_on_its_way_is_run_anew(typed: Typed, tmp_path: Path) -> None:
    words = ["-m", *TINY, f"{INCIDENCE}=0.1,0.2", "hydra.run.dir=sweep"]
    with mock.patch("sim.sweep.begin", side_effect=KeyboardInterrupt):
        stopped = typed(*words)
    assert stopped.returncode == 130
    assert stopped.stderr == "sim: stopped; finished runs are kept: sim resume sweep goes on\n"
    folder = tmp_path / "sweep"
    assert not (folder / "sweep.csv").exists()
    (folder / "0" / ASIDE).mkdir(parents=True, exist_ok=True)  # as SIGKILL leaves it
    assert "is not empty" in typed(*words).stderr  # a sweep begins in a new folder only
    done = typed("resume", "sweep")
    assert done.returncode == 0, done.stderr
    assert {path.name for path in folder.iterdir() if path.is_dir()} == {"0", "1"}
    assert sim.open_run(folder / "1").provenance["overrides"][-1] == f"{INCIDENCE}=0.2"
    assert "nothing left to run" not in done.stderr
    (folder / "sweep.csv").unlink()
    stamp = (folder / "1" / MARK).stat().st_mtime_ns
    whole = typed("resume", "sweep")
    assert whole.returncode == 0
    assert whole.stderr.startswith("nothing left to run")
    assert (folder / "sweep.csv").exists()
    assert (folder / "1" / MARK).stat().st_mtime_ns == stamp
    with mock.patch("sim.resuming.launch", side_effect=KeyboardInterrupt):
        again = typed("resume", "sweep")
    assert (again.returncode, again.stderr) == (130, stopped.stderr)


def test_a_run_that_is_stopped_keeps_nothing(typed: Typed, tmp_path: Path) -> None:
    with mock.patch("sim.commands.simulate", side_effect=KeyboardInterrupt):
        done = typed(*TINY, "hydra.run.dir=run")
    assert (done.returncode, done.stderr) == (130, "sim: stopped; nothing half-written was kept\n")
    assert not (tmp_path / "run").exists()


@pytest.mark.once
def test_two_keys_make_a_map_and_options_count_as_one(typed: Typed, tmp_path: Path) -> None:
    keys = [f"{INCIDENCE}=0.1,0.2", "vod=press_release,ebmt_1998"]
    done = typed("-m", *TINY, *keys, "hydra.run.dir=sweep")
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "sweep" / "sweep.csv")
    assert set(table["vod"]) == {"press_release", "ebmt_1998"}
    page = (tmp_path / "sweep" / "comparison.html").read_text(encoding="utf-8")
    assert "and option of vod ebmt_1998" in page


def test_files_and_kinds_are_read_once_and_hydra_is_left_as_it_was(typed: Typed) -> None:
    Plugins.instance()
    files = SourcesRegistry.instance().resolve("file")
    places = (files, "load_config"), (Sweeper, "validate_batch_is_legal"), (config_loader_impl, "create_defaults_list")
    before = [getattr(*place) for place in places]
    with composing_many():
        assert all(getattr(*place) is not one for place, one in zip(places, before, strict=True))
    assert [getattr(*place) for place in places] == before
    collecting = gc.get_threshold(), gc.get_freeze_count()
    refused = typed("-m", *TINY, "vod.incidense.value=0.1,0.2", "hydra.run.dir=none")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "vod.incidense.value: unknown key; did you mean 'vod.incidence.value'?" in refused.stderr
    option = typed("-m", *TINY, "vod=press_release,ebmt_1989", "hydra.run.dir=none")
    assert "vod: unknown option 'ebmt_1989'" in option.stderr
    assert (gc.get_threshold(), gc.get_freeze_count()) == collecting
    assert not Path("none").exists()


CHANGES: tuple[list[str], ...] = (
    [],
    ["vod.incidence.value=0.1"],
    ["vod.incidence.value=0.2", "report=none"],
    ["vod=seattle"],
    ["vod=seattle", "vod.incidence.value=0.1"],
    ["vod={incidence: {value: 0.3}}"],
    ["scenario=cohorts", "trial=none"],
    ["trial=none", "scenario=cohorts", "+sampling.extra=1"],
    ["+sampling.extra={a: 1}"],
    ["++vod.incidence.value=0.4"],
    ["~vod.incidence.spread"],
    ["~market"],
    ["~market=defibrotide", "years.last=2009"],
    ["vod.severe_fraction.value='${vod.incidence.value}'", "vod.incidence.value=0.1"],
    ["vod.severe_fraction.value='${vod.incidence.value}'", "vod.incidence.value=0.2"],
    ["hydra.sweep.dir=${scenario.title}"],
)
REFUSED = (["vod=ebmt_1989"], ["~trial=none"], ["vod.incidense.value=0.1"], ["nothing@vod=seattle"], ["+vod=seattle"])


def _composed(words: list[str]) -> tuple[Any, Any, list[str]]:
    """The configuration and Hydra's own settings, in order and unresolved; what is interpolated, resolved."""
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        config = compose("config", overrides=words, return_hydra_config=True)
    values = config.get("vod", {}).get("severe_fraction", {}).get("value"), config.hydra.sweep.dir
    return OmegaConf.to_container(config, resolve=False), values, list(config)


def _refusal(words: list[str]) -> str:
    with pytest.raises(HydraException) as caught:
        _composed(words)
    return str(caught.value)


def test_what_is_composed_many_times_is_what_hydra_composes_once() -> None:
    alone = [_composed(words) for words in CHANGES]
    refused = [_refusal(words) for words in REFUSED]
    assert len({json.dumps(found[0]) for found in alone}) == len(CHANGES)
    with composing_many():
        for order in (1, -1):  # the other way round, each finds what others left
            for words, found in list(zip(CHANGES, alone, strict=True))[::order]:
                assert json.dumps(_composed(words)) == json.dumps(found), words
            assert [_refusal(words) for words in REFUSED] == refused


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["resume"], "resume: write sim resume DIR"),
        (["resume", "a", "b"], "resume: write sim resume DIR"),
        (["resume", "nothing"], "resume: nothing holds neither a sweep (sweep.json) nor a run that was killed"),
        (["resum", "x"], "did you mean 'resume'?"),
    ],
)
def test_what_cannot_be_gone_on_with_is_refused(typed: Typed, words: list[str], said: str) -> None:
    done = typed(*words)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert said in done.stderr


def test_a_damaged_record_is_refused(typed: Typed, tmp_path: Path) -> None:
    for text in ("{", "{}", json.dumps({"arguments": [], "working_directory": str(tmp_path / "gone")})):
        (tmp_path / TYPED_SWEEP).write_text(text, encoding="utf-8")
        done = typed("resume", ".")
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert done.stderr.startswith("sim: resume: ")


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL on Windows")
def test_a_sweep_killed_in_the_middle_goes_on(typed: Typed, tmp_path: Path) -> None:
    words = ["-m", *TINY, f"{INCIDENCE}=0.1,0.15,0.2,0.25,0.3,0.35", "hydra.run.dir=sweep"]
    folder = tmp_path / "sweep"
    with subprocess.Popen([sys.executable, "-m", "sim", *words], cwd=tmp_path, stderr=subprocess.DEVNULL) as process:
        while not (folder / "1" / MARK).exists():
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert not (folder / "sweep.csv").exists()
    done = typed("resume", "sweep")
    assert done.returncode == 0, done.stderr
    whole = typed(*words[:-1], "hydra.run.dir=whole")
    assert whole.returncode == 0
    text = [(tmp_path / name / "sweep.csv").read_text(encoding="utf-8") for name in ("sweep", "whole")]
    assert text[0] == text[1]
