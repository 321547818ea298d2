"""A draw has one criterion, or one cohort, and all its rates are that one's."""

from typing import Any

import numpy as np
import pytest

import sim
from sim.assumptions.schema import Assumptions
from sim.configuration.compose import assume, composed
from sim.draws.parameters import sample
from sim.errors import InputError
from tests.conftest import PATIENTS, with_sampling

CRITERIA = ("seattle", "baltimore", "ebmt_2016")


def any_criterion(*overrides: str) -> Assumptions:
    return sim.load(overrides=["vod=any_criterion", "years.last=2008", *PATIENTS, *overrides])


def test_the_draws_of_a_criterion_are_those_of_its_own_option() -> None:
    draws = range(2048)
    mixed = sample(any_criterion("sampling.method=random"), draws)
    labels = np.array(mixed["vod.criterion"].attrs["labels"])[mixed["vod.criterion"].astype(int)]
    for rate in ("incidence", "severe_fraction", "day100_mortality"):
        values = mixed[f"vod.{rate}"]
        assert "criterion" not in values.dims
        for criterion in CRITERIA:
            own = sim.load(overrides=[f"vod={criterion}"]).vod.rates[rate]
            part = values.isel(draw=labels == criterion)
            for place, leaf in own.leaves.items():
                assert leaf.distribution is not None
                found = part.sel(transplant=place[0]).to_numpy() if place else part.to_numpy()
                deviation = (found.mean() - leaf.distribution.mean) / (leaf.distribution.sd / np.sqrt(len(found)))
                assert abs(deviation) < 4, (rate, criterion, place)


def test_each_label_is_drawn_as_often_as_it_is_weighted() -> None:
    values = sample(
        any_criterion("vod.criterion.value='discrete(seattle=0.5, baltimore=0.2, ebmt_2016=0.3)'"), range(8192)
    )
    share = np.bincount(values["vod.criterion"].to_numpy().astype(int)) / 8192
    assert share == pytest.approx([0.5, 0.2, 0.3], abs=2e-3)


def test_rates_of_one_draw_belong_together() -> None:
    """Baltimore's few cases go with its large severe share, so that their product hardly knows the criterion."""
    values = sample(any_criterion(), range(8192))
    incidence = values["vod.incidence"].sel(transplant="allogeneic")
    assert np.corrcoef(incidence, values["vod.severe_fraction"])[0, 1] < -0.5


def test_one_certain_criterion_is_its_option_draw_by_draw() -> None:
    """The weights of the others are 0: their streams are still drawn, and change nothing."""
    only = "vod.criterion.value='discrete(seattle=1, baltimore=0, ebmt_2016=0)'"
    mixed = sim.simulate(with_sampling(any_criterion(only), draws=512))
    assert (mixed.draws["vod.criterion"] == 0).all()
    own = sim.simulate(with_sampling(sim.load(overrides=["vod=seattle", "years.last=2008", *PATIENTS]), draws=512))
    assert mixed.value() == pytest.approx(own.value(), rel=0.02)


def test_the_draws_of_a_label_do_not_hang_on_the_others() -> None:
    two = "vod.criterion.value='discrete(seattle=0.5, baltimore=0.5, ebmt_2016=0)'"
    some = range(100, 300)
    first, second = sample(any_criterion(), range(512)), sample(any_criterion(two), some)
    labels = first["vod.criterion"].sel(draw=list(some))
    both = (labels == second["vod.criterion"]) & (labels < 2)
    assert both.sum() > 50
    here = first["vod.incidence"].sel(draw=list(some))
    assert here.where(both, 0).equals(second["vod.incidence"].where(both, 0))


