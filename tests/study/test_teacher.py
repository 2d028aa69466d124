"""Teachers of a session: models, estimators and arrays; what they say is matched by name."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.tree import DecisionTreeClassifier
from torch import nn

import headstart as hs
from headstart.core import BadInput, Distilled, Model, TeacherView
from headstart.core.linear_head import LinearHead
from headstart.data.unlabelled import load_unlabelled
from headstart.run.recipe import Recipe
from headstart.session.input_pipeline import batch_stream, method_inputs
from headstart.session.session import Session, _start
from headstart.session.teacher import attach_teacher

G = np.random.default_rng(0)
X = G.normal(size=(40, 4)).astype(np.float32)
Y = np.array(["a", "b", "c"])[np.abs(X[:, :3]).argmax(1)]
QUICK = Recipe(steps=5, batch=8, lr=1e-2)
STUDENT = hs.methods.Distillation()


def net(seed=0, classes=3):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 6), nn.Tanh(), nn.Linear(6, classes))


def predictor(names=("a", "b", "c"), seed=3):
    body = hs.models.backbone(net(seed), example=torch.zeros(2, 4))
    head = torch.randn(len(names), 6, generator=torch.Generator().manual_seed(seed))
    return hs.Predictor(Model(body, LinearHead.of(head, torch.zeros(len(names)))), names, None)


def session(**more):
    body = hs.models.backbone(net(1), example=torch.zeros(2, 4))
    return Session(body, hs.data.load((X, Y)), **more)


def said(given, view=None, **more):
    on = session()
    teacher = attach_teacher(on, given, **more)
    return teacher.ask(on, view, np.arange(40), np.full(40, -1), 0)


def batches(given, rows, unlabelled=None):
    on = session()
    on.teacher = attach_teacher(on, given, unlabelled=unlabelled)
    run, _ = _start(on, STUDENT, on.backbone, None, rows, QUICK)
    return batch_stream(on, STUDENT, method_inputs(on, STUDENT, run, None), rows, QUICK)


def test_what_a_teacher_says_goes_with_its_rows_row_by_row():
    """Whatever the order of the batches, and after a stop."""
    logits = np.stack([X[:, 0], X[:, 1], X[:, 2]], 1)
    stream, rows = batches(logits, np.arange(5, 30)), []
    for step, batch in zip(range(9), stream(0), strict=False):
        assert torch.equal(batch.logits, batch.x[:, :3])
        rows.append(batch.x)
        assert torch.equal(next(iter(stream(step))).logits, batch.logits)
    assert len(np.unique(torch.cat(rows).numpy(), axis=0)) == 25


def test_outputs_are_matched_by_name():
    straight, turned = said(predictor()), predictor(("c", "a", "b"))
    turned.model.head.load_state_dict(
        {name: value[[2, 0, 1]] for name, value in predictor().model.head.state_dict().items()}
    )
    torch.testing.assert_close(said(turned).logits, straight.logits)


def test_unlabelled_rows_have_placeholders_of_no_weight():
    """8 labelled and 8 unlabelled rows: the labelled ones count twice, so that the mean is theirs."""
    logits = predictor()
    unseen = load_unlabelled(X[30:] + 5, hs.data.load((X, Y)))
    batch = next(iter(batches(logits, np.arange(20), unseen)(0)))
    assert isinstance(batch, Distilled)
    assert batch.weight.tolist() == [2.0] * 8 + [0.0] * 8
    assert batch.y[8:].tolist() == [0] * 8
    assert bool((batch.x[8:].mean(0) > 3).all())
    with torch.no_grad():
        torch.testing.assert_close(batch.logits, logits.model(batch.x))


def test_several_teachers_speak_beside_each_other():
    both = said([predictor(), predictor(seed=4)]).logits
    assert both.shape == (40, 2, 3)
    assert torch.equal(both[:, 1], said(predictor(seed=4)).logits)


def test_several_arrays_are_told_apart_and_an_estimator_is_asked_once():
    one, other = np.zeros((40, 3)), np.ones((40, 3))
    assert said([one, other]).logits[0].tolist() == [[0.0] * 3, [1.0] * 3]
    calls, model = [], LogisticRegression().fit(X, Y)
    ask = model.predict_proba
    model.predict_proba = lambda rows: (calls.append(len(rows)), ask(rows))[1]
    hs.fit(STUDENT, net(), (X, Y), QUICK, teacher=model)
    assert calls == [40]


def test_what_is_seen_inside_are_the_outputs_of_blocks():
    teacher = predictor()
    found = said(teacher, TeacherView(blocks=2))
    with torch.no_grad():
        body = teacher.model.backbone
        inside = body.features(torch.from_numpy(X), (body.blocks[0], body.blocks[-1]))
    torch.testing.assert_close(found.features, torch.cat([*inside.values()], 1))
    with pytest.raises(BadInput, match="the inside of its teacher, and several teachers can't show it"):
        said([teacher, teacher], TeacherView())


def test_a_record_is_computed_once(tmp_path, monkeypatch):
    calls = []
    see = Model.forward
    monkeypatch.setattr(Model, "forward", lambda self, x: (calls.append(len(x)), see(self, x))[1])
    for _ in range(2):
        on = session(cache=tmp_path)
        teacher = attach_teacher(on, predictor())
        for _ in range(3):
            teacher.ask(on, None, np.arange(40), np.full(40, -1), 0)
    checks = 2 * 8  # rows that are computed again, to see whether the record is right
    assert sum(calls) == 40 + checks


@pytest.mark.parametrize("names", [True, False])
def test_an_estimator_is_asked_for_probabilities(names):
    labels = Y if names else np.unique(Y, return_inverse=True)[1]
    model = LogisticRegression().fit(X, labels)
    logits = said(model).logits
    np.testing.assert_allclose(logits.softmax(1).numpy(), model.predict_proba(X), atol=1e-5)
    certain = said(DecisionTreeClassifier().fit(X, labels)).logits
    assert certain.isfinite().all()
    assert (certain.argmax(1).numpy() == np.unique(Y, return_inverse=True)[1]).all()


def test_numbers_are_learned_in_the_units_of_the_labels():
    goal = 100 + 10 * X[:, :1]
    model = LinearRegression().fit(X, goal)
    student = hs.methods.Distillation(alpha=0.0, backbone_lr=1.0)
    fitted = hs.fit(student, net(), (X, goal), Recipe(steps=300, lr=1e-2), teacher=model)
    assert np.abs(fitted.values(X) - goal).mean() < 3


def test_a_teacher_of_other_classes_is_refused_unless_the_shared_ones_are_asked_for():
    other = predictor(("b", "c", "d"))
    with pytest.raises(BadInput, match=r"teacher has b, c, d, the student a, b, c. .*shared_classes=True"):
        said(other)
    logits = said(other, shared_classes=True).logits
    assert bool((logits[:, 0] == -torch.inf).all())
    with torch.no_grad():
        torch.testing.assert_close(logits[:, 1:], other.model(torch.from_numpy(X))[:, :2])
    fitted = hs.fit(STUDENT, net(), (X, Y), QUICK, teacher=other, shared_classes=True)
    assert np.isfinite(fitted.probabilities(X)).all()
    with pytest.raises(BadInput, match="too little that both have"):
        said(predictor(("x", "y", "z")), shared_classes=True)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (3, "The teacher is a int. Give a predictor"),
        ("nowhere", "no folder of a run"),
        ([], "an empty list of teachers"),
        (np.zeros((40, 2)), r"give finite ones of shape \(40, 3\)"),
        (np.zeros((7, 3)), "outputs are of 7 rows, and arrays has 40"),
        (LogisticRegression(), "not fitted"),
        (LinearRegression().fit(X, X[:, 0]), "predicts numbers, and the data have classes"),
        (LogisticRegression().fit(X[:, :2], Y), "can't take the rows of arrays"),
    ],
)
def test_what_is_no_teacher_is_named(given, says):
    with pytest.raises(BadInput, match=says):
        said(given)


def test_teachers_and_methods_have_to_go_together():
    with pytest.raises(BadInput, match="distillation learns from a teacher, and this run has none"):
        hs.fit(STUDENT, net(), (X, Y), QUICK)
    with pytest.raises(BadInput, match=r"fine-tune does not learn from one. These do: .*distillation"):
        hs.fit("fine-tune", net(), (X, Y), QUICK, teacher=predictor())
    with pytest.raises(BadInput, match="does not learn from unlabelled rows alone"):
        hs.fit("fine-tune", net(), (X, Y), QUICK, unlabelled=X)


def test_the_teacher_keeps_every_byte_and_the_student_is_saved(tmp_path):
    teacher = predictor()
    before = {name: value.clone() for name, value in teacher.model.state_dict().items()}
    fitted = hs.fit(STUDENT, net(), (X, Y), replace(QUICK, views=None), teacher=teacher, cache=tmp_path / "c")
    assert all(torch.equal(value, before[name]) for name, value in teacher.model.state_dict().items())
    fitted.save(tmp_path / "student")
    opened = hs.open(tmp_path / "student", backbone=net())
    np.testing.assert_allclose(opened.probabilities(X), fitted.probabilities(X), atol=1e-6)
