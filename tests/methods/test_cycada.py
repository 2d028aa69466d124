"""CycleGAN and the labels: the semantic loss by hand, without it the same bytes, with it fewer flips."""

import math

import pytest
import torch
from tests.methods.test_cyclegan import BATCH, CTX, Plus
from tests.toy import TASK, Toy, stream

from headstart.core import BadInput, Domains, Labelled, Task
from headstart.core.linear_head import LinearHead
from headstart.losses.translation import answers_as_labels, semantic_loss
from headstart.methods.inputs.translation.cycada import CyCADA
from headstart.methods.inputs.translation.cyclegan import CycleGAN
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe
from headstart.run.watch import drain


class Same(torch.nn.Module):
    width, blocks = 2, ()

    def forward(self, x):
        return x


def fitted(method, **recipe):
    run = start(method, Toy(norm=False), TASK, Recipe(**({"steps": 8, "lr": 1e-2, "seed": 3} | recipe)))
    return run, list(train(run, stream(Domains)))


def test_the_semantic_loss_by_hand():
    """The head is the identity on two columns, so a row (a, b) costs log(1 + e^(b - a)) if it is of class 0.

    Sources (1, 2) of class 0 and (3, 4) of class 1 cost log(1 + e) and log(1 + 1/e), moved or not; the target
    (5, 8) was told to be of class 1 and costs log(1 + e^-3).
    """
    method = CyCADA(semantic=2.0)
    parts = method.parts(Same(), Task(2, (2,), head=LinearHead.of(torch.eye(2), torch.zeros(2))))
    parts["to_target"], parts["to_source"] = Plus(1), Plus(-2)
    wanted = (math.log1p(math.e) + math.log1p(1 / math.e)) / 2 + math.log1p(math.exp(-3))
    assert method.loss(parts, BATCH, CTX).terms["semantic"].item() == pytest.approx(2 * wanted, rel=1e-5)


def test_labels_are_of_what_was_said_before_the_translation():
    """A translator that turns the target's class round is punished, not believed."""
    method = CyCADA()
    parts = method.parts(Same(), Task(2, (2,), head=LinearHead.of(torch.eye(2), torch.zeros(2))))
    parts["to_target"], parts["to_source"] = Plus(0), _Swap()
    found = method.loss(parts, Domains(BATCH.source, BATCH.target), CTX).terms["semantic"].item()
    plain = (math.log1p(math.e) + math.log1p(1 / math.e)) / 2
    assert found == pytest.approx(plain + math.log1p(math.exp(3)), rel=1e-5)


class _Swap(torch.nn.Module):
    def forward(self, x):
        return x.flip(1)


def test_without_weight_it_is_cyclegan_to_the_byte_and_with_weight_not():
    plain, without, with_it = (
        fitted(method)[0].parts.state_dict() for method in (CycleGAN(), CyCADA(semantic=0.0), CyCADA())
    )
    assert plain.keys() == without.keys()
    assert all(torch.equal(plain[name], without[name]) for name in plain)
    assert not all(torch.equal(plain[name], with_it[name]) for name in plain)


def test_model_and_head_keep_every_byte_and_get_no_gradient():
    run, _ = fitted(CyCADA())
    twin = start(CyCADA(), Toy(norm=False), TASK, Recipe(steps=8, lr=1e-2, seed=3))
    for part in ("backbone", "head"):
        before, after = twin.parts[part].state_dict(), run.parts[part].state_dict()
        assert all(torch.equal(before[name], after[name]) for name in before)
        assert all(parameter.grad is None for parameter in run.parts[part].parameters())


def test_what_was_said_as_labels_of_each_kind():
    outputs = torch.tensor([[1.0, -2.0], [0.5, 3.0]], requires_grad=True)
    assert answers_as_labels(outputs, "classes").tolist() == [0, 1]
    assert answers_as_labels(outputs, "tags").tolist() == [[True, False], [True, True]]
    numbers = answers_as_labels(outputs, "numbers")
    assert torch.equal(numbers, outputs)
    assert not numbers.requires_grad


def test_as_many_outputs_as_labels():
    with pytest.raises(BadInput, match="2 outputs and 1 labels"):
        semantic_loss([torch.zeros(1, 2)] * 2, [torch.zeros(1, dtype=torch.int64)])


def test_target_labels_are_not_there_to_be_read():
    method = CyCADA()
    run = start(method, Toy(norm=False), TASK, Recipe(steps=1))
    batch = Domains(Labelled(torch.randn(4, 8), torch.tensor([0, 1, 2, 0])), torch.randn(6, 8))
    drain(train(run, lambda _: iter([batch])))
    assert run.step == 1


def test_a_weight_below_zero_is_refused():
    with pytest.raises(BadInput, match="cycada: semantic"):
        CyCADA(semantic=-1.0)
