"""What is exactly known of accrual, against published and closed forms."""

from dataclasses import replace
from datetime import date
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betaincinv, gammaincc, gammainccinv, gammaincinv
from scipy.stats import gamma, kstest, lognorm, nbinom

from sim.draws.streams import FloatArray
from sim.errors import InputError
from sim.model.trial.count_law import Accrual, Site, count_pmf, sites_needed, staggered
from sim.model.trial.gamma_quantile import gamma_quantile
from sim.model.trial.heterogeneity import fit_shape_rate, hyper_posterior
from sim.model.trial.nodes import Nodes
from sim.model.trial.places import Places
from sim.model.trial.plan import TrialStreams
from sim.model.trial.pooled import Strength, pooled_posterior, pooled_rate
from sim.model.trial.posterior import site_rates_given

SITE = Site.gamma(1.2, 4.8)
TARGET = 80
FIVE = (0.05, 0.25, 0.50, 0.75, 0.95)
COUNTS = np.array([0, 1, 2, 5, 3, 0, 8, 4.0])
EXPOSURE = np.array([2, 3, 4, 6, 6, 7, 8, 9.0])


def close(name: str, found: float, required: float, decimals: int) -> None:
    """Within a ten-thousandth, or within the last digit that is printed, each shown."""
    print(f"{name}: {found:.6f}, required {required}")
    assert found == pytest.approx(required, rel=1e-4, abs=0.51 * 10.0**-decimals)


def near(name: str, sample: FloatArray, truth: float) -> None:
    """A sample's mean within 4 Monte Carlo standard errors."""
    error = float(sample.std() / np.sqrt(len(sample)))
    print(f"{name}: {sample.mean():.5f} ± {error:.5f}, true {truth:.5f}")
    assert abs(float(sample.mean()) - truth) < 4 * error


def streams(draws: int, seed: int = 1) -> TrialStreams:
    return TrialStreams(seed, range(draws))


@pytest.mark.parametrize(
    ("name", "sites", "required"),
    [
        ("all open", (SITE,) * 20, (11.1323, 13.8296, 16.1572, 18.9612, 24.0852)),
        ("every half month", staggered(SITE, np.arange(20) / 2), (15.7886, 18.5579, 20.9191, 23.7460, 28.8884)),
        (
            "uniformly over 0-10",
            (replace(SITE, opening=Nodes.uniform(0, 10)),) * 20,
            (15.9277, 18.7812, 21.1828, 24.0375, 29.2022),
        ),
        (
            "six-month ramp",
            (replace(SITE, ramp=6.0),) * 20,
            (14.1323, 16.8296, 19.1572, 21.9612, 27.0852),
        ),
    ],
)
def test_months_until_eighty_patients(name: str, sites: tuple[Site, ...], required: tuple[float, ...]) -> None:
    law = Accrual(sites)
    for probability, months in zip(FIVE, required, strict=True):
        close(f"{name}, {probability:.0%}", law.time_quantile(TARGET, probability), months, 4)


def test_mean_and_spread_of_the_months_and_probabilities_by_a_month() -> None:
    law = Accrual((SITE,) * 20)
    mean, sd = law.time_moments(TARGET)
    close("mean", mean, 16.6957, 4)
    close("sd", sd, 4.0389, 4)
    required = {12: 0.09588, 16: 0.48331, 18: 0.67632, 20: 0.81456, 24: 0.94853}
    for months, probability in required.items():
        close(f"P(T <= {months})", law.prob_enrolled_by(TARGET, months), probability, 5)


def test_without_spread_between_sites_it_is_plain_poisson() -> None:
    law = Accrual((Site(0.25),) * 20)
    for probability, months in zip((0.05, 0.50, 0.95), (13.18, 15.93, 19.05), strict=True):
        close(f"Poisson, {probability:.0%}", law.time_quantile(TARGET, probability), months, 2)
        exact = gammaincinv(TARGET, probability) / 5.0
        assert law.time_quantile(TARGET, probability) == pytest.approx(exact, rel=1e-8)
    for cv in (1e-6, 1e-140, 5.1e-162):  # the square of the last is no more than a few bits
        nearly = Accrual((Site(0.25, cv=cv),) * 20)
        np.testing.assert_allclose(nearly.pmf(16.0, 200), law.pmf(16.0, 200), rtol=1e-8)