def test_the_point_is_the_expected_chain() -> None:
    point = sim.simulate(sim.load("cohorts", ["sampling=point", "years.last=2008", *PATIENTS]))
    leaves = sim.load("cohorts", PATIENTS).leaves
    mean = {name: leaf.distribution.mean for name, leaf in leaves.items() if leaf.distribution}
    expected = (
        45_000
        * 0.5
        * sum(mean[f"vod.incidence[{c}]"] * mean[f"vod.severe_fraction[{c}]"] for c in ("ebmt_1998", "premier_2017"))
    )
    assert point.value() == pytest.approx(expected, rel=1e-12)
    assert point.value("deaths_day100") == pytest.approx(expected * mean["vod.day100_mortality"], rel=1e-12)
    sampled = sim.simulate(sim.load("cohorts", ["years.last=2008", *PATIENTS]))
    assert abs(sampled.value() - expected) < 4 * sampled.error()


def test_cohorts_put_severe_cases_between_the_bounds_of_the_literature(capsys: pytest.CaptureFixture[str]) -> None:
    """At 45,000 transplants cohorts imply 600 to 1,300 severe cases a year, the release near 3,000."""
    cohorts, release = (
        sim.simulate(sim.load(name, ["years.last=2008", *PATIENTS])) for name in ("cohorts", "press_release")
    )
    assert 600 < cohorts.value() < 1300
    assert release.value() == pytest.approx(3000, rel=0.01)
    with capsys.disabled():
        print(f"\nsevere VOD a year: cohorts {cohorts.value():.0f}, release {release.value():.0f}", end=" ")
        print(f"({cohorts.value() / release.value():.2f} x; gap {release.value() - cohorts.value():.0f})")


def mapping(overrides: list[str]) -> dict[str, Any]:
    return dict(composed(["scenario=press_release", *overrides]).mapping)


WRONG = [
    (
        ["vod.criterion.value='discrete(seattle=0.5, baltimore=0.5)'"],
        "vod.criterion.value: 'ebmt_2016', which vod.incidence has, is no label of it",
    ),
    (
        ["vod.criterion.value='discrete(seattle=0.5, baltimore=0.3, ebmt_2016=0.1, other=0.1)'"],
        "criterion 'other' has no value",
    ),
    (["vod.criterion.value='discrete(seattle=0.5, baltimore=0.4, ebmt_2016=0.3)'"], "add up to 1.2"),
    (["vod.criterion.value=0.5"], "vod.criterion.value: 0.5 chooses no label"),
    (["vod.criterion.value='discrete(1=0.5, 2=0.5)'"], "chooses no label"),
    (["vod.criterion=null"], "vod.incidence.by: given by criterion, but vod.criterion is missing"),
    (["vod.severe_fraction.by=cohort"], "vod.severe_fraction.by: given by cohort, but vod.cohort is missing"),
]


@pytest.mark.parametrize(("overrides", "message"), WRONG, ids=[words for _, words in WRONG])
def test_a_choice_that_does_not_fit_is_refused(overrides: list[str], message: str) -> None:
    with pytest.raises(InputError, match=r"^[^\n]*$") as refusal:
        any_criterion(*overrides)
    assert message in str(refusal.value)


def test_a_choice_nobody_uses_is_refused() -> None:
    made = mapping([])
    made["vod"]["criterion"] = {"value": "discrete(a=0.5, b=0.5)", "unit": "criteria", "source": "assumption: a test"}
    with pytest.raises(InputError, match=r"vod\.criterion: no rate is given 'by: criterion'"):
        assume(made)


def test_a_label_cannot_mix_criteria() -> None:
    made = mapping(["vod=any_criterion"])
    made["vod"]["severe_fraction"]["values"]["ebmt_2016"] |= {"criterion": "Seattle", "borrowed": None}
    with pytest.raises(InputError, match=r"vod\.severe_fraction.criterion: 'Seattle' does not fit 'EBMT 2016'"):
        assume(made)


def test_labels_have_no_rank_to_correlate() -> None:
    made = mapping(["vod=any_criterion"])
    made["correlation"] = [
        {"between": ["vod.criterion", "transplants.volume"], "spearman": 0.3, "source": "assumption: x"}
    ]
    with pytest.raises(InputError, match=r"'vod\.criterion' is no uncertain quantity"):
        assume(made)
