"""The rule of a verdict, by hand."""

import pytest

from headstart.claims import Effect, find_claim
from headstart.claims._claim import difference, judge, judge_all, written
from headstart.core import Unknown
from headstart.records.record import Interval

SEEDS = [{"new": 0.5 + gain, "old": 0.5} for gain in (0.1, 0.2, 0.3, 0.1, 0.3)]


def effect(above=0.0, unit="points"):
    return Effect("New over old", difference("new", "old"), above, unit)


def test_an_effect_by_hand():
    """Mean .2, standard deviation .1, t(4) = 2.7764: half the interval is 2.7764 * .1 / sqrt(5) = .12417."""
    found = effect().measure(SEEDS)
    assert found.values == pytest.approx([0.1, 0.2, 0.3, 0.1, 0.3])
    assert (found.mean.value, found.mean.low, found.mean.high) == pytest.approx(
        (0.2, 0.07583, 0.32417), abs=1e-5
    )
    assert found.verdict == "holds"


@pytest.mark.parametrize(
    ("above", "verdict"), [(0.07, "holds"), (0.08, "open"), (0.32, "open"), (0.33, "fails")]
)
def test_all_of_the_interval_lies_above_the_margin(above, verdict):
    assert effect(above).measure(SEEDS).verdict == verdict


def test_no_effect_at_all_does_not_hold():
    assert judge(Interval(0.0, 0.0, 0.0), 0.0) == "fails"


def test_all_effects_must_hold():
    holds, open_, fails = (effect(above).measure(SEEDS) for above in (0.0, 0.2, 0.4))
    assert judge_all([holds, holds]) == "holds"
    assert judge_all([holds, open_]) == "open"
    assert judge_all([holds, open_, fails]) == "fails"


def test_margins_in_words():
    assert written(effect(-0.03)) == "-3 points"
    assert written(effect(1.5, "nats")) == "1.5 nats"


def test_a_claim_is_found_by_name_and_number():
    assert find_claim("1") is find_claim("start-regularises")
    with pytest.raises(Unknown, match="start-regularises"):
        find_claim("start-regularizes")
