"""A frozen classifier of other classes answers for new ones; the result is a linear head."""

import pytest
import torch
from tests.methods.ways import in_order, points
from tests.toy import Columns, Toy

import headstart as hs
from headstart.core import BadInput, Classifier, LinearHead, Task
from headstart.methods.outputs.probing.label_mapping import LabelMapping
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe
from headstart.run.watch import drain

NAMES = tuple("abcde")


def base(weight, bias=None):
    backbone = Columns(weight.shape[1])
    bias = torch.zeros(len(weight)) if bias is None else bias
    backbone.classifier = Classifier(weight, bias, NAMES[: len(weight)])
    return backbone


def mapped(method, backbone, x, y, classes=2, names=("one", "two")):
    task = Task(classes, tuple(x.shape[1:]), rows=len(x), classes=names)
    run = start(method, backbone, task, Recipe(steps=-(-len(x) // 8), batch=8))
    drain(train(run, in_order(x, y, 8)))
    return method.predictor(run.parts).eval()


X = torch.tensor([[4.0, 0, 0], [5, 0, 1], [0, 0, 3], [0, 1, 6]])
Y = torch.tensor([0, 0, 1, 1])


def test_the_most_frequent_source_class_answers_with_its_own_logit():
    model = mapped(LabelMapping(scale=1.0), base(torch.eye(3)), X, Y)
    assert model.head.weight.tolist() == [[1, 0, 0], [0, 0, 1]]
    assert torch.equal(model(X), X[:, [0, 2]])


def test_the_names_that_are_given_hold_whatever_is_frequent():
    method = LabelMapping(how="fixed", given="one=b|c;two=a", scale=2.0)
    model = mapped(method, base(torch.eye(3)), X, Y)
    assert model.head.weight.tolist() == [[0, 1, 1], [2, 0, 0]]


def test_the_nearest_mean_distribution_is_the_one_of_least_divergence():
    torch.manual_seed(0)
    x, weight = torch.randn(12, 3), torch.randn(5, 3)
    y = torch.arange(12) % 2
    model = mapped(LabelMapping(how="mean", scale=1.0), base(weight), x, y)
    shares = (x @ weight.T).softmax(1)
    means = torch.stack([shares[y == k].mean(0) for k in range(2)])
    divergence = (means * (means.log() - shares.log()[:, None])).sum(2)  # KL(mean of the class | row)
    torch.testing.assert_close(model(x).log_softmax(1), (-divergence).log_softmax(1), rtol=1e-4, atol=1e-5)


def test_a_learned_mapping_of_as_many_logits_as_features_separates_what_they_do():
    x, y = points(40, 4, 2, spread=0.3)
    model = mapped(LabelMapping(how="learned"), base(torch.eye(4)), x, y)
    assert (model(x).argmax(1) == y).all()
    assert isinstance(model.head, LinearHead)


def test_the_scale_makes_the_log_loss_least():
    torch.manual_seed(0)
    y = torch.arange(60) % 2
    x = 5 * torch.eye(2)[y] + 10 * torch.randn(60, 2)
    found = mapped(LabelMapping(), base(torch.eye(2)), x, y)
    scale = found.head.weight.max()
    losses = [torch.nn.functional.cross_entropy(found(x) * factor, y).item() for factor in (0.8, 1.0, 1.25)]
    assert 0 < scale < 0.5
    assert losses[1] < min(losses[0], losses[2])


def test_a_backbone_without_a_classifier_and_settings_that_mean_nothing_are_refused():
    with pytest.raises(BadInput, match=r"label-mapping maps the classes .* of Columns is known"):
        mapped(LabelMapping(), Columns(3), X, Y)
    for settings, said in (
        ({"how": "guess"}, "how is 'guess'"),
        ({"each": 0}, "each is 0"),
        ({"scale": 0.0}, "scale is 0.0"),
        ({"how": "fixed"}, "given is ''; it must be classes"),
        ({"given": "a=b"}, "given is 'a=b'"),
    ):
        with pytest.raises(BadInput, match=said):
            LabelMapping(**settings)
    with pytest.raises(BadInput, match="has 2 classes, and 3 new ones need 1 each"):
        LabelMapping().parts(base(torch.eye(2)), Task(3, (2,)))


def test_a_model_s_own_classes_map_to_themselves(tmp_path):
    """A classifier of one's own, its classes and rows: mapped by frequency, its answers stay as they are."""
    torch.manual_seed(0)
    x = 3 * torch.randn(60, 8)
    net = hs.models.classifier(
        torch.nn.Sequential(torch.nn.Linear(8, 6), torch.nn.ReLU(), torch.nn.Linear(6, 3)),
        example=x[:2],
        classes=("x", "y", "z"),
    )
    y = net(x).detach().argmax(1)
    assert len(y.unique()) == 3
    fitted = hs.fit(LabelMapping(scale=1.0), net, (x.numpy(), y.numpy()))
    assert (fitted.model(x).argmax(1) == y).all()
    fitted.save(tmp_path / "one")
    assert hs.open(tmp_path / "one", backbone=net).model(x).equal(fitted.model(x))


def test_random_weights_have_no_classifier():
    assert Toy().classifier is not None
    model = hs.models.backbone(torch.nn.Sequential(torch.nn.Linear(8, 6), torch.nn.Linear(6, 3)))
    assert model.classifier.classes == ("0", "1", "2")
    assert model.untrained(0).classifier is None
    assert hs.models.backbone(model).classifier is model.classifier
    assert hs.models.backbone(model, weights="random").classifier is None
