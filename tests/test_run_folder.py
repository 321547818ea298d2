import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import sim
from sim.errors import InputError
from sim.results.folder import ASIDE, MARK, kept_dataset, open_run, write, writing
from sim.variables import CELL_DIMS, TRIAL

FEW = ["years.last=2009", "sampling.draws=512", "report=none", "market=none"]


def test_a_run_read_back_is_the_run(tmp_path: Path) -> None:
    run = sim.simulate(sim.load("ebmt_1998_by_type", FEW))
    with writing(tmp_path / "run") as aside:
        write(run, aside)
    again = sim.open_run(tmp_path / "run")
    assert again.dataset.identical(run.dataset)
    before, after = (table.astype({"year": str}) for table in (run.summary, again.summary))
    pd.testing.assert_frame_equal(after, before, check_dtype=False)
    assert again.configuration == run.configuration
    assert again.provenance == run.provenance
    assert again.value("severe_vod", "p90", 2009) == run.value("severe_vod", "p90", 2009)
    rows = ["seed_hct_2002", "wbmt_2006_allo", "carreras1998_allo", "carreras1998_auto", "sev_carreras1998"]
    assert list(again.evidence["id"])[:6] == [*rows, "seed_d100_mort"]


def test_summary_is_tidy_and_complete() -> None:
    run = sim.simulate(sim.load("ebmt_1998_by_type", FEW))
    table = run.summary
    assert list(table.columns) == ["variable", *CELL_DIMS, "statistic", "value", "mcse", "unit"]
    statistics = {"mean", "sd", "sd_parameters", "p05", "p10", "p25", "p50", "p75", "p90", "p95"}
    assert set(table["statistic"]) == statistics
    assert set(table["transplant"]) == {"allogeneic", "autologous", "all"}
    cells = table[table["year"] != "all"]
    assert len(cells) == 6 * 3 * 2 * len(statistics)
    assert not cells.isna().any(axis=None)
    assert set(table["variable"]) - set(cells["variable"]) <= {variable.name for variable in TRIAL}
    draws = run.draws["severe_vod"].sel(year=2009)
    total = draws.sum("transplant").to_numpy().ravel()
    assert run.value("severe_vod", "p90", 2009) == np.quantile(total, 0.9)
    own = draws.sel(transplant="allogeneic").to_numpy().ravel()
    assert run.value("severe_vod", "sd", 2009, transplant="allogeneic") == pytest.approx(own.std(ddof=1), rel=1e-12)


def test_unknown_number_of_the_summary_is_refused_by_name() -> None:
    run = sim.simulate(sim.load(overrides=FEW))
    with pytest.raises(InputError, match="variable 'severe_vdo'; did you mean 'severe_vod'"):
        run.value("severe_vdo")
    with pytest.raises(InputError, match="year '2050'; it has 2008, 2009"):
        run.value(year=2050)
    with pytest.raises(InputError, match="'transplnt' is no dimension; did you mean 'transplant'"):
        run.value(transplnt="allogeneic")


def test_an_error_that_cannot_be_known_is_left_empty(tmp_path: Path) -> None:
    run = sim.simulate(sim.load(overrides=[*FEW, "sampling.method=sobol", "sampling.replicates=1"]))
    assert run.summary["mcse"].isna().all()
    with writing(tmp_path / "run") as aside:
        write(run, aside)
    assert ",," in (tmp_path / "run" / "summary.csv").read_text().splitlines()[1]
    assert sim.open_run(tmp_path / "run").summary["mcse"].isna().all()


def test_without_draws_histograms_are_kept_and_views_told(tmp_path: Path) -> None:
    run = sim.simulate(sim.load(overrides=[*FEW, "results.keep_draws=false"]))
    kept = kept_dataset(run)
    assert "draw" not in kept.dims
    assert int(kept["severe_vod_histogram"].sum("bin").min()) == 512
    with writing(tmp_path / "run") as aside:
        write(run, aside)
    again = sim.open_run(tmp_path / "run")
    assert again.value() == run.value()
    with pytest.raises(InputError, match=r"results\.keep_draws=true"):
        again.outputs.load()


