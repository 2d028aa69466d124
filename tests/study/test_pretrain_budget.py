"""`pretrain` with a budget: what it plans, and what it refuses before the time is spent."""

import re

import pytest
from tests.study.test_pretrain import QUICK, net, world

import headstart as hs
from headstart.core import BadInput
from headstart.report.text import SPACE
from headstart.studies.pretrain import PretrainSettings, run, watching
from headstart.studies.pretrain.plan import planned_steps, require_time

SETTINGS = PretrainSettings(budget=100, evaluations=4)


def planned(step, evaluation, asked=None, over=20.0):
    return planned_steps(SETTINGS, asked, lambda: over, lambda: step, evaluation)


def said_of(error):
    return str(error.value).replace(SPACE, " ")


def test_steps_by_hand():
    """85 % of the 80 seconds left are 68; five evaluations of 4 leave 48."""
    steps, (note,) = planned(step=0.5, evaluation=4.0)
    assert steps == 96
    assert "96 steps" in note
    assert planned(step=0.5, evaluation=4.0, asked=90) == (90, [])


def test_no_time_for_a_step_is_refused_with_what_would_be_enough():
    """20 s are over, and five evaluations of 20 and ten steps of 2 take 120 / 0.85 = 141.2."""
    with pytest.raises(BadInput, match="has no time for a step") as error:
        planned(step=2.0, evaluation=20.0)
    said = said_of(error)
    assert (
        "20.0 s are over before the training, each of 5 evaluations takes about 20.0 s, a step 2.0 s" in said
    )
    (least,) = map(int, re.findall(r"budget=(\d+)", said))
    assert 161.2 <= least <= 1.1 * 161.2
    steps, _ = planned_steps(
        PretrainSettings(budget=least, evaluations=4), None, lambda: 20.0, lambda: 2.0, 20.0
    )
    assert steps >= 10


def test_an_estimate_refuses_what_is_far_too_little_alone():
    """100 rows of an evaluation and 10 of a step, which goes back as well: 500 and 30 times a row."""
    require_time(SETTINGS, None, lambda: 20.0, lambda: 0.25, (100, 10))
    with pytest.raises(BadInput, match="no time for a step"):
        require_time(SETTINGS, None, lambda: 20.0, lambda: 0.3, (100, 10))
    require_time(PretrainSettings(steps=5), 5, lambda: 1e9, lambda: 1 / 0, (100, 10))  # no budget


def test_it_is_refused_before_anything_is_evaluated(tmp_path, monkeypatch):
    monkeypatch.setattr(watching, "measure", lambda *_: pytest.fail("it was evaluated"))
    monkeypatch.setattr(run, "measure", watching.measure)
    with pytest.raises(BadInput, match="no time for a step"):
        hs.pretrain(net(), world(), out=tmp_path / "enc", **{**QUICK, "steps": None, "budget": 1e-3})
    assert not (tmp_path / "enc").exists()
