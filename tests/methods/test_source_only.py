"""Source only: fine-tuning on the source, and on labelled rows of the target; no other row is looked at."""

import torch
from tests.methods.shifts import RECIPE, Line, Small, accuracy, batches, ctx, learned, nuisance

from headstart.core import Domains, Labelled, Parts, Task
from headstart.core.linear_head import LinearHead
from headstart.methods.inputs.domains.source_only import SourceOnly
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.run.loop import start, train
from headstart.run.watch import drain


def test_it_is_fine_tuning_on_the_source_to_the_bit():
    run = start(FineTune(smoothing=0.1), Small(), Task(2, (2,), rows=64), RECIPE)
    drain(train(run, lambda step: (each.source for each, _ in zip(batches()(step), range(4), strict=False))))
    plain = run.parts.state_dict()
    run = start(SourceOnly(smoothing=0.1), Small(), Task(2, (2,), rows=64), RECIPE)
    drain(train(run, lambda step: (each for each, _ in zip(batches()(step), range(4), strict=False))))
    mine = run.parts.state_dict()
    assert mine.keys() == plain.keys()
    assert all(torch.equal(mine[name], plain[name]) for name in plain)


def test_the_samples_of_the_target_change_nothing():
    one = learned(SourceOnly(), target_labelled=4).parts.state_dict()
    other = learned(
        SourceOnly(), lambda batch: {"target": batch.target * torch.nan}, target_labelled=4
    ).parts.state_dict()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_it_is_at_a_loss_where_what_showed_the_label_is_gone():
    assert accuracy(SourceOnly(backbone_lr=1.0), nuisance, steps=100) < 0.6


def test_labelled_rows_of_the_target_are_learned_from():
    target_labelled = accuracy(SourceOnly(backbone_lr=1.0), nuisance, steps=100, target_labelled=8)
    assert target_labelled > 0.85


def test_both_losses_by_hand_and_their_weights():
    """Numbers: out 1 for 3 is 4, out 2 for 2 and 5 is 0 and 9; the weights are 0.5 and 1.5."""
    parts = Parts({"backbone": Line(), "head": LinearHead.of(torch.ones(1, 1), torch.zeros(1))})
    source = Labelled(torch.tensor([[1.0]]), torch.tensor([[3.0]]))
    target_labelled = Labelled(
        torch.full((2, 1), 2.0), torch.tensor([[2.0], [5.0]]), torch.tensor([0.5, 1.5])
    )
    batch = Domains(source, torch.zeros(3, 1), target_labelled)
    ((move,),) = (SourceOnly().moves(),)
    terms = move.loss(parts, batch, ctx()).terms
    assert {name: value.item() for name, value in terms.items()} == {"label": 4.0, "target_labelled": 6.75}


def test_a_process_that_has_none_of_the_few_takes_the_loss_of_all():
    parts = Parts({"backbone": Line(), "head": LinearHead.of(torch.ones(1, 1), torch.zeros(1))})
    source = Labelled(torch.tensor([[1.0]]), torch.tensor([[3.0]]))
    none = Labelled(torch.zeros(0, 1), torch.zeros(0, 1))
    elsewhere = {0: torch.tensor([[2.0]]), 1: torch.tensor([[4.0]])}
    asked = []

    def gather(rows):
        asked.append(rows)
        return torch.cat([rows, elsewhere[len(asked) - 1]])

    context = ctx()
    object.__setattr__(context, "gather", gather)
    terms = SourceOnly().moves()[0].loss(parts, Domains(source, torch.zeros(3, 1), none), context).terms
    assert terms["target_labelled"].item() == 4.0
