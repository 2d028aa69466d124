"""How a new head begins: small random weights, zero biases; a trained one as it is."""

from dataclasses import fields

import pytest
import torch
from tests.toy import Toy

from headstart.core import LinearHead, Task, walk
from headstart.methods.inputs.domains.mcd import MCD
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.methods.mapping.finetuning.reinit import Reinit

TASK = Task(500, (4,))
TUNED = [kind for kind in walk() if "head_std" in {field.name for field in fields(kind)}]


def deviation(method, part="head", task=TASK):
    torch.manual_seed(0)
    head = method.parts(Toy(), task)[part]
    assert (head.bias == 0).all()
    return head.weight.std().item()


def test_the_deviation_is_the_setting():
    assert len(TUNED) > 20
    assert deviation(FineTune()) == pytest.approx(0.01, rel=0.05)
    assert deviation(FineTune(head_std=0.02)) == pytest.approx(0.02, rel=0.05)
    assert deviation(FineTune(head_std=0.0)) == 0


def test_the_paper_of_reinit_says_another():
    assert deviation(Reinit(blocks=0)) == pytest.approx(0.02, rel=0.05)
    assert deviation(Reinit(blocks=1, head_std=0.3)) == pytest.approx(0.3, rel=0.05)
    assert {kind.about.name for kind in TUNED if kind().head_std != 0.01} == {"reinit"}


def test_both_heads_of_two_begin_so():
    method = MCD(head_std=0.5)
    assert deviation(method) == pytest.approx(0.5, rel=0.05)
    assert deviation(method, "second head") == pytest.approx(0.5, rel=0.05)


def test_a_trained_head_begins_as_it_is():
    trained = LinearHead.of(torch.ones(500, Toy().width), torch.ones(500))
    found = FineTune(head_std=0.5).parts(Toy(), Task(500, (4,), head=trained))["head"]
    assert (found.weight == 1).all()
    assert (found.bias == 1).all()