def test_screening_caps_and_a_shared_factor() -> None:
    passing = Accrual((replace(SITE, kept=Nodes.certain(0.7)),) * 20)
    for probability, months in zip((0.05, 0.50, 0.95), (15.9032, 23.0817, 34.4074), strict=True):
        close(f"screen pass, {probability:.0%}", passing.time_quantile(TARGET, probability), months, 4)
    capped = Accrual((replace(SITE, cap=6),) * 20)
    for months, prob in {18: 0.08191, 24: 0.34763, 30: 0.63003, 40: 0.88473}.items():
        close(f"cap of 6, P(T <= {months})", capped.prob_enrolled_by(TARGET, months), prob, 5)
    mean, variance = Accrual((replace(SITE, kept=Nodes.beta(7, 3)),) * 20).count_moments(18)
    close("site pass, mean", mean, 63, 4)
    close("site pass, sd", variance**0.5, 15.574, 3)
    shared = Accrual((SITE,) * 20, shared_cv=10**-0.5)
    close("shared frailty, sd", shared.count_moments(18)[1] ** 0.5, 35.65, 2)
    close("no frailty, variance", Accrual((SITE,) * 20).count_moments(18)[1], 427.5, 1)


def test_a_shared_factor_stretches_the_time() -> None:
    # given the factor the time is that without it, divided by it: its mean is known
    mean, _ = Accrual((SITE,) * 20, shared_cv=10**-0.5).time_moments(TARGET)
    alone, _ = Accrual((SITE,) * 20).time_moments(TARGET)
    assert mean == pytest.approx(alone * 10 / 9, rel=1e-6)


def test_sites_needed() -> None:
    for probability, required in {0.5: 18, 0.8: 22, 0.9: 24, 0.95: 26}.items():
        found = sites_needed(SITE, TARGET, 18, probability)
        print(f"sites needed at {probability:.0%}: {found}, required {required}")
        assert found == required
    with pytest.raises(InputError, match="more than 16384 sites"):
        sites_needed(replace(SITE, opening=Nodes.certain(20.0)), TARGET, 18, 0.5)


def optm(sites: tuple[int, ...]) -> Accrual:
    """The documented case of ClinicalTrialOptm: four countries, opening over half a year, dropout."""
    means, variances, dropout = (1, 1.2, 1.4, 1.2), (0.2, 0.4, 0.8, 0.6), (0.01, 0.05, 0.09, 0.15)
    found: list[Site] = []
    for mean, variance, lost, number in zip(means, variances, dropout, sites, strict=True):
        site = Site(mean, variance**0.5 / mean, Nodes.uniform(0, 6), Nodes.certain(1 - lost))
        found += [site] * number
    return Accrual(tuple(found))


def test_countries() -> None:
    mean, variance = optm((2, 4, 7, 3)).count_moments(24)
    close("mean", mean, 388.878, 3)
    close("variance", variance, 3905.413596, 6)
    close("P(> 400)", optm((8, 5, 6, 1)).prob_enrolled_by(401, 24), 0.85988, 5)


def test_forecast_from_what_sites_have_enrolled() -> None:
    sites = [Site.gamma(1.2 + k, 4.8 + months) for k, months in zip(COUNTS, EXPOSURE, strict=True)]
    law = Accrual((*sites, *staggered(SITE, np.array([1.0, 2.0]))))
    mean, variance = law.count_moments(6)
    close("mean", mean, 20.1443, 4)
    close("sd", variance**0.5, 5.7033, 4)
    close("P(>= 20)", law.prob_enrolled_by(20, 6), 0.51886, 5)


def test_forecast_from_a_total() -> None:
    # sites alike in all: their rates together are gamma distributed, given the total
    law = Accrual((Site.gamma(24 + 45, 4.8 + 10),))
    for probability, months in zip(FIVE, (15.2671, 16.4858, 17.4719, 18.5894, 20.4643), strict=True):
        close(f"after 45 by month 10, {probability:.0%}", 10 + law.time_quantile(35, probability), months, 4)
    close("P(80 by 18)", law.prob_enrolled_by(35, 8), 0.62902, 5)


