"""The verdicts in the documentation are those of today: a third of the claims is measured again, by the day.

`HEADSTART_CLAIMS=all` measures all of them.
"""

import os
from datetime import date
from pathlib import Path

import pytest

from headstart.claims import Lab, walk_claims
from headstart.claims._claim import judge_all
from headstart.records.claims import MeasuredEffect
from headstart.records.record import Interval
from headstart.studies.claims import Claims

DOCS = Path(__file__).parents[2] / "docs" / "claims"
SHARES = 3
THIN = 0.5  # of half an interval: nearer to its margin, another processor may settle it otherwise
CLAIMS = walk_claims()
TODAY = (
    CLAIMS
    if os.environ.get("HEADSTART_CLAIMS") == "all"
    else CLAIMS[date.today().toordinal() % SHARES :: SHARES]
)
today = pytest.mark.parametrize("claim", TODAY, ids=lambda claim: claim.name)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """What claims share, for those that one process measures."""
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="module")
def told():
    """The claims of the documentation, by name."""
    return {claim.name: claim for claim in Claims.read(DOCS / "quick.json").claims}


@pytest.fixture(scope="module")
def controls():
    """The same without their causes."""
    return {claim.name: claim for claim in Claims.read(DOCS / "null.json").claims}


def turned(before, now):
    """Whether effects that held no longer do; one that was near its margin may be open."""
    thin = any(
        each.mean.low - each.above < THIN * (each.mean.value - each.mean.low)
        and each.mean.high > each.mean.low
        for each in before
    )
    return judge_all(before) == "holds" and judge_all(now) not in (("holds", "open") if thin else ("holds",))


def effect(low, high, above, verdict):
    return MeasuredEffect("", "points", above, [], Interval((low + high) / 2, low, high), verdict)


def test_what_has_turned_by_hand():
    far, near = effect(0.2, 0.4, 0.0, "holds"), effect(0.04, 0.24, 0.0, "holds")
    still, open_, fails = (effect(0.2, 0.4, 0.0, verdict) for verdict in ("holds", "open", "fails"))
    assert [turned([far], [now]) for now in (still, open_, fails)] == [False, True, True]
    assert [turned([near], [now]) for now in (still, open_, fails)] == [False, False, True]
    assert not turned([open_], [fails])


def test_every_claim_is_in_the_documentation(told, controls):
    names = [claim.name for claim in CLAIMS]
    assert [*told] == names
    assert [*controls] == names


def test_no_claim_held_without_its_cause(controls):
    assert not [name for name, claim in controls.items() if claim.verdict == "holds"]


@pytest.mark.slow
@today
def test_a_verdict_that_held_still_does(claim, told, cache):
    effects = measured(claim, Lab("quick", cache=cache))
    assert not turned(told[claim.name].effects, effects), [
        (one.title, one.mean, one.above) for one in effects
    ]


@pytest.mark.slow
@today
def test_a_claim_still_does_not_hold_without_its_cause(claim, cache):
    assert judge_all(measured(claim, Lab("quick", null=True, cache=cache))) != "holds"


def measured(claim, lab):
    seeds = [claim.measure(lab, seed) for seed in range(claim.seeds)]
    return [effect.measure(seeds) for effect in claim.effects]
