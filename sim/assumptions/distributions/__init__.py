"""Families of distributions, each known by its quantile function."""

from sim.assumptions.distributions.base import (
    NUMBER,
    POSITIVE,
    SHARE,
    U_MAX,
    U_MIN,
    Distribution,
    FloatArray,
    Kind,
    ends,
)
from sim.assumptions.distributions.beta_mixture import BetaMixture
from sim.assumptions.distributions.bounded import Pert, Triangular, Uniform
from sim.assumptions.distributions.classic import Beta, Certain, Gamma, LogNormal, Normal
from sim.assumptions.distributions.composed import Discrete, Mixture, Sample
from sim.assumptions.distributions.fitting import fit_beta, fit_gamma, fit_lognormal, fit_normal
from sim.assumptions.distributions.held import Held, hold
from sim.assumptions.distributions.logit_t import LogitT
from sim.assumptions.distributions.metalog import Metalog
from sim.assumptions.distributions.named import ARGUMENTS, between, build

__all__ = [
    "ARGUMENTS",
    "NUMBER",
    "POSITIVE",
    "SHARE",
    "U_MAX",
    "U_MIN",
    "Beta",
    "BetaMixture",
    "Certain",
    "Discrete",
    "Distribution",
    "FloatArray",
    "Gamma",
    "Held",
    "Kind",
    "LogNormal",
    "LogitT",
    "Metalog",
    "Mixture",
    "Normal",
    "Pert",
    "Sample",
    "Triangular",
    "Uniform",
    "between",
    "build",
    "ends",
    "fit_beta",
    "fit_gamma",
    "fit_lognormal",
    "fit_normal",
    "hold",
]
