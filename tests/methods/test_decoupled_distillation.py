"""Both parts against loops; together, weighed by the teacher, they are plain distillation."""

import numpy as np
import pytest
import torch
from tests.methods.ways import of, same, tuned
from tests.toy import Toy, stream

from headstart.core import BadInput, Ctx, Distilled, find
from headstart.losses.distillation.decoupled import other_classes_loss, target_class_loss
from headstart.losses.distillation.soft_targets import soft_target_loss
from headstart.methods.mapping.finetuning.fine_tune import FineTune

Decoupled = find("decoupled-distillation")
CTX = Ctx(0, 0.0, lambda rows: rows)
G = np.random.default_rng(0)
STUDENT, TEACHER, Y = 2 * G.normal(size=(5, 4)), 2 * G.normal(size=(5, 4)), np.array([0, 3, 1, 1, 2])


def probabilities(z, temperature):
    e = [np.exp(value / temperature) for value in z]
    return [value / sum(e) for value in e]


def kl(p, q):
    return sum(a * np.log(a / b) for a, b in zip(p, q, strict=True))


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_both_parts_against_loops(temperature):
    """TCKD and NCKD of arXiv:2203.08679, eq. 5 and 7, times T^2."""
    target, others, whole = [], [], []
    for z, t, y in zip(STUDENT, TEACHER, Y, strict=True):
        q, p = probabilities(z, temperature), probabilities(t, temperature)
        target.append(kl([p[y], 1 - p[y]], [q[y], 1 - q[y]]))
        rest = [k for k in range(4) if k != y]
        others.append(kl([p[k] / (1 - p[y]) for k in rest], [q[k] / (1 - q[y]) for k in rest]))
        whole.append(target[-1] + (1 - p[y]) * others[-1])
    given = torch.tensor(STUDENT), torch.tensor(TEACHER), torch.tensor(Y), temperature
    assert target_class_loss(*given).item() == pytest.approx(temperature**2 * np.mean(target), abs=1e-12)
    assert other_classes_loss(*given).item() == pytest.approx(temperature**2 * np.mean(others), abs=1e-12)
    kd = soft_target_loss(given[0], given[1], temperature, "classes")
    assert kd.item() == pytest.approx(temperature**2 * np.mean(whole), abs=1e-12)


def test_no_gradient_goes_to_the_teacher_and_none_is_lost_to_unknown_classes():
    student = torch.tensor(STUDENT, requires_grad=True)
    teacher = torch.tensor(TEACHER)
    teacher[:, 0] = -torch.inf
    teacher.requires_grad_()
    y = torch.tensor(Y)
    (target_class_loss(student, teacher, y, 2.0) + other_classes_loss(student, teacher, y, 2.0)).backward()
    assert teacher.grad is None
    assert student.grad.isfinite().all()
    assert (student.grad[:, 0] == 0).all()
    assert student.grad.abs().sum() > 0


def test_rows_without_a_label_take_the_teachers_class():
    x = torch.tensor(STUDENT)
    parts = {"backbone": torch.nn.Identity(), "head": torch.nn.Identity()}
    said, y = torch.tensor(TEACHER), torch.zeros(5, dtype=torch.int64)
    unlabelled = Distilled(x, y, torch.zeros(5), said)
    guessed = Distilled(x, said.argmax(1), None, said)
    method = Decoupled()
    found, wanted = (method.loss(parts, batch, CTX).terms for batch in (unlabelled, guessed))
    assert found["label"].item() == 0
    torch.testing.assert_close(found["target"], wanted["target"])
    torch.testing.assert_close(found["others"], wanted["others"])


def test_without_weights_it_is_fine_tuning():
    loose = tuned(Decoupled(target=0.0, others=0.0), Toy(), batches=stream(Distilled))
    plain = tuned(FineTune(), Toy(), batches=stream(Distilled))
    assert same(of(loose, "backbone", "head"), of(plain, "backbone", "head"))
    for settings in ({"others": 0.0}, {"target": 0.0}):
        taught = tuned(Decoupled(**settings), Toy(), batches=stream(Distilled))
        assert not same(of(taught, "backbone"), of(plain, "backbone"))


@pytest.mark.parametrize(("name", "value"), [("target", -1.0), ("others", -1.0), ("temperature", 0.0)])
def test_a_bad_setting_is_named(name, value):
    with pytest.raises(BadInput, match=f"decoupled-distillation: {name} is {value!r}; it must be"):
        Decoupled(**{name: value})