def test_best_fitting_rates() -> None:
    fit = fit_shape_rate(COUNTS, EXPOSURE)
    close("shape", fit.shape, 5.5844, 4)
    close("rate", fit.rate, 11.1986, 4)
    alike = fit_shape_rate(np.full(4, 3.0), np.full(4, 2.0))
    assert (alike.mean, alike.cv, alike.shape) == (1.5, 0.0, np.inf)


def test_a_site_may_do_everything_at_once() -> None:
    site = Site(0.8, 0.9, Nodes.uniform(0, 6), Nodes.beta(7, 3), ramp=3.0, cap=5)
    rng, size = np.random.default_rng(1), 200_000
    rate, age = rng.gamma(0.9**-2, 0.8 * 0.9**2, size), 12.0 - rng.uniform(0, 6, size)
    count = np.minimum(rng.poisson(rate * rng.beta(7, 3, size) * (age - 1.5)), 5)
    for k, probability in enumerate(site.pmf(12.0, 5).tolist()):
        near(f"P({k})", (count == k).astype(np.float64), probability)


@given(st.floats(0.05, 5000), st.floats(0.05, 5000))
@settings(max_examples=40, deadline=None)
def test_points_and_weights_have_the_moments_of_the_distribution(one: float, other: float) -> None:
    nodes = Nodes.beta(one, other)
    for power in (1, 2, 5):
        exact = np.prod((one + np.arange(power)) / (one + other + np.arange(power)))
        assert float(nodes.weight @ nodes.at**power) == pytest.approx(exact, rel=1e-9)
    cv = one**-0.5
    shared = Nodes.gamma(cv)
    for power in (1, 2, 5):
        exact = np.prod((one + np.arange(power)) * cv**2)
        assert float(shared.weight @ shared.at**power) == pytest.approx(exact, rel=1e-9)


SITES = st.builds(
    lambda mean, cv, late, kept: Site(mean, cv, Nodes.uniform(0, late, 12), Nodes.certain(kept)),
    st.floats(0.05, 1),
    st.floats(0, 1.5),
    st.floats(0.1, 8),
    st.floats(0.1, 1),
)


@settings(max_examples=15, deadline=None)
@given(st.lists(SITES, min_size=1, max_size=3), st.floats(0.5, 6), st.floats(0, 0.4))
def test_the_law_has_its_moments_and_adds_up(sites: list[Site], months: float, shared_cv: float) -> None:
    law = Accrual(tuple(sites), shared_cv)
    probability, count = law.pmf(months, 1200), np.arange(1201)
    mean, variance = law.count_moments(months)
    assert probability.sum() == pytest.approx(1, abs=1e-9)
    assert probability @ count == pytest.approx(mean, rel=1e-6)
    assert probability @ (count - mean) ** 2 == pytest.approx(variance, rel=1e-4)


@settings(max_examples=25, deadline=None)
@given(st.lists(SITES, min_size=2, max_size=4), st.integers(1, 20), st.floats(1, 20))
def test_more_sites_time_or_fewer_patients_make_it_likelier(sites: list[Site], target: int, months: float) -> None:
    probability = Accrual(tuple(sites)).prob_enrolled_by(target, months)
    slack = 1e-12
    assert Accrual(tuple(sites[1:])).prob_enrolled_by(target, months) <= probability + slack
    assert Accrual(tuple(sites)).prob_enrolled_by(target + 1, months) <= probability + slack
    assert Accrual(tuple(sites)).prob_enrolled_by(target, months + 1) >= probability - slack


def test_a_target_out_of_reach_is_never_reached() -> None:
    law = Accrual((replace(SITE, cap=6),) * 3)
    assert law.time_quantile(19, 0.5) == np.inf
    assert law.time_moments(19) == (np.inf, np.inf)
    # one site of shape 1.2: the mean of the time exists, its spread does not
    mean, sd = Accrual((SITE,)).time_moments(2)
    assert mean == pytest.approx(4.8 * 2 / 0.2, rel=1e-5)
    assert sd == np.inf


def test_counts_of_sites_with_different_exposure() -> None:
    shape, rate = np.array([1.2, 0.4, 3.0]), np.array([4.8, 2.0, 6.0])
    alike = count_pmf(shape, rate, rate * 0.5, 60)
    np.testing.assert_allclose(alike, nbinom(shape.sum(), 1 / 1.5).pmf(np.arange(61)), rtol=1e-10)
    differing = count_pmf(shape, rate, np.array([0.0, 9.0, 2.0]), 60)
    np.testing.assert_allclose(
        differing, Accrual((Site.gamma(0.4, 2.0 / 9.0), Site.gamma(3.0, 3.0))).pmf(1.0, 60), rtol=1e-10
    )


