"""A run by the workers of a cluster is the run of one process, also when a worker is killed; and what it refuses."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from sim.results.folder import open_run
from sim.results.provenance import first_apart
from tests.test_shards import check_same

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="a process cannot be killed without notice there"),
]

RUN = ["trial=none", "market=none", "report=none", "sampling.draws=300000", "results.keep_draws=false"]
ON_CLUSTER = ["execution=dask", "execution.engine=numpy", "execution.shards=24", "execution.timeout=20"]
PATIENCE = 120.0


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


class Cluster:
    """A scheduler and workers, each a process of its own, on the loopback."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._started = folder, list[subprocess.Popen[bytes]]()
        log = self._start("scheduler", "dask_scheduler", ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"])
        found: list[str] = []

        def answers() -> bool:
            found[:] = re.findall(r"Scheduler at:\s+(tcp://\S+)", log.read_text(encoding="utf-8"))
            return bool(found)

        until(answers, "the scheduler did not start")
        self.address = found[0]

    def worker(self, name: str, **env: str) -> subprocess.Popen[bytes]:
        """One more worker of one thread, that is there."""
        words = [self.address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--name", name]
        log = self._start(name, "dask_worker", words, env)
        until(lambda: "Starting established connection" in log.read_text(encoding="utf-8"), f"{name} did not start")
        return self._started[-1]

    def _start(self, name: str, module: str, words: Sequence[str], env: dict[str, str] | None = None) -> Path:
        log = self._folder / f"{name}.log"
        with log.open("wb") as file:
            command = [sys.executable, "-m", f"distributed.cli.{module}", *words]
            self._started.append(
                subprocess.Popen(command, cwd=self._folder, env={**os.environ, **(env or {})}, stdout=file, stderr=file)
            )
        return log

    def end(self) -> None:
        """Stop all that still runs."""
        for process in reversed(self._started):
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    (tmp_path / "cluster").mkdir()
    started = Cluster(tmp_path / "cluster")
    try:
        yield started
    finally:
        started.end()


def sim(*words: str, cwd: Path) -> subprocess.Popen[str]:
    """The program, as it is typed."""
    return subprocess.Popen(
        [sys.executable, "-m", "sim", *words], cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def done(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The same, to its end."""
    process = sim(*words, cwd=cwd)
    out, err = process.communicate(timeout=PATIENCE)
    return subprocess.CompletedProcess(words, process.returncode, out, err)


def test_a_killed_worker_changes_no_bit(cluster: Cluster, tmp_path: Path) -> None:
    alone = done(*RUN, "execution=numpy", "execution.shards=24", "hydra.run.dir=alone", cwd=tmp_path)
    assert alone.returncode == 0, alone.stderr
    victim, _ = cluster.worker("one"), cluster.worker("two")
    run = sim(*RUN, *ON_CLUSTER, f"execution.address={cluster.address}", "hydra.run.dir=many", cwd=tmp_path)
    kept = tmp_path / "many" / ".unfinished" / "shards"
    until(lambda: len(list(kept.glob("*.npz"))) >= 3 or run.poll() is not None, "no shard was finished")
    victim.send_signal(signal.SIGKILL)
    there = len(list(kept.glob("*.npz")))
    out, err = run.communicate(timeout=PATIENCE)
    assert run.returncode == 0, err
    assert 3 <= there < 24
    assert "Files in many" in out
    first, second = open_run(tmp_path / "alone"), open_run(tmp_path / "many")
    check_same(first, second)
    print(f"a worker killed after {there} of 24 shards: the same integers, means to 1e-12")


def test_a_lost_scheduler_is_said_and_the_run_goes_on_elsewhere(cluster: Cluster, tmp_path: Path) -> None:
    cluster.worker("one")
    run = sim(*RUN, *ON_CLUSTER, f"execution.address={cluster.address}", "hydra.run.dir=many", cwd=tmp_path)
    kept = tmp_path / "many" / ".unfinished" / "shards"
    until(lambda: len(list(kept.glob("*.npz"))) >= 2 or run.poll() is not None, "no shard was finished")
    cluster.end()
    _, err = run.communicate(timeout=PATIENCE)
    assert run.returncode == 2, err
    line = err.strip().splitlines()[-1]
    assert re.fullmatch(r"sim: execution=dask: .* was lost.*; what is finished is kept: sim resume many goes on", line)
    assert not (tmp_path / "many" / "run.json").exists()
    here = done(*RUN, "execution=numpy", "execution.resume=many", cwd=tmp_path)
    assert here.returncode == 0, here.stderr
    alone = done(*RUN, "execution=numpy", "hydra.run.dir=alone", cwd=tmp_path)
    assert alone.returncode == 0
    check_same(open_run(tmp_path / "alone"), open_run(tmp_path / "many"))


def test_workers_that_are_others_are_refused(cluster: Cluster, tmp_path: Path) -> None:
    fake = tmp_path / "fake"
    fake.mkdir()
    (fake / "sitecustomize.py").write_text(
        "import importlib.metadata as m\nown = m.version\n"
        "m.version = lambda name: '1.99.0' if name == 'numpy' else own(name)\n",
        encoding="utf-8",
    )
    cluster.worker("other", PYTHONPATH=str(fake))
    refused = done(*RUN, *ON_CLUSTER, f"execution.address={cluster.address}", "hydra.run.dir=no", cwd=tmp_path)
    assert refused.returncode == 2
    assert len(refused.stderr.strip().splitlines()) == 1, refused.stderr
    assert re.search(r"the worker tcp://\S+ has libraries\.numpy 1\.99\.0, not \d", refused.stderr)
    assert not (tmp_path / "no").exists()


def test_a_scheduler_without_workers_or_that_is_not_there_is_said(cluster: Cluster, tmp_path: Path) -> None:
    words = ["report=none", "execution=dask", "execution.timeout=2", "hydra.run.dir=no"]
    idle = done(*words, f"execution.address={cluster.address}", cwd=tmp_path)
    assert idle.returncode == 2
    assert idle.stderr == f"sim: execution=dask: the scheduler {cluster.address} has had no worker for 2 s\n"
    nobody = done(*words, "execution.address=tcp://127.0.0.1:9", cwd=tmp_path)
    assert nobody.returncode == 2
    assert nobody.stderr == "sim: execution.address: no scheduler answers at tcp://127.0.0.1:9 within 2 s\n"
    assert not (tmp_path / "no").exists()


def test_a_cluster_of_this_machine_is_started_and_stopped(tmp_path: Path) -> None:
    words = ["report=none", "sampling.draws=12000", "report.beside=null"]
    here = done(*words, "execution=numpy", "execution.shards=2", "hydra.run.dir=here", cwd=tmp_path)
    assert here.returncode == 0, here.stderr
    own = done(*words, "execution=dask", "execution.shards=2", "execution.workers=2", "hydra.run.dir=own", cwd=tmp_path)
    assert own.returncode == 0, own.stderr
    assert own.stderr == ""
    check_same(open_run(tmp_path / "here"), open_run(tmp_path / "own"))
    again = done("replay", "own", "hydra.run.dir=again", cwd=tmp_path)  # in one process, whatever became of the cluster
    assert again.returncode == 0, again.stderr
    assert "Identical to own, bit for bit." in again.stdout


def test_a_sweep_by_joblib_is_the_same(tmp_path: Path) -> None:
    words = ["-m", "trial=none", "market=none", "report=none", "sampling.draws=256", "vod.incidence.value=0.1,7,0.2"]
    by_joblib = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
    one = done(*words, "hydra.sweep.dir=one", cwd=tmp_path)
    many = done(*words, *by_joblib, "hydra.sweep.dir=many", cwd=tmp_path)
    assert one.returncode == many.returncode == 2  # 7 is no share; the others are run
    assert "vod.incidence.value: 7 is above 1" in many.stderr
    for name in ("sweep.csv", "comparison.csv"):
        first, second = ((tmp_path / folder / name).read_bytes() for folder in ("one", "many"))
        assert first == second
    again = done("resume", "many", cwd=tmp_path)  # by the same launcher, which tries the failed one anew
    assert again.returncode == 2
    assert (tmp_path / "many" / "comparison.csv").read_bytes() == second


def test_the_first_difference_is_named() -> None:
    assert first_apart({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 2}}) is None
    assert first_apart({"a": {"b": 1, "c": 2}, "d": 1}, {"a": {"b": 1, "c": 3}, "d": 2}) == "a.c 3, not 2"
    assert first_apart({"a": None}, {"a": {"b": 1}}) == "a {'b': 1}, not None"