def test_draws_that_do_not_fit_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    run = sim.simulate(sim.load(overrides=FEW))
    assert kept_dataset(run) is run.dataset
    monkeypatch.setattr("sim.results.folder.KEPT_BYTES", run.dataset.nbytes - 1)
    assert "draw" not in kept_dataset(run).dims


def test_a_finished_run_is_not_written_over(tmp_path: Path) -> None:
    run = sim.simulate(sim.load(overrides=FEW))
    with writing(tmp_path / "run") as aside:
        write(run, aside)
    before = {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()}
    with pytest.raises(InputError, match="already holds a run"), writing(tmp_path / "run"):
        pass
    assert {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()} == before


def test_two_runs_never_share_a_folder(tmp_path: Path) -> None:
    second = writing(tmp_path / "run")
    with writing(tmp_path / "run"), pytest.raises(InputError, match="under way or was killed"):
        second.__enter__()


def test_a_failure_leaves_no_folder(tmp_path: Path) -> None:
    def fail_half_way() -> None:
        with writing(tmp_path / "deep" / "run") as aside:
            (aside / "summary.csv").write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert not (tmp_path / "deep" / "run").exists()


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    for place in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(InputError, match=r"hydra.run.dir: .* cannot be written"), writing(place):
            pass


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is not on Windows")
@pytest.mark.parametrize("delay", [0.0, 0.1, 0.3])
def test_a_killed_run_never_looks_finished(tmp_path: Path, delay: float) -> None:
    folder = tmp_path / "run"
    command = [sys.executable, "-m", "sim", f"hydra.run.dir={folder}", "sampling.draws=2000000", "years.last=2008"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (folder / ASIDE).exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert [path.name for path in folder.iterdir()] == [ASIDE]
    with pytest.raises(InputError, match="no finished run"):
        open_run(folder)


def test_a_damaged_run_is_refused_by_name(tmp_path: Path) -> None:
    run = sim.simulate(sim.load(overrides=FEW))
    for name, damage in [("run.json", "{"), ("results.nc", "x"), ("summary.csv", ""), ("config.yaml", "a: [")]:
        folder = tmp_path / name
        with writing(folder) as aside:
            write(run, aside)
        (folder / name).write_text(damage)
        with pytest.raises(InputError, match="holds a damaged run"):
            open_run(folder)
    (tmp_path / "run.json" / "run.json").write_text("{}")
    (tmp_path / "run.json" / "results.nc").unlink()
    with pytest.raises(InputError, match="holds a damaged run"):
        open_run(tmp_path / "run.json")


def test_a_disk_that_is_full_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise RuntimeError("NetCDF: HDF error")

    monkeypatch.setattr(xr.backends.NetCDF4DataStore, "store", full)
    run = sim.simulate(sim.load(overrides=FEW))

    def write_it() -> None:
        with writing(tmp_path / "run") as aside:
            write(run, aside)

    with pytest.raises(InputError, match=r"hydra.run.dir: .* cannot be written \(results.nc: NetCDF: HDF error"):
        write_it()
    assert not (tmp_path / "run").exists()


def test_run_json_says_what_is_needed_to_repeat() -> None:
    run = sim.simulate(sim.load(overrides=FEW))
    record = json.loads(json.dumps(dict(run.provenance)))
    for key in (
        "seed",
        "draws",
        "replicates",
        "method",
        "ledger",
        "python",
        "program",
        "commit",
        "seconds",
        "scenario",
    ):
        assert key in record
    assert record["seed"] == 2007
    assert len(record["ledger"]) == 64
    assert set(record["libraries"]) >= {"numpy", "scipy", "xarray", "hydra-core"}


def test_results_file_says_what_its_numbers_are(tmp_path: Path) -> None:
    run = sim.simulate(sim.load(overrides=FEW))
    with writing(tmp_path / "run") as aside:
        write(run, aside)
    with xr.open_dataset(tmp_path / "run" / "results.nc") as stored:
        assert stored["severe_vod"].attrs["unit"] == "patients per year"
        assert stored["vod.incidence"].attrs["unit"] == "VOD cases per transplant"
        assert stored["replicate"].dims == ("draw",)
    assert (tmp_path / "run" / MARK).exists()