@pytest.mark.parametrize("shape", [0.05, 0.3, 1.0, 1.2, 7.3, 65.0, 1000.0, 8100.0, 1e6])
def test_gamma_quantiles_are_those_of_scipy(shape: float) -> None:
    ends = 2.0 ** -np.arange(1, 54)
    u = np.sort(np.concatenate([np.random.default_rng(1).random(10_000), ends, 1 - ends]))
    truth = np.where(u < 0.5, gammaincinv(shape, u), gammainccinv(shape, 1 - u))
    found = gamma_quantile(u, shape)
    normal = truth > 1e-300  # below, the numbers themselves have fewer digits
    np.testing.assert_allclose(found[normal], truth[normal], rtol=1e-9)
    assert np.all(np.diff(found) >= 0)
    np.testing.assert_array_equal(gamma_quantile(u[::7], shape), found[::7])
    beside = gamma_quantile(np.append(u, 0.5), np.append(np.full(len(u), shape), 2.0))
    np.testing.assert_array_equal(beside[:-1], found)  # whatever is asked for beside it


@settings(max_examples=100, deadline=None)
@given(st.floats(0.05, 5000), st.floats(1e-3, 1 - 1e-9))
def test_gamma_quantiles_invert_the_distribution(shape: float, u: float) -> None:
    value = gamma_quantile(np.array([u]), shape)[0]
    assert gammaincc(shape, value) == pytest.approx(1 - u, rel=1e-6, abs=1e-15)


def names(sites: int) -> tuple[str, ...]:
    return tuple(f"site {i}" for i in range(sites))


def test_site_counts_given_their_total_have_their_exact_law() -> None:
    draws, total = 40_000, 6
    shape, rate, exposure = np.array([1.2, 0.4, 3.0]), np.array([4.8, 2.0, 6.0]), np.array([10.0, 3.0, 6.0])
    full = [np.broadcast_to(row, (draws, 3)) for row in (shape, rate, exposure)]
    rates, counts = site_rates_given(full[0], full[1], full[2], total, streams(draws), names(3))
    laws = [nbinom(a, b / (b + e)).pmf for a, b, e in zip(shape, rate, exposure, strict=True)]
    deals = [deal for deal in product(range(total + 1), repeat=3) if sum(deal) == total]
    weights = np.array([np.prod([law(k) for law, k in zip(laws, deal, strict=True)]) for deal in deals])
    weights /= weights.sum()
    for deal, weight in zip(deals, weights.tolist(), strict=True):
        if weight > 0.01:
            near(f"P{deal}", np.all(counts == deal, axis=1).astype(np.float64), weight)
    expected = (shape + weights @ np.array(deals)) / (rate + exposure)
    for site, truth in enumerate(expected.tolist()):
        near(f"rate of site {site}", rates[:, site], truth)


def test_sites_alike_have_the_rate_of_one_pooled_site_given_the_total() -> None:
    draws, sites = 20_000, 20
    shape = np.full((draws, sites), 1.2)
    rates, counts = site_rates_given(shape, shape * 4, shape / 0.12, 45, streams(draws), names(sites))
    assert np.all(counts.sum(axis=1) == 45)
    together = rates.sum(axis=1)
    near("rates together", together, 69 / 14.8)
    assert kstest(together, gamma(69, scale=1 / 14.8).cdf).pvalue > 1e-3
    months = 10 + gamma_quantile(streams(draws).one("more"), 35.0) / together
    for required, probability in zip((15.2671, 17.4719, 20.4643), (0.05, 0.50, 0.95), strict=True):
        near(f"P(T <= {required})", (months <= required).astype(np.float64), probability)


def test_without_data_rates_are_the_prior_bit_for_bit() -> None:
    shape, rate = np.full((100, 3), 1.2), np.full((100, 3), 4.8)
    rates, counts = site_rates_given(shape, rate, np.zeros((100, 3)), 0, streams(100), names(3))
    prior = gamma_quantile(streams(100).each("site_rate", names(3)), 1.2) / 4.8
    np.testing.assert_array_equal(rates, prior)
    assert not counts.any()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 12), st.integers(1, 90))
