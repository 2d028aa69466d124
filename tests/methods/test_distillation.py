"""Soft targets by hand at every temperature; no gradient to the teacher; alone it is fine-tuning."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.methods.ways import PLAIN, of, same, tuned
from tests.toy import TASK, Toy, make, stream

from headstart.core import BadInput, Ctx, Distilled, Task, find
from headstart.losses.distillation.soft_targets import soft_target_loss, soft_targets
from headstart.methods.mapping.finetuning.fine_tune import FineTune

Distillation = find("distillation")
CTX = Ctx(0, 0.0, lambda rows: rows)
G = np.random.default_rng(0)
STUDENT, TEACHER, Y = 3 * G.normal(size=(4, 3)), 3 * G.normal(size=(4, 3)), np.array([0, 2, 1, 1])


def softmax(z):
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


@pytest.mark.parametrize("temperature", [1.0, 4.0, 10.0])
@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
def test_loss_and_gradient_by_hand(temperature, alpha):
    """alpha CE + (1 - alpha) T^2 KL; the gradient of KL is (p_s - p_t) / T, and that of CE is p_s(1) - y."""
    hard, p, q = softmax(STUDENT), softmax(TEACHER / temperature), softmax(STUDENT / temperature)
    label = -np.log(hard[np.arange(4), Y]).mean()
    loss = alpha * label + (1 - alpha) * temperature**2 * (p * (np.log(p) - np.log(q))).sum(1).mean()
    gradient = (alpha * (hard - np.eye(3)[Y]) + (1 - alpha) * temperature * (q - p)) / 4

    method = Distillation(alpha=alpha, temperature=temperature)
    outputs = torch.tensor(STUDENT, requires_grad=True)
    teacher = torch.tensor(TEACHER, requires_grad=True)
    parts = {"backbone": torch.nn.Identity(), "head": torch.nn.Identity()}
    found = method.loss(parts, Distilled(outputs, torch.tensor(Y), None, teacher), CTX).total
    found.backward()
    assert found.item() == pytest.approx(loss, abs=1e-6)
    np.testing.assert_allclose(outputs.grad.numpy(), gradient, atol=1e-6)
    assert teacher.grad is None


def test_the_mean_of_what_several_teachers_say_at_the_temperature():
    """Of (0, 2 ln 3) and (2 ln 7, 0) at T = 2 it is the mean of (1, 3) / 4 and (7, 1) / 8, not softened."""
    logits = torch.tensor([[[0.0, 2 * np.log(3)], [2 * np.log(7), 0.0]]], dtype=torch.float64)
    torch.testing.assert_close(
        soft_targets(logits, 2.0)[0], torch.tensor([9 / 16, 7 / 16], dtype=torch.float64)
    )


def test_classes_that_the_teacher_does_not_know_are_left_out_on_both_sides():
    """It is the divergence of the two others alone, and the third logit gets no gradient."""
    outputs = torch.tensor([[1.0, 2.0, 5.0]], dtype=torch.float64, requires_grad=True)
    teacher = torch.tensor([[0.5, -1.0, -torch.inf]], dtype=torch.float64)
    whole = soft_target_loss(outputs, teacher, 3.0, "classes")
    assert whole.item() == pytest.approx(
        soft_target_loss(outputs[:, :2], teacher[:, :2], 3.0, "classes").item()
    )
    whole.backward()
    assert outputs.grad[0, 2] == 0
    assert outputs.grad.isfinite().all()


def test_tags_and_numbers_by_hand():
    """Tags: T^2 KL of Bernoulli(1/2) from (3/4), over 2 tags of which one agrees; numbers: squares."""
    teacher, outputs = torch.tensor([[0.0, 1.0]]), torch.tensor([[2 * np.log(3), 1.0]])
    by_hand = 4 * (0.5 * np.log(0.5 / 0.75) + 0.5 * np.log(0.5 / 0.25)) / 2
    assert soft_target_loss(outputs, teacher, 2.0, "tags").item() == pytest.approx(by_hand, rel=1e-5)
    numbers = torch.tensor([[1.0, 5.0]])
    assert soft_target_loss(numbers, torch.tensor([[3.0, 4.0]]), 7.0, "numbers").item() == (4 + 1) / 2


@pytest.mark.parametrize("settings", [{}, {"norm": "train", "last": 1, "smoothing": 0.1}])
def test_with_labels_alone_it_is_fine_tuning(settings):
    alone = tuned(Distillation(alpha=1.0, **settings), Toy(), batches=stream(Distilled))
    plain = tuned(FineTune(**settings), Toy(), batches=stream(Distilled))
    assert same(of(alone, "backbone", "head"), of(plain, "backbone", "head"))
    taught = tuned(Distillation(**settings), Toy(), batches=stream(Distilled))
    assert not same(of(taught, "backbone"), of(plain, "backbone"))


def test_without_labels_they_are_not_looked_at():
    def poisoned(step):
        return (replace(batch, y=2 - batch.y) for batch in stream(Distilled)(step))

    one, other = (tuned(Distillation(alpha=0.0), batches=each) for each in (stream(Distilled), poisoned))
    assert same(of(one, "backbone", "head"), of(other, "backbone", "head"))


def test_a_student_comes_to_say_what_its_teacher_says():
    run = tuned(
        Distillation(alpha=0.0, backbone_lr=1.0),
        recipe=replace(PLAIN, steps=80),
        batches=stream(Distilled, 32),
    )
    batch = make(Distilled, 200, 5)
    said = run.parts["head"](run.parts["backbone"](batch.x)).argmax(1)
    assert (said == batch.logits.argmax(1)).float().mean() > 0.95


def test_a_batch_without_a_teacher_is_refused():
    method = Distillation()
    parts = method.parts(Toy(), TASK)
    batch = make(Distilled, 4, 0)
    with pytest.raises(BadInput, match="distillation: the batch has no outputs of a teacher"):
        method.loss(parts, replace(batch, logits=None), CTX)


@pytest.mark.parametrize(("name", "value"), [("alpha", 1.5), ("temperature", 0.0)])
def test_a_bad_setting_is_named(name, value):
    with pytest.raises(BadInput, match=f"distillation: {name} is {value!r}; it must be"):
        Distillation(**{name: value})


def test_numbers_have_no_smoothing():
    with pytest.raises(BadInput, match="smoothing is for classes"):
        Distillation(smoothing=0.1).parts(Toy(), Task(2, (8,), kind="numbers"))
