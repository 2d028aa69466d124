"""A checkpoint goes on only in a run like the one that it was saved from."""

from dataclasses import replace

import pytest
import torch
from tests.run.simple import PLAIN, Given, Two, begin, same_batch, slope_one, values
from tests.toy import TASK, Toy
from torch import nn

from headstart.core import About, Descend, Labelled, Mismatch, On
from headstart.run.checkpoint import save_state
from headstart.run.loop import start, train
from headstart.run.watch import resume

ALL = Descend(slope_one, on=(On("a"),))
FIRST = Descend(slope_one, on=(On("a", blocks=slice(0, 1)),))


@pytest.fixture
def saved(tmp_path):
    run = begin({"a": Two()}, ALL)
    next(train(run, same_batch()))
    save_state(run.state_dict(), tmp_path / "saved")
    return tmp_path / "saved"


def other_method():
    about = About("another", "start", "mapping", Labelled, "doi:none")
    return start(Given({"a": Two()}, ALL, about=about), Toy(), TASK, PLAIN)


CASES = {
    "another method": (other_method, "was saved from given, but what runs now is another"),
    "another part": (lambda: begin({"a": Two(), "b": nn.Linear(1, 1)}, ALL), "b.weight is nothing in the"),
    "other shapes": (
        lambda: begin({"a": nn.Linear(3, 2)}, ALL),
        r"a.weight is nothing in the file and \(2, 3\) now",
    ),
    "other parameters learn": (lambda: begin({"a": Two()}, FIRST), r"a group is \[4\] in the file and \[1\]"),
    "another optimiser": (
        lambda: begin({"a": Two()}, ALL, recipe=replace(PLAIN, optimiser="adamw")),
        "optimiser main, its settings",
    ),
    "an average": (
        lambda: begin({"a": Two()}, ALL, recipe=replace(PLAIN, ema=0.5)),
        "ema is False in the file and True now",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_was_saved_from_something_else_is_refused(case, saved):
    make, words = CASES[case]
    run = make()
    before = {name: value.clone() for name, value in run.parts.state_dict().items()}
    with pytest.raises(Mismatch, match=words) as error:
        resume(run, saved)
    assert str(error.value).startswith(str(saved))
    assert "or delete this one to start anew" in str(error.value)
    assert run.step == 0
    assert all(torch.equal(before[name], value) for name, value in run.parts.state_dict().items())


def test_what_is_no_run_is_refused(tmp_path):
    save_state({"step": 4}, tmp_path / "s")
    with pytest.raises(Mismatch, match="s is not the checkpoint of a training"):
        resume(begin({"a": Two()}, ALL), tmp_path / "s")


def test_the_length_and_the_rates_may_be_others(saved):
    run = begin({"a": Two()}, ALL, recipe=replace(PLAIN, steps=3, lr=0.5))
    assert resume(run, saved)
    assert values(run)["w"].tolist() == pytest.approx([-0.1, -0.1])
    next(train(run, same_batch()))
    assert values(run)["w"].tolist() == pytest.approx([-0.6, -0.6])