def test_any_data_are_dealt_out_whole_to_open_sites(seed: int, sites: int, total: int) -> None:
    rng, draws = np.random.default_rng(seed), 40
    shape, rate = 10.0 ** rng.uniform(-1.5, 8, (draws, sites)), 10.0 ** rng.uniform(-3, 3, (draws, sites))
    exposure = np.where(rng.random((draws, sites)) < 0.3, 0.0, 10.0 ** rng.uniform(-3, 3, (draws, sites)))
    exposure[:, 0] = 1.0
    rates, counts = site_rates_given(shape, rate, exposure, total, streams(draws, seed), names(sites))
    assert np.all(counts.sum(axis=1) == total)
    assert np.all(counts >= 0)
    assert not np.any(counts[exposure == 0])
    assert np.all(np.isfinite(rates) & (rates >= 0))


def test_a_draw_does_not_know_which_others_are_drawn() -> None:
    shape = np.random.default_rng(1).uniform(0.5, 3, (100, 5))
    exposure = np.random.default_rng(2).uniform(0, 9, (100, 5))
    whole = site_rates_given(shape, shape * 4, exposure, 20, streams(100), names(5))
    for part in (slice(0, 50), slice(50, 100), slice(99, 100)):
        some = TrialStreams(1, range(100)[part])
        found = site_rates_given(shape[part], 4 * shape[part], exposure[part], 20, some, names(5))
        np.testing.assert_array_equal(found[0], whole[0][part])
        np.testing.assert_array_equal(found[1], whole[1][part])


def forward(
    shape: FloatArray, exposure: FloatArray, cap: int | None, country_cap: int | None
) -> tuple[FloatArray, ...]:
    """Sites played forward: rates, and counts under a cap of each and one of the first two together."""
    source = np.random.default_rng(5)
    rates = source.gamma(shape, size=(100_000, len(shape)))
    gaps = source.exponential(size=(*rates.shape, 24)) / rates[:, :, None]
    times = np.cumsum(gaps, axis=2)
    came = times <= exposure[:, None]
    if cap is not None:
        came[:, :, cap:] = False
    if country_cap is not None:
        both = np.where(came[:, :2], times[:, :2], np.inf)
        last = np.sort(both.reshape(len(both), -1), axis=1)[:, country_cap - 1]
        came[:, :2] &= times[:, :2] <= last[:, None, None]
    return rates, came.sum(axis=2)


@pytest.mark.parametrize(
    ("cap", "country_cap", "total", "slack"), [(3, None, 7, 0.0), (None, 4, 7, 0.0), (3, 5, 7, 0.12), (3, 4, 4, 0.12)]
)
def test_counts_and_rates_under_caps_are_those_of_trials_played_forward(
    cap: int | None, country_cap: int | None, total: int, slack: float
) -> None:
    """Exactly under caps of sites, or of a country of sites alike; under both only mean counts, the rest about so."""
    shape, exposure = np.array([1.2, 1.2, 0.7]), np.array([2.0, 2.0, 5.0])
    rates, counts = forward(shape, exposure, cap, country_cap)
    alike = counts.sum(axis=1) == total
    draws = 8_000
    first, other = (np.arange(2), np.array([2])) if country_cap is not None else (np.arange(3), np.arange(0))
    places = (
        Places(cap, (first, other), ("a", ""), (country_cap, None))
        if country_cap
        else Places(cap, (first,), ("",), (None,))
    )
    like = np.ones((draws, 1))
    found, dealt = site_rates_given(
        shape * like, like * np.ones(3), exposure * like, total, streams(draws), ("a", "b", "c"), places
    )
    for site in (0, 2):
        for what, sample, truth in (("count", dealt, counts[alike]), ("rate", found, rates[alike])):
            error = np.hypot(sample[:, site].std() / draws**0.5, truth[:, site].std() / alike.sum() ** 0.5)
            print(
                f"{what} of site {site}: {sample[:, site].mean():.4f}, played {truth[:, site].mean():.4f} ± {error:.4f}"
            )
            assert abs(sample[:, site].mean() - truth[:, site].mean()) < 4 * error + (
                slack * truth[:, site].mean() if what == "rate" else 0.0
            )
        both = np.stack(
            [
                np.bincount(x[:, site].astype(int), minlength=total + 1)[: total + 1] / len(x)
                for x in (dealt, counts[alike])
            ]
        )
        assert np.abs(both[0] - both[1]).max() < 4 * np.sqrt(0.25 / draws + 0.25 / alike.sum()) + slack


