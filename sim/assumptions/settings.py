"""The plain settings of a run: which scenario, which years, how many draws, what is kept and shown."""

import re
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from sim.assumptions.quantity import Closed
from sim.assumptions.statements import bound, plain_number, variable_hint
from sim.errors import InputError
from sim.variables import HEADLINE, VARIABLES


class Scenario(Closed):
    """Which scenario this is, as people read it."""

    name: str
    title: str
    story: str = ""


class Years(Closed):
    """The calendar years a run covers, both ends included."""

    first: int = Field(ge=1950, le=2200)
    last: int = Field(ge=1950, le=2200)

    @model_validator(mode="after")
    def _in_order(self) -> "Years":
        if self.first > self.last:
            raise InputError(f".first: {self.first} is after years.last {self.last}")
        return self

    @property
    def all(self) -> tuple[int, ...]:
        """Every year, in order."""
        return tuple(range(self.first, self.last + 1))


class Stop(Closed):
    """When a run is precise enough to end before all its draws are made.

    Attributes
    ----------
    relative_error : of a mean: its Monte Carlo error as a share of it.
    flip : how likely the conclusion that the mean is `at_least`, or `at_most`, so much may be the wrong way round.
    of : the variable whose mean it is, in the first year where it has years.
    at_least, at_most : the bound of the conclusion.
    first : draws that are made before it is looked at; they double from there.
    """

    relative_error: float | None = Field(default=None, gt=0, lt=1)
    flip: float | None = Field(default=None, gt=0, lt=0.5)
    of: str = HEADLINE
    at_least: float | None = Field(default=None, allow_inf_nan=False)
    at_most: float | None = Field(default=None, allow_inf_nan=False)
    first: int = Field(default=1024, ge=16, le=10_000_000)

    @field_validator("relative_error", "flip", mode="before")
    @classmethod
    def _shares(cls, given: Any) -> Any:
        return plain_number(given)

    @field_validator("at_least", "at_most", mode="before")
    @classmethod
    def _bound(cls, given: Any, info: ValidationInfo) -> Any:
        return bound(given, info.data.get("of"), is_most=info.field_name == "at_most")

    @model_validator(mode="after")
    def _fit(self) -> "Stop":
        if self.of not in VARIABLES:
            raise InputError(f".of: '{self.of}' is no variable{variable_hint(self.of)}")
        if (self.relative_error is None) == (self.flip is None):
            raise InputError("give one of relative_error and flip")
        bounds = sum(one is not None for one in (self.at_least, self.at_most))
        if self.flip is not None and bounds != 1:
            raise InputError(".flip: needs the bound of the conclusion, at_least or at_most")
        if self.flip is None and bounds:
            raise InputError(".relative_error: has no bound; at_least and at_most go with flip")
        return self


class Sampling(Closed):
    """How the draws are made.

    Attributes
    ----------
    method : `point` puts every quantity at its mean.
    draws : their number, all replicates together; where they do not fit what `results.keep_draws` says, they are
        counted as they come, and memory does not grow with them.
    replicates : independent randomisations they are divided into, 1 or at least 4: their scatter is the Monte Carlo
        error.
    seed : of all random numbers.
    chance : whether patients are whole and fall ill by chance, or are expected numbers.
    smooth : whether statistics of patients average their law given each draw in place of the numbers drawn from it;
        `rates` averages over the law of every rate that is drawn by itself as well.
    stop : when fewer draws are enough; None makes all.
    sobol_dimensions : quantities in the order of their Sobol' dimensions; new names are appended.
    """

    method: Literal["random", "latin_hypercube", "sobol", "point"]
    draws: int = Field(ge=1, le=1_000_000_000)
    replicates: int = Field(ge=1, le=1024)
    seed: int = Field(ge=0, lt=2**63)
    chance: bool
    smooth: Literal[True, False, "rates"] = False
    stop: Stop | None = None
    sobol_dimensions: tuple[str, ...] = Field(default=(), max_length=256)

    @field_validator("draws", "replicates", "seed", mode="before")
    @classmethod
    def _numbers(cls, given: Any) -> Any:
        if isinstance(given, bool):
            raise InputError(f"{given} is no whole number")
        return given

    @field_validator("sobol_dimensions")
    @classmethod
    def _each_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if names.count(name) > 1:
                raise InputError(f"'{name}' stands twice: a dimension belongs to one quantity")
        return names

    @model_validator(mode="after")
    def _replicates_fit(self) -> "Sampling":
        if 1 < self.replicates < 4:
            raise InputError(f".replicates: {self.replicates} give no honest error; 1 or at least 4")
        if self.replicates > 1 and self.draws < 2 * self.replicates:
            raise InputError(f".draws: {self.draws} is below 2 for each of sampling.replicates {self.replicates}")
        if self.method == "point" and self.chance:
            raise InputError(".chance: true does not go with sampling.method point, the calculation at the means")
        if self.smooth and not self.chance:
            raise InputError(
                f".smooth: {str(self.smooth).lower()} averages over chance, which sampling.chance false leaves out"
            )
        if self.stop is not None and (self.method == "point" or (self.replicates == 1 and self.method != "random")):
            why = "point has no error" if self.method == "point" else "of a single replicate the error is unknown"
            raise InputError(f".stop: {why}; it needs sampling.replicates of at least 4, or sampling.method random")
        return self


