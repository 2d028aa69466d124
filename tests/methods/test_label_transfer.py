"""Labels have no part; classes are the teacher's; the shares of predictions are the prior."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.methods.ways import of, same, tuned
from tests.toy import Toy, stream
from torch import nn

import headstart as hs
from headstart.core import BadInput, Distilled, find
from headstart.run.recipe import Recipe
from headstart.solvers.class_shares import share_offsets

LabelTransfer, Distillation = find("label-transfer"), find("distillation")
G = np.random.default_rng(0)
CENTRES = 3 * np.eye(4)[:3]
Y = np.arange(90) % 3
X = (CENTRES[Y] + G.normal(size=(90, 4))).astype(np.float32)
NAMES = np.array(["a", "b", "c"])[Y]


def net():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 6), nn.Tanh(), nn.Linear(6, 3))


@pytest.fixture(scope="module")
def teacher():
    return hs.fit("fine-tune:backbone_lr=1.0", net(), (X, NAMES), Recipe(steps=60, lr=1e-2))


def test_offsets_of_two_classes_by_hand():
    """Odds of 1 and 3, times k, shall give 3/4 on average: k / (k + 1) + 3 k / (3 k + 1) = 3/2."""
    logits = torch.tensor([[0.0, 0.0], [np.log(3.0), 0.0]])
    offsets = share_offsets(logits, torch.tensor([0.75, 0.25]))
    k = float((offsets[0] - offsets[1]).exp())
    assert k / (k + 1) + 3 * k / (3 * k + 1) == pytest.approx(1.5, abs=1e-6)
    assert k == pytest.approx((2 + 13**0.5) / 3, abs=1e-5)  # of 3 k^2 - 4 k - 3 = 0
    assert offsets.sum().item() == pytest.approx(0)


def test_offsets_of_shares_that_hold_already_are_none():
    logits = torch.tensor(G.normal(size=(20, 4)))
    torch.testing.assert_close(
        share_offsets(logits, logits.softmax(1).mean(0)), torch.zeros(4, dtype=torch.float64)
    )


def test_it_is_distillation_without_labels():
    one = tuned(LabelTransfer(temperature=3.0), Toy(), batches=stream(Distilled))
    other = tuned(Distillation(alpha=0.0, temperature=3.0), Toy(), batches=stream(Distilled))
    assert same(of(one, "backbone", "head"), of(other, "backbone", "head"))


def test_labels_are_not_looked_at():
    def poisoned(step):
        return (replace(batch, y=2 - batch.y) for batch in stream(Distilled)(step))

    one, other = (tuned(LabelTransfer(), batches=each) for each in (stream(Distilled), poisoned))
    assert same(of(one, "backbone", "head"), of(other, "backbone", "head"))


def test_classes_are_the_teachers_and_shares_the_prior(teacher):
    """Without a row of class c; what is predicted of unlabelled rows has the asked shares."""
    rest = Y < 2
    fitted = hs.fit(
        LabelTransfer(backbone_lr=1.0, prior="equal"),
        net(),
        (X[rest], NAMES[rest]),
        Recipe(steps=60, lr=1e-2),
        teacher=teacher,
        unlabelled=X,
    )
    assert fitted.classes == ("a", "b", "c")
    np.testing.assert_allclose(fitted.probabilities(X).mean(0), 1 / 3, atol=1e-4)
    assert any("biases were fitted to 90 unlabelled rows" in note for note in fitted.notes)


def test_unlabelled_rows_are_not_learned_from(teacher):
    """They tell shares alone: with biases left as they are, they change nothing."""
    method, recipe = LabelTransfer(prior="none"), Recipe(steps=3)
    alone, beside = (
        hs.fit(method, net(), (X[:40], NAMES[:40]), recipe, teacher=teacher, unlabelled=unseen)
        for unseen in (None, X + 9)
    )
    np.testing.assert_array_equal(alone.probabilities(X), beside.probabilities(X))


def test_rows_without_any_label_and_without_a_correction(teacher):
    bare = hs.data.load_unlabelled(X)
    fitted = hs.fit(LabelTransfer(backbone_lr=1.0), net(), bare, Recipe(steps=60, lr=1e-2), teacher=teacher)
    agree = fitted.probabilities(X).argmax(1) == teacher.probabilities(X).argmax(1)
    assert agree.mean() > 0.9
    assert any("no unlabelled rows to correct them by" in note for note in fitted.notes)


@pytest.mark.parametrize(("name", "value"), [("prior", "flat"), ("temperature", 0.0)])
def test_a_bad_setting_is_named(name, value):
    with pytest.raises(BadInput, match=f"label-transfer: {name} is {value!r}; it must be"):
        LabelTransfer(**{name: value})