@pytest.mark.parametrize("chunk", [1, 20])
def test_a_total_under_caps_leaves_no_site_too_full(chunk: int) -> None:
    names = tuple(f"s{i}" for i in range(12))
    countries = Places(7, (np.arange(4), np.arange(4, 12)), ("a", ""), (15, None))

    def part(draws: range, places: Places, total: int) -> tuple[FloatArray, FloatArray]:
        shape = np.tile([1.2, 0.3, 40.0], (len(draws), 4))
        exposure = shape * 0 + np.linspace(0.01, 20, 12)
        rates, counts = site_rates_given(shape, shape, exposure, total, TrialStreams(3, draws), names, places)
        return rates, counts.astype(np.float64)

    for places, total in ((Places(7, (np.arange(12),), ("",), (None,)), 84), (countries, 65), (countries, 71)):
        rates, counts = part(range(40), places, total)
        assert counts.max() == 7
        assert (counts.sum(axis=1) == total).all()
        assert (counts[:, :4].sum(axis=1) <= (15 if places is countries else 28)).all()
        assert np.isfinite(rates).all()
        parts = [part(range(i, min(i + chunk, 40)), places, total) for i in range(0, 40, chunk)]
        assert (np.concatenate([each[0] for each in parts]) == rates).all()
        assert (np.concatenate([each[1] for each in parts]) == counts).all()
    with pytest.raises(InputError, match=r"trial.interim.enrolled: 72 is above the 71 that the caps"):
        part(range(4), countries, 72)


def test_patients_before_any_site_is_open_are_refused() -> None:
    ones = np.ones((4, 2))
    with pytest.raises(InputError, match=r"^trial\.interim\.enrolled: 3 patients .* must be 0"):
        site_rates_given(ones, ones, 0 * ones, 3, streams(4), names(2))


PRIORS = {"rate": lognorm(1.0, scale=0.5).ppf, "rate_cv": lognorm(0.7, scale=0.6).ppf}


def brute_force() -> dict[str, float]:
    """Posterior moments of mean rate and coefficient of variation by plain integration over their logarithms."""
    log_rate, log_cv = np.linspace(-6, 4, 1501), np.linspace(-6, 4, 1501)
    rate, cv = np.exp(log_rate)[None, :], np.exp(log_cv)[:, None]
    logarithm = -(((log_rate[None, :] - np.log(0.5)) / 1.0) ** 2) / 2 - ((log_cv[:, None] - np.log(0.6)) / 0.7) ** 2 / 2
    for k, months in zip(COUNTS, EXPOSURE, strict=True):
        logarithm = logarithm + nbinom(cv**-2.0, 1 / (1 + rate * months * cv**2)).logpmf(k)
    weight = np.exp(logarithm - logarithm.max())
    weight /= weight.sum()
    return {
        "rate": float((weight * rate).sum()),
        "square of rate": float((weight * rate**2).sum()),
        "cv": float((weight * cv).sum()),
        "square of cv": float((weight * cv**2).sum()),
        "cv below 0.5": float((weight * (cv < 0.5)).sum()),
        "rate times cv": float((weight * rate * cv).sum()),
    }


