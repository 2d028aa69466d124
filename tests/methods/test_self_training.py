"""Self-training: what the teacher is sure of, by hand; calibration; the average; and its effect."""

import math

import pytest
import torch
from tests.methods.turned import accuracy, carried_out
from tests.methods.ways import Same, of
from tests.toy import TASK, Toy, make
from torch.nn.functional import cross_entropy

from headstart.core import BadInput, Ctx, Domains, Labelled, Model, Task
from headstart.core.linear_head import LinearHead
from headstart.methods.inputs.domains.self_training import SelfTraining, _by_teacher
from headstart.methods.inputs.domains.source_only import SourceOnly
from headstart.nn.confidence import Confidence
from headstart.run.frozen import find
from headstart.run.loop import start
from headstart.run.recipe import Recipe


def context(step=0, progress=0.5):
    return Ctx(step, progress, lambda rows: rows)


def logits(*shares):
    return torch.tensor(shares).log()


@torch.no_grad()
def label_target(method, parts, batch, ctx):
    """As the loop does it."""
    method.label_target(parts, batch, ctx)


def made(method):
    """On features that are the logits."""
    return method.parts(Same(2), Task(2, (2,), head=LinearHead.of(torch.eye(2), torch.zeros(2))))


def wrong_once(of_):
    """Source rows with shares 0.9 and 0.1 of which one of `of_` is wrong."""
    return Labelled(logits([0.9, 0.1]).expand(of_, 2), torch.tensor([1] + [0] * (of_ - 1)))


def test_a_teacher_that_is_wrong_more_often_than_it_says_is_taken_to_be_less_sure():
    """It says 0.9 and is right in 3 rows of 4, and half of one more: sigmoid(s ln 9) = 0.7."""
    method = SelfTraining(threshold=0.69)
    parts = made(method)
    target = logits([0.9, 0.1], [0.1, 0.9], [0.87, 0.13], [0.5, 0.5])
    label_target(method, parts, Domains(wrong_once(4), target), context())
    assert float(parts["confidence"].scale) == pytest.approx(math.log(7 / 3) / math.log(9), abs=1e-4)
    assert parts["confidence"].pseudo_labels.tolist() == [0, 1, -1, -1]  # of 0.7, 0.7, 0.675 and 0.5


def test_a_teacher_that_is_right_more_often_than_it_says_is_taken_by_its_word():
    parts = made(method := SelfTraining(threshold=0.85))
    label_target(method, parts, Domains(wrong_once(40), logits([0.8, 0.2], [0.9, 0.1])), context())
    assert float(parts["confidence"].scale) == 1.0
    assert parts["confidence"].pseudo_labels.tolist() == [-1, 0]


def test_the_loss_is_over_all_rows_of_which_the_unsure_have_none():
    method = SelfTraining(threshold=0.7, weight=3.0, steepness=0.0)
    parts = made(method)
    batch = Domains(wrong_once(4), target := logits([0.9, 0.1], [0.6, 0.4]))
    label_target(method, parts, batch, context())
    parts["head"].bias.data[1] = 0.5  # the student has gone on; the goals are the teacher's
    found = method.loss(parts, batch, context()).terms["self"]
    expected = 3.0 * cross_entropy(target[:1] + torch.tensor([0.0, 0.5]), torch.tensor([0])) / 2
    assert found.item() == pytest.approx(expected.item())


def test_flexible_thresholds_are_lower_for_rare_classes():
    """Sure so far: 4 of class 0, 2 of class 1, 1 unsure: b = 1 and 1/2, thresholds 0.9 and 0.9 / 3,
    but at least 1/2."""
    memory = Confidence(2, rows=7)
    memory.set_pseudo_labels(logits(*[[0.95, 0.05]] * 4, *[[0.05, 0.95]] * 2, [0.5, 0.5]), 0.9, False)
    seen = logits([0.8, 0.2], [0.45, 0.55], [0.91, 0.09])
    assert (0.9 * memory._eased()).tolist() == pytest.approx([0.9, 0.3])
    memory.set_pseudo_labels(seen, 0.9, True)
    assert memory.pseudo_labels.tolist() == [-1, 1, 0]
    memory.set_pseudo_labels(seen, 0.9, False)
    assert memory.pseudo_labels.tolist() == [-1, -1, 0]
    assert Confidence(2)._eased().tolist() == [0, 0]  # as long as nothing was seen, all is unsure


def test_only_the_last_rows_are_remembered():
    memory = Confidence(2, rows=3)
    memory.store(torch.arange(4.0).reshape(2, 2), torch.tensor([0, 1]))
    assert memory.known[1].tolist() == [0, 1]
    memory.store(torch.full((2, 2), 9.0), torch.tensor([1, 0]))
    assert memory.known[1].tolist() == [1, 1, 0]
    assert memory.known[0][:, 0].tolist() == [2, 9, 9]


def test_the_teacher_is_the_average_of_the_student():
    run = carried_out(SelfTraining(decay=0.25), steps=1)
    start = carried_out(SelfTraining(decay=0.25), steps=1, lr=1e-30)
    before, teacher = of(start, "teacher"), of(run, "teacher")
    student = {**of(run, "backbone"), **of(run, "head")}
    for name, value in student.items():
        part, _, rest = name.partition(".")
        key = f"teacher.{0 if part == 'backbone' else 1}.{rest}"
        torch.testing.assert_close(teacher[key], torch.lerp(before[key], value, 0.9))  # 1 / 10 at first
    later = carried_out(SelfTraining(decay=0.0), steps=1)
    assert torch.equal(of(later, "teacher")["teacher.1.weight"], of(later, "head")["head.weight"])


@pytest.mark.slow
def test_it_helps_where_the_target_is_turned():
    before = accuracy(SourceOnly(backbone_lr=1.0))
    assert before < 0.85
    assert accuracy(SelfTraining(backbone_lr=1.0)) > 0.95


def test_labelled_rows_of_the_target_have_a_goal_too():
    method = SelfTraining(threshold=0.6)
    parts = made(method)
    target_labelled = Labelled(logits([0.1, 0.9]), torch.tensor([1]))
    batch = Domains(wrong_once(8), logits([0.9, 0.1]), target_labelled)
    label_target(method, parts, batch, context())
    assert parts["confidence"].pseudo_labels.tolist() == [0, 1]
    assert math.isfinite(method.loss(parts, batch, context()).total.item())


@pytest.mark.parametrize(("setting", "value"), [("threshold", 1.0), ("decay", 1.0), ("threshold", -0.1)])
def test_what_can_not_be_is_refused(setting, value):
    with pytest.raises(BadInput, match=f"self-training: {setting} is {value}"):
        SelfTraining(**{setting: value})


def test_the_teacher_reads_what_is_frozen_from_the_cache():
    """Its logits are those of its own modules, and one part alone takes the samples: the student's."""
    run = carried_out(SelfTraining(last=1), steps=3)
    x = torch.randn(7, 2)
    run.parts.eval()
    torch.testing.assert_close(_by_teacher(run.parts, x), run.parts["teacher"](x))
    assert not torch.equal(_by_teacher(run.parts, x), Model.of(run.parts)(x))
    toy = start(SelfTraining(last=1), Toy(), TASK, Recipe(steps=6))
    replay = find(toy, make(Domains, 8, 0)).replay
    assert replay is not None
    assert replay.part == "backbone"
