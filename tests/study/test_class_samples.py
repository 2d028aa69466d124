"""Samples made from a teacher alone: taken for their classes, near its statistics, learned from."""

import copy

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from torch import nn

import headstart as hs
from headstart.core import BadInput, Head, Model
from headstart.losses.distillation.inversion import batch_statistics_loss

X, Y = load_digits(return_X_y=True)
X = (X / 16).astype(np.float32).reshape(-1, 1, 8, 8)
ORDER = np.random.default_rng(0).permutation(len(X))
TRAIN, TEST = ORDER[:1200], ORDER[1200:]
RECIPE = hs.Recipe(steps=60, lr=1e-2)


def net(width, seed):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(
            *(nn.Conv2d(1, width, 3, stride=2, padding=1), nn.BatchNorm2d(width), nn.ReLU()),
            *(nn.Conv2d(width, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU()),
            *(nn.Flatten(), nn.Linear(256, 10)),
        )


def right(model):
    return np.mean(
        [one.label == str(true) for one, true in zip(model.predict(X[TEST]), Y[TEST], strict=True)]
    )


def samples(teacher, **settings):
    return hs.class_samples(teacher, **{"per_class": 20, "steps": 60, "bounds": (0.0, 1.0)} | settings)


@pytest.fixture(scope="module")
def teacher():
    method = "fine-tune:backbone_lr=1.0,norm=train"
    return hs.fit(method, net(16, 0), (X[TRAIN], Y[TRAIN].astype(str)), RECIPE)


@pytest.fixture(scope="module")
def made(teacher):
    return samples(teacher)


def test_a_student_of_samples_alone_is_between_chance_and_its_teacher(teacher, made):
    student = hs.fit("label-transfer:backbone_lr=1.0,norm=train", net(8, 1), made, RECIPE, teacher=teacher)
    assert 0.5 < right(student) < right(teacher)
    assert any("made from the teacher" in note for note in student.notes)


def test_samples_are_classified_as_asked(teacher, made):
    said = [one.label for one in teacher.predict(made.array)]
    asked = [made.classes[label] for label in made.labels]
    assert np.mean(np.array(said) == asked) > 0.9
    assert np.bincount(made.labels).tolist() == [20] * 10
    assert made.array.min() >= 0
    assert made.array.max() <= 1


def off(model, data):
    """How far a batch is from the running statistics of the first batch normalisation."""
    norm = next(one for one in model.model.modules() if isinstance(one, nn.BatchNorm2d))
    found = []
    with torch.inference_mode():
        hook = norm.register_forward_pre_hook(lambda _, args: found.append(args[0]))
        model.model(torch.from_numpy(data.array))
        hook.remove()
    return float(batch_statistics_loss(found[0], norm.running_mean, norm.running_var))


def test_statistics_are_near_those_of_the_teacher(teacher, made):
    assert off(teacher, made) < 0.5 * off(teacher, samples(teacher, statistics=0.0))


def test_the_teacher_is_not_changed_nor_the_global_generator(teacher):
    model = copy.deepcopy(teacher.model).train()
    next(model.parameters()).requires_grad_(False)
    before = copy.deepcopy(model)
    state = torch.get_rng_state()
    samples(model, per_class=2, steps=2)
    assert torch.equal(state, torch.get_rng_state())
    for name, value in before.state_dict().items():
        assert torch.equal(value, model.state_dict()[name])
    assert [one.requires_grad for one in before.parameters()] == [
        one.requires_grad for one in model.parameters()
    ]
    assert all(one.grad is None for one in model.parameters())
    assert all(module.training for module in model.modules())
    assert not any(module._forward_pre_hooks for module in model.modules())


def test_they_are_a_function_of_the_seed(teacher):
    one, same, other = (samples(teacher, per_class=2, steps=2, seed=seed).array for seed in (0, 0, 1))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_statistics_that_nothing_was_learned_into_are_left_out():
    """The running statistics of a new network are 0 and 1, which tells nothing of its training."""
    fitted = hs.fit("fine-tune", net(4, 0), (X[:40], Y[:40].astype(str)), hs.Recipe(steps=1))
    one, other = (samples(fitted, per_class=2, steps=2, statistics=weight) for weight in (0.0, 9.0))
    assert np.array_equal(one.array, other.array)
    assert "no batch normalisation with statistics" in one.findings[0].text


def test_a_table_has_its_columns_in_their_units():
    draw = np.random.default_rng(0)
    table = {"a": draw.normal(size=80), "b": 1e6 + 100 * draw.normal(size=80)}
    data = hs.data.load(table | {"label": np.where(table["a"] > 0, "p", "q")})
    teacher = hs.fit("ridge-probe", "table", data)
    made = hs.class_samples(teacher, per_class=10, steps=20)
    assert made.table.names == ("a", "b")
    assert abs(made.table.values[:, 1].mean() - 1e6) < 300
    student = hs.fit("label-transfer", "table", made, teacher=teacher)
    said = [[one.label for one in model.predict(table)] for model in (student, teacher)]
    assert np.mean(np.equal(*said)) > 0.6


def test_pictures_are_stored_as_pixels():
    draw = np.random.default_rng(0)
    pixels = draw.integers(0, 256, (12, 8, 8, 3)).astype(np.uint8)
    module = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
    base = hs.models.backbone(module, example=torch.rand(2, 3, 8, 8))
    made = hs.class_samples(hs.fit("ridge-probe", base, (pixels, ["p", "q"] * 6)), per_class=3, steps=20)
    assert made.is_images
    assert made.array.shape == (6, 8, 8, 3)
    assert "1.000 of them as asked" in made.findings[0].text


class Nearest(Head):
    """Outputs without a gradient."""

    def forward(self, x):
        return torch.nn.functional.one_hot((x[:, 0] > 0).long(), 2).float()


def no_gradient(teacher):
    model = Model(teacher.model.backbone, Nearest())
    model.classes = ("p", "q")
    return model


@pytest.mark.parametrize(
    ("change", "settings", "why"),
    [
        (
            lambda teacher: LogisticRegression().fit([[0.0], [1.0]], [0, 1]),
            {},
            "LogisticRegression.*without labels",
        ),
        (lambda teacher: [teacher, teacher], {}, "one network"),
        (no_gradient, {}, "no gradient.*without labels"),
        (lambda teacher: teacher, {"per_class": 0}, "per_class is 0"),
        (lambda teacher: teacher, {"steps": 1.5}, "steps is 1.5"),
        (lambda teacher: teacher, {"lr": 0.0}, "lr is 0.0"),
        (lambda teacher: teacher, {"statistics": -1.0}, "statistics is -1.0"),
        (lambda teacher: teacher, {"bounds": (1.0, 0.0)}, "low < high"),
    ],
)
def test_what_can_not_be_is_refused(teacher, change, settings, why):
    with pytest.raises(BadInput, match=why):
        samples(change(teacher), **settings)


def test_texts_are_refused():
    teacher = hs.fit("tf-idf", "minilm", (["good a", "bad b"] * 4, ["p", "q"] * 4))
    with pytest.raises(BadInput, match=r"reads texts.*without labels"):
        hs.class_samples(teacher)


def test_names_in_a_table_are_refused():
    data = hs.data.load({"n": ["u", "v"] * 10, "label": ["p", "q"] * 10})
    with pytest.raises(BadInput, match="columns n"):
        hs.class_samples(hs.fit("ridge-probe", "table", data))