def uniforms(draws: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    one, two, three = streams(draws).each("hyper", ("rate", "cv", "decline")).T
    return one, two, three


def test_the_posterior_of_the_spread_between_sites_is_the_integral() -> None:
    posterior = hyper_posterior(PRIORS, COUNTS, lambda _: EXPOSURE, 96)
    rate, cv, decline = posterior.draw(*uniforms(40_000))
    assert not decline.any()
    found = {
        "rate": rate,
        "square of rate": rate**2,
        "cv": cv,
        "square of cv": cv**2,
        "cv below 0.5": (cv < 0.5).astype(np.float64),
        "rate times cv": rate * cv,
    }
    for name, truth in brute_force().items():
        near(name, found[name], truth)


def test_uncertain_spread_makes_the_forecast_wider_than_its_best_estimate() -> None:
    posterior = hyper_posterior(PRIORS, COUNTS, lambda _: EXPOSURE, 96)
    rate, cv, _ = posterior.draw(*uniforms(40_000))
    fit = fit_shape_rate(COUNTS, EXPOSURE)
    plug_in = forecast_sd(np.array([fit.mean]), np.array([fit.cv]))
    carried = forecast_sd(rate, cv)
    print(f"eight sites and two new ones, six months: sd {plug_in:.3f} plugged in, {carried:.3f} carried")
    assert carried > 1.02 * plug_in


def forecast_sd(mean: FloatArray, cv: FloatArray) -> float:
    """Of the patients of the eight sites and two new ones over six months."""
    shape, rate = cv[:, None] ** -2, cv[:, None] ** -2 / mean[:, None]
    counts, exposure = np.append(COUNTS, [0, 0]), np.append(EXPOSURE, [0, 0])
    ahead = np.array([6.0] * 8 + [5.0, 4.0])
    expected = (shape + counts) / (rate + exposure) * ahead
    spread = (shape + counts) / (rate + exposure) ** 2 * ahead**2
    total = expected.sum(axis=1)
    return float(np.sqrt(np.mean(total + spread.sum(axis=1)) + total.var()))


def test_without_sites_the_posterior_is_the_prior() -> None:
    priors = {**PRIORS, "decline": lognorm(0.5, scale=0.02).ppf}
    posterior = hyper_posterior(priors, np.empty(0), lambda _: np.empty(0), 24)
    u_rate, u_cv, u_decline = uniforms(4096)
    found = posterior.draw(u_rate, u_cv, u_decline)
    for values, name, u in zip(found, ("rate", "rate_cv", "decline"), (u_rate, u_cv, u_decline), strict=True):
        np.testing.assert_allclose(values, priors[name](u), rtol=1e-9)


def test_many_sites_leave_only_what_they_say() -> None:
    rng, sites = np.random.default_rng(2), 600
    months = rng.uniform(5, 50, sites)
    counts = rng.poisson(months * np.exp(-0.02 * months) * rng.gamma(2.0, 0.2, sites)).astype(np.float64)
    fit = fit_shape_rate(counts, months * np.exp(-0.02 * months))
    priors = {**PRIORS, "decline": lognorm(0.8, scale=0.05).ppf}
    posterior = hyper_posterior(priors, counts, lambda decline: months * np.exp(-decline * months), 32)
    rate, cv, decline = posterior.draw(*uniforms(20_000))
    for name, values, truth in (("rate", rate, 0.4), ("cv", cv, 0.5**0.5), ("decline", decline, 0.02)):
        print(f"{name}: {values.mean():.4f} ± {values.std():.4f}, true {truth:.4f}")
        assert abs(values.mean() - truth) < 4 * values.std()
        assert values.std() < 0.2 * truth
    known = hyper_posterior(PRIORS, counts, lambda _: months * np.exp(-0.02 * months), 48)
    rate, cv, _ = known.draw(*uniforms(20_000))
    assert rate.mean() == pytest.approx(fit.mean, abs=0.3 * rate.std())
    assert cv.mean() == pytest.approx(fit.cv, abs=0.3 * cv.std())


@settings(max_examples=25, deadline=None)
@given(st.floats(0.02, 0.9), st.floats(0.02, 0.9), st.floats(0.001, 0.09))
def test_posterior_values_rise_each_with_its_own_number(u: float, other: float, step: float) -> None:
    posterior = hyper_posterior(PRIORS, COUNTS, lambda _: EXPOSURE, 16)
    low, high = np.array([u]), np.array([u + step])
    fixed = np.array([other])
    assert posterior.draw(low, fixed, fixed)[0] < posterior.draw(high, fixed, fixed)[0]
    assert posterior.draw(fixed, low, fixed)[1] < posterior.draw(fixed, high, fixed)[1]


GAJEWSKI: dict[Strength, tuple[int, int, int]] = {
    0.5: (292, 332, 375),
    "accelerated": (291, 329, 370),
    "hedging": (293, 334, 386),
}


@pytest.mark.parametrize("strength", GAJEWSKI)
def test_patients_of_a_plan_updated_by_a_hundred(strength: Strength) -> None:
    posterior = pooled_posterior(strength, 300, 36.0, 100, 10.0)
    found = tuple(100 + posterior.count_quantile(26.0, p) for p in (0.025, 0.5, 0.975))
    print(f"{strength}: {found}, required {GAJEWSKI[strength]}")
    assert found == GAJEWSKI[strength]


def test_when_the_planned_patient_comes() -> None:
    posterior = pooled_posterior(0.5, 300, 36.0, 100, 10.0)
    for probability, months in zip((0.025, 0.5, 0.975), (28.5767, 32.3925, 36.9576), strict=True):
        close(f"patient 300, {probability:.1%}", 10 + posterior.time_quantile(200, probability), months, 4)
    seen = pooled_posterior(0.5, 350, 1095.0, 41, 239.0)
    for probability, days in zip((0.025, 0.5, 0.975), (1157.1, 1331.8, 1542.0), strict=True):
        close(f"patient 341, {probability:.1%}", 239 + seen.time_quantile(300, probability), days, 1)


@pytest.mark.parametrize(
    ("dated", "quantiles", "required"),
    [
        (date(2007, 10, 1), (61, 101, 158), 0.65972),
        (date(2007, 11, 1), (65, 108, 169), 0.18088),
        (date(2007, 12, 1), (69, 114, 180), 0.00609),
    ],
)
def test_the_release_of_2007(dated: date, quantiles: tuple[int, int, int], required: float) -> None:
    since = float((dated - date(2006, 7, 15)).days)
    posterior = pooled_posterior(0, TARGET, 0.0, 65, since)
    for probability, days in zip((0.05, 0.50, 0.95), quantiles, strict=True):
        found = posterior.time_quantile(15, probability)
        print(f"{dated}, {probability:.0%}: {found:.2f} days, required {days}")
        assert abs(found - days) <= 1
        beta = betaincinv(15.0, 65.0, probability)
        assert found == pytest.approx(since * beta / (1 - beta), rel=1e-9)
    left = (date(2008, 6, 30) - dated).days - 160
    close(f"{dated}, read-out by 30 June 2008", posterior.prob_within(15, float(left)), required, 5)


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0, "accelerated", "hedging"])
def test_drawn_rates_have_their_exact_law(strength: Strength) -> None:
    draws, ones = 20_000, np.ones(20_000)
    rates = pooled_rate(strength, 300, 36.0 * ones, 100, 10.0 * ones, streams(draws))
    exact = pooled_posterior(strength, 300, 36.0, 100, 10.0)
    near(f"{strength}, mean rate", rates, exact.mean)
    laws = [gamma(a, scale=1 / b) for a, b in zip(exact.shape, exact.rate, strict=True)]
    distance = kstest(rates, lambda x: exact.weight @ np.stack([law.cdf(x) for law in laws]))
    assert distance.pvalue > 1e-3


