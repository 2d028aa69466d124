"""Two tasks at once: the sum of two gradients on one backbone, from batches of any two sizes."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch
from tests.methods.ways import PLAIN, bytes_of, of
from tests.toy import TASK, Toy, make, of_source, stream
from torch import nn

from headstart.core import Backbone, BadInput, JointTasks, Labelled, Task
from headstart.core import make as make_method
from headstart.core.linear_head import LinearHead
from headstart.data.load import load
from headstart.losses.label import label_loss
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.methods.mapping.joint.multi_task import MultiTask
from headstart.models.backbone import backbone
from headstart.run.loop import start, train
from headstart.run.watch import drain
from headstart.session.session import Session
from headstart.session.session_data import attach_source

STEP = replace(PLAIN, steps=1, lr=0.1, schedule="constant", optimiser="sgd", weight_decay=0.0)


class Line(Backbone):
    """z = w x, with w = 1."""

    width, blocks = 1, ("layer",)

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(1, 1, bias=False)
        nn.init.ones_(self.layer.weight)

    def forward(self, x):
        return self.layer(x)


def head(weight):
    return LinearHead.of(torch.tensor([[weight]]), torch.zeros(1))


def number(x, y):
    return Labelled(torch.tensor([[x]]), torch.tensor([[y]]))


def carried_out(method, body=None, task=TASK, recipe=PLAIN, batches=None):
    run = start(method, body or Toy(norm=False), task, recipe)
    drain(train(run, batches or stream(method.about.needs)))
    return run


def test_one_step_by_hand():
    """Target: out 1 for 3, dL/dw = 2 (1 - 3) = -4. Source: out 2 for 0, dL/dw = 2 * 2 * 2 = 8, of it 1/4."""
    numbers = Task(1, (1,), head=head(1.0), kind="numbers", sources=(Task(1, (1,), kind="numbers"),))
    run = start(MultiTask(weight=0.25, backbone_lr=1.0), Line(), numbers, STEP)
    run.parts["source heads"][0].load_state_dict(head(2.0).state_dict())
    drain(train(run, lambda _step: iter([JointTasks(number(1.0, 3.0), (number(1.0, 0.0),))])))
    assert run.parts["backbone"].layer.weight.item() == pytest.approx(1 - 0.1 * (-4 + 0.25 * 8))
    assert run.parts["head"].weight.item() == pytest.approx(1 - 0.1 * -4)
    assert run.parts["source heads"][0].weight.item() == pytest.approx(2 - 0.1 * 0.25 * 4)


def test_two_sources_by_hand():
    """Beside it a third task of weight 1/2: out 3 for 1, loss 4 as of the others, dL/dw = 2 * 2 * 3 = 12."""
    other = Task(1, (1,), kind="numbers")
    numbers = Task(1, (1,), head=head(1.0), kind="numbers", sources=(other, other))
    run = start(MultiTask(weight=(0.25, 0.5), backbone_lr=1.0), Line(), numbers, STEP)
    for part, weight in zip(run.parts["source heads"], (2.0, 3.0), strict=True):
        part.load_state_dict(head(weight).state_dict())
    batch = JointTasks(number(1.0, 3.0), (number(1.0, 0.0), number(1.0, 1.0)))
    (tick,) = train(run, lambda _step: iter([batch]))
    found = {name: value.item() for name, value in tick.terms.items()}
    assert found == pytest.approx({"main/label": 4.0, "main/source": 0.25 * 4, "main/source 2": 0.5 * 4})
    assert run.parts["backbone"].layer.weight.item() == pytest.approx(1 - 0.1 * (-4 + 0.25 * 8 + 0.5 * 12))
    heads = [part.weight.item() for part in run.parts["source heads"]]
    assert heads == pytest.approx([2 - 0.1 * 0.25 * 4, 3 - 0.1 * 0.5 * 4])


def test_a_source_of_weight_zero_is_as_if_it_were_not_there():
    two = replace(TASK, sources=TASK.sources * 2)

    def twice(step):
        return (JointTasks(batch.target, batch.sources * 2) for batch in stream(JointTasks)(step))

    alone = carried_out(MultiTask(weight=0.3))
    muted = carried_out(MultiTask(weight=(0.3, 0.0)), task=two, batches=twice)
    mine, plain = of(muted, "backbone", "head"), of(alone, "backbone", "head")
    assert all(torch.equal(mine[name], value) for name, value in plain.items())
    heard = of(carried_out(MultiTask(weight=(0.3, 0.3)), task=two, batches=twice), "backbone", "head")
    assert not any(torch.equal(heard[name], mine[name]) for name in mine if name.endswith("0.weight"))


def test_several_weights_are_written_and_read_again():
    method = MultiTask(weight=(1.0, 0.5))
    assert method.label == "multi-task:weight=1.0/0.5"
    assert make_method(method.label) == method
    assert make_method("multi-task:weight=2").weight == 2


def test_its_gradient_is_the_sum_of_the_two():
    batch, weight = make(JointTasks, 8, 3), 0.7
    run = start(MultiTask(weight=weight), Toy(norm=False), TASK, PLAIN)
    parts = run.parts
    parameters = list(parts.parameters())
    ((move),) = run.moves
    both = torch.autograd.grad(move.loss(parts, batch, None).total, parameters)
    losses = [
        label_loss(head(parts["backbone"](one.x)), one.y)
        for head, one in ((parts["head"], batch.target), (parts["source heads"][0], batch.sources[0]))
    ]
    alone = [torch.autograd.grad(loss, parameters, allow_unused=True) for loss in losses]
    for ours, target, source in zip(both, *alone, strict=True):
        wanted = sum(w * g for w, g in ((1, target), (weight, source)) if g is not None)
        torch.testing.assert_close(ours, wanted)


@pytest.mark.parametrize("settings", [{}, {"norm": "train", "lr_decay": 0.5, "smoothing": 0.1}])
def test_without_weight_it_is_fine_tuning_to_the_bit(settings):
    recipe = replace(PLAIN, clip=1.0, ema=0.9)
    both = carried_out(MultiTask(weight=0.0, **settings), Toy(), recipe=recipe)

    def targets(step):
        return (batch.target for batch in stream(JointTasks)(step))

    alone = carried_out(FineTune(**settings), Toy(), recipe=recipe, batches=targets)
    mine, plain = of(both, "backbone", "head"), bytes_of(alone)
    assert all(torch.equal(mine[name], value) for name, value in plain.items())
    with_it = of(carried_out(MultiTask(**settings), Toy(), recipe=recipe), "backbone", "head")
    assert not any(torch.equal(with_it[name], mine[name]) for name in mine if name.endswith("0.weight"))


@pytest.mark.slow
def test_more_weight_brings_the_mapping_nearer_to_the_source():
    recipe = replace(PLAIN, steps=150, lr=0.01)
    seen = of_source(400, torch.Generator().manual_seed(99))

    def wrong(weight):
        """Of the best linear reader of the source on what the mapping gives, by ridge."""
        body = carried_out(MultiTask(weight=weight, backbone_lr=1.0), recipe=recipe).parts["backbone"].eval()
        with torch.no_grad():
            z = torch.cat([body(seen.x), torch.ones(400, 1)], 1)
        goal = nn.functional.one_hot(seen.y).float()
        best = torch.linalg.solve(z.T @ z + 1e-3 * torch.eye(17), z.T @ goal)
        return (z @ best - goal).square().mean().item()

    errors = [wrong(weight) for weight in (0.0, 1.0, 10.0)]
    assert errors[0] > 1.15 * errors[1] > 1.15 * errors[2]


def test_running_statistics_are_those_of_the_target():
    def batches(_step):
        batch = make(JointTasks, 8, 1)
        (source,) = batch.sources
        yield JointTasks(batch.target, (Labelled(source.x * 100 + 50, source.y),))

    both = carried_out(MultiTask(norm="train"), Toy(), recipe=STEP, batches=batches)
    alone = carried_out(
        FineTune(norm="train"),
        Toy(),
        recipe=STEP,
        batches=lambda _step: iter([make(JointTasks, 8, 1).target]),
    )
    for name, value in alone.parts["backbone"].named_buffers():
        assert torch.equal(dict(both.parts["backbone"].named_buffers())[name], value), name
    assert all(m.track_running_stats for m in both.parts.modules() if isinstance(m, nn.BatchNorm1d))


@pytest.mark.parametrize("kind", ["tags", "numbers"])
def test_source_and_target_may_be_of_different_kinds(kind):
    maps = torch.randn(8, 2, generator=torch.Generator().manual_seed(1))

    def batches(step):
        for batch in stream(JointTasks, 16)(step):
            (source,) = batch.sources
            scores = source.x @ maps
            labels = scores if kind == "numbers" else scores > 0
            yield JointTasks(batch.target, (Labelled(source.x, labels),))

    task = replace(TASK, sources=(Task(2, (8,), kind=kind),))
    run = start(MultiTask(backbone_lr=1.0), Toy(norm=False), task, replace(PLAIN, steps=60, lr=0.01))
    losses = [tick.terms["main/source"].item() for tick in train(run, batches)]
    assert sum(losses[-10:]) < 0.7 * sum(losses[:10])


def test_parts_of_a_batch_add_up_to_it_whatever_its_sizes():
    for n, m, of_ in ((8, 5, 3), (8, 1, 3), (3, 20, 3), (7, 4, 4)):
        g = torch.Generator().manual_seed(n)
        x, y = torch.randn(n + m, 2, generator=g), torch.zeros(n + m, dtype=torch.int64)
        batch = JointTasks(Labelled(x[:n], y[:n]), (Labelled(x[n:], y[n:]), Labelled(x[:2], y[:2])))
        pieces = [batch.part(index, of_) for index in range(of_)]
        assert torch.equal(torch.cat([piece.target.x for piece in pieces]), batch.target.x)
        for number, source in enumerate(batch.sources):
            shares = [piece.sources[number] for piece in pieces]
            assert torch.equal(torch.cat([share.x for share in shares]), source.x)
            assert not any(len(share) == 1 for share in shares if len(source) > 1)
        twice = [part.part(i, 2) for part in pieces for i in range(min(2, len(part)))]
        for some in (pieces, twice if all(len(p) > 1 for p in pieces) else pieces):
            for number, source in enumerate(batch.sources):
                shares = [(len(one) / n * one.scales[number], one.sources[number].x) for one in some]
                total = sum(scale * share.mean(0) for scale, share in shares if len(share))
                torch.testing.assert_close(total, source.x.mean(0))


def test_rows_of_the_two_do_not_meet_in_the_same_order():
    """With one data set as both, a step would else take the same rows twice."""
    g = torch.Generator().manual_seed(0)
    data = load((torch.randn(12, 8, generator=g).numpy(), np.arange(12) % 3))
    session = Session(
        backbone(nn.Sequential(*Toy(norm=False).body, nn.Linear(16, 3)), example=torch.zeros(2, 8)), data
    )
    session.source = attach_source(session, [data, data])
    seen = []

    def watch(ticks, run):
        (move,) = run.moves
        real = move.loss
        object.__setattr__(
            move, "loss", lambda parts, batch, ctx: seen.append(batch) or real(parts, batch, ctx)
        )
        return iter(ticks)

    session.watch = watch
    session.fit(MultiTask(), np.arange(12), replace(PLAIN, steps=3, batch=4))
    assert len(seen) == 3
    drawn = [(batch.target.x, *(source.x for source in batch.sources)) for batch in seen]
    for task in zip(*drawn, strict=True):
        assert len(torch.cat(task).unique(dim=0)) == 12, "an epoch has every row once"
    for first, second in combinations(range(3), 2):
        assert not any(torch.equal(step[first], step[second]) for step in drawn)


def test_the_source_alone_makes_no_difference_to_what_is_shipped():
    run = carried_out(MultiTask())
    model = MultiTask().predictor(run.parts)
    assert model.head is run.parts["head"]
    assert model.head.weight.shape == (3, 16)
    assert run.parts["source heads"][0].weight.shape == (4, 16)


def test_what_can_not_be_is_refused():
    with pytest.raises(BadInput, match="multi-task: weight is -1; it must be >= 0"):
        MultiTask(weight=-1)
    with pytest.raises(BadInput, match="multi-task: weight is inf"):
        MultiTask(weight=float("inf"))
    for wrong in ((), (1.0, -1.0), ("a", 1), "a/b"):
        with pytest.raises(BadInput, match=r"weight is .* it must be >= 0, or several such numbers"):
            MultiTask(weight=wrong)
    with pytest.raises(BadInput, match="weight has 2 numbers, and there are 1 sources"):
        start(MultiTask(weight=(1.0, 2.0)), Toy(), TASK, PLAIN)
    with pytest.raises(BadInput, match="there is no source task"):
        start(MultiTask(), Toy(), replace(TASK, sources=()), PLAIN)