class Evidence(Closed):
    """Which evidence may be used.

    Attributes
    ----------
    as_of : a year, month or day, such as 2007-11: only what was published by its end; None takes all.
    file : a ledger of one's own in place of the project's.
    """

    as_of: str | int | None = None
    file: str | None = None


class Storage(Closed):
    """What a run keeps: `auto` keeps the draws where they fit 200 MB."""

    keep_draws: Literal[True, False, "auto"] = "auto"


class Execution(Closed):
    """How a run is worked out, which changes no count; sums of many numbers may differ in their last digits.

    Attributes
    ----------
    engine : `auto` takes compiled code where it pays.
    threads : of compiled code, and processes of played trials; None takes the processors there are.
    backend : where draws are worked out: in this process, or by the workers of a Dask cluster.
    shards : into which the draws fall, each kept on disk once it is finished; None takes as many as keep little at
        stake.
    address : of the cluster's scheduler; None starts workers here.
    workers : that are started here; None takes as many as there are processors.
    timeout : how long to wait for the scheduler or for its first worker, seconds.
    resume : the folder of a run that was killed, and that goes on; None begins a new one.
    """

    engine: Literal["auto", "numpy", "numba"] = "auto"
    threads: int | None = Field(default=None, ge=1, le=256)
    backend: Literal["local", "dask"] = "local"
    shards: int | None = Field(default=None, ge=1, le=1_000_000)
    address: str | None = None
    workers: int | None = Field(default=None, ge=1, le=1024)
    timeout: float = Field(default=30, gt=0, le=86_400)
    resume: str | None = None

    @model_validator(mode="after")
    def _of_a_cluster(self) -> "Execution":
        if self.address is not None and not re.fullmatch(r"[a-z]+://\S+:\d+", self.address):
            raise InputError(f".address: '{self.address}' is no address of a scheduler; write tcp://HOST:PORT")
        for name in ("address", "workers"):
            if self.backend == "local" and (given := getattr(self, name)) is not None:
                raise InputError(f".{name}: {given} belongs to a cluster; choose execution=dask")
        if self.address is not None and self.workers is not None:
            raise InputError(f".workers: {self.workers} cannot be started at {self.address}; leave one of the two out")
        return self


class Report(Closed):
    """Which pictures and pages are made: `single` leaves them out of the runs of a sweep.

    Attributes
    ----------
    figures : when the run's own pictures and report are made.
    baseline : the run of a sweep that the others are compared with; None takes the first.
    beside : the option of group `vod` whose severe cases stand beside those of a single run; None shows none.
    uncertainty_draws : draws that divide the variance of the headline among its causes, where the report is made.
    bridge_draws : draws that split the difference between two scenarios input by input; 0 makes no bridge.
    """

    figures: Literal["single", "always", "never"]
    baseline: str | None = None
    beside: str | None = None
    uncertainty_draws: int = Field(ge=64, le=200_000)
    bridge_draws: int = Field(default=0, ge=0, le=200_000)