@settings(max_examples=50, deadline=None)
@given(st.floats(0.01, 1), st.floats(0.01, 1), st.integers(0, 200), st.floats(0.5, 40))
def test_the_posterior_lies_between_plan_and_data(one: float, other: float, enrolled: int, exposure: float) -> None:
    plan, data = 300 / 36, enrolled / exposure
    weaker, stronger = sorted((one, other))
    low, high = min(plan, data) - 1e-9, max(plan, data) + 1e-9
    means = [pooled_posterior(share, 300, 36.0, enrolled, exposure).mean for share in (weaker, stronger)]
    assert all(low <= mean <= high for mean in means)
    assert abs(means[1] - plan) <= abs(means[0] - plan) + 1e-9


def test_every_draw_has_its_own_plan_and_date() -> None:
    planned, exposure = np.random.default_rng(1).uniform(20, 60, (2, 64))
    strengths: tuple[Strength, ...] = (0.3, "accelerated", "hedging")
    for strength in strengths:
        whole = pooled_rate(strength, 80, planned, 65, exposure, streams(64))
        part = pooled_rate(strength, 80, planned[32:], 65, exposure[32:], TrialStreams(1, range(32, 64)))
        np.testing.assert_array_equal(whole[32:], part)


def test_neither_plan_nor_data_is_refused() -> None:
    ones = np.ones(4)
    with pytest.raises(InputError, match=r"^trial\.enrolment\.pooled\.strength: 0 leaves no plan"):
        pooled_rate(0, 80, ones, 0, ones, streams(4))
