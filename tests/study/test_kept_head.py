"""A fitted model goes on with its head: outputs of classes are kept by name."""

import numpy as np
import pytest
import torch
import torchvision
from sklearn.base import clone
from torch import nn

import headstart as hs
from headstart.core import BadInput
from headstart.session.inputs import hand_on_head
from headstart.session.session import Session

STILL = hs.Recipe(steps=1, lr=1e-30, weight_decay=0)
RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 4)).astype(np.float32)
CROPS = [["wheat", "corn", "oats"][i] for i in np.digitize(X[:, 0], [-0.5, 0.5])]


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 2))


def fitted(labels=CROPS, method="fine-tune:backbone_lr=1"):
    return hs.fit(method, net(), (X, labels), hs.Recipe(steps=60, lr=1e-2))


@pytest.fixture(scope="module")
def crops():
    return fitted()


def assert_same(one, other, tolerance=1e-6):
    assert np.abs(one.probabilities(X) - other.probabilities(X)).max() < tolerance


@pytest.mark.parametrize("method", ["fine-tune", "surgical:block=0", "l2-sp", "bitfit", "fine-tune:last=1"])
def test_before_the_first_step_a_fitted_model_answers_as_it_did(crops, method):
    before = {name: value.clone() for name, value in crops.model.state_dict().items()}
    for base in (crops, crops.model, hs.models.backbone(crops.model)):
        assert_same(hs.fit(method, base, (X, CROPS), STILL), crops)
    assert all(torch.equal(value, before[name]) for name, value in crops.model.state_dict().items())


def test_what_follows_is_a_training_of_the_head_too(crops):
    longer = hs.fit("fine-tune", crops, (X, CROPS), hs.Recipe(steps=20, lr=1e-2))
    assert longer.curve[0] < 0.8 * hs.fit("fine-tune", crops, (X, CROPS), STILL, head="new").curve[0]
    assert not torch.equal(longer.model.head.weight, crops.model.head.weight)


def test_classes_are_kept_by_name_and_new_ones_come_beside_them(crops):
    labels = [{"oats": "soybeans", "corn": "wheat"}.get(name, "corn") for name in CROPS]
    after = hs.fit("fine-tune", crops, (X, labels), STILL)
    assert after.classes == ("corn", "soybeans", "wheat")  # before: corn, oats, wheat
    odds = [
        p[:, [0, 2]] / p[:, [0, 2]].sum(1, keepdims=True)
        for p in (model.probabilities(X) for model in (after, crops))
    ]
    assert np.abs(odds[0] - odds[1]).max() < 1e-6
    assert any("Kept: corn, wheat; new: soybeans; left out: oats." in note for note in after.notes)
    # the new output begins at the mean of the old ones, up to noise of deviation .01
    assert (after.model.head.weight[1] - crops.model.head.weight.mean(0)).abs().max() < 0.05


@pytest.mark.parametrize("names", [{"oats": "avena"}, "oats=avena", "oats=avena,corn=corn"])
def test_classes_are_renamed_on_request(crops, names):
    labels = ["avena" if name == "oats" else name for name in CROPS]
    after = hs.fit("fine-tune", crops, (X, labels), STILL, head=names)
    assert after.classes == ("avena", "corn", "wheat")
    assert np.abs(after.probabilities(X) - crops.probabilities(X)[:, [1, 0, 2]]).max() < 1e-6


@pytest.mark.parametrize(
    ("head", "text"),
    [
        ({"rye": "corn"}, "renames 'rye', but the trained head has no such class. It has: corn, oats, wheat"),
        ({"oats": "corn"}, "gives two classes of the trained head the name 'corn'"),
        ("oats", "it must be 'keep', 'new', or names as in 'maize=corn,oat=oats'"),
    ],
)
def test_a_wrong_renaming_is_refused_before_training(crops, head, text):
    with pytest.raises(BadInput, match=text):
        hs.fit("fine-tune", crops, (X, CROPS), STILL, head=head)


@pytest.mark.parametrize("head", [None, ["oats"], 3])
def test_what_is_no_choice_of_a_head_is_refused(crops, head):
    with pytest.raises(BadInput, match="it must be 'keep', 'new', or a mapping"):
        hs.fit("fine-tune", crops, (X, CROPS), STILL, head=head)


def test_a_predictor_is_a_backbone_wherever_one_is_taken(crops, tmp_path):
    assert hs.models.backbone(crops).trained_head.classes == ("corn", "oats", "wheat")
    assert hs.probe(crops, (X, CROPS)).backbone
    options = {"methods": ("fine-tune",), "epochs": 1, "folds": 2, "curve": False}
    done = hs.adapt(crops, (X, CROPS), out=tmp_path / "run", **options)
    assert any("Kept: corn, oats, wheat." in note for note in done.result.notes)


def test_a_head_is_used_only_once_it_was_matched_with_the_labels(crops):
    data, base = hs.data.load((X, CROPS)), hs.models.backbone(crops.model)
    assert Session(base, data).trained_head() is None
    assert Session(hand_on_head(base, data), data).trained_head() is not None
    fewer = hs.data.load((X, ["corn" if name == "oats" else name for name in CROPS]))
    assert Session(hand_on_head(base, data), fewer).trained_head() is None


def test_renaming_needs_a_trained_head():
    with pytest.raises(BadInput, match="has no trained head whose classes have names"):
        hs.fit("fine-tune", net(), (X, CROPS), STILL, head={"a": "b"})


def test_other_labels_get_a_new_head_and_a_note(crops):
    for labels in ([f"no {name}" for name in CROPS], X[:, :1].astype(float)):
        after = hs.fit("fine-tune", crops, (X, labels), STILL)
        assert any("so a new head is learned" in note for note in after.notes)
        assert after.model.backbone.trained_head is None


def test_numbers_and_tags_go_on_as_well():
    numbers = np.stack([3 * X[:, 0] + 500, X[:, 1]], 1).astype(float)
    model = fitted(numbers)
    after = hs.fit("fine-tune", model, (X[:30], numbers[:30]), STILL)  # rows with another mean
    assert np.abs(after.values(X) - model.values(X)).max() < 1e-3
    tags = X[:, :3] > 0
    model = fitted(tags)
    assert_same(hs.fit("fine-tune", model, (X, tags), STILL), model)


def test_a_head_that_is_adjusted_for_shares_goes_on_as_it_answers(tmp_path):
    rows = np.r_[0:80, np.flatnonzero(np.array(CROPS) == "oats")]
    done = hs.adapt(
        net(), (X[rows], [CROPS[i] for i in rows]), out=tmp_path / "run", methods=("fine-tune",), epochs=2,
        folds=2, curve=False, logit_adjustment=1.0,
    )  # fmt: skip
    model = hs.open(done.folder, backbone=net())
    assert_same(hs.fit("fine-tune", model, (X, CROPS), STILL), model)


def test_a_head_that_is_not_linear_is_left_out_with_a_note(crops):
    model = fitted(method="nearest-centroid")
    after = hs.fit("fine-tune", model, (X, CROPS), STILL)
    assert any("no linear layer but a CentroidHead" in note for note in after.notes)


@pytest.mark.parametrize("method", ["from-scratch", "reinit"])
def test_random_features_begin_with_a_new_head(crops, method):
    after = hs.fit(method, crops, (X, CROPS), STILL)
    assert after.model.head.weight.std() < 0.02 < crops.model.head.weight.std()


def test_a_classifier_of_ones_own_goes_on_where_its_classes_are_named():
    mine = net()
    known = hs.models.classifier(mine, classes=("wheat", "corn"))
    labels = ["wheat" if name == "wheat" else "corn" for name in CROPS]
    after = hs.fit("fine-tune", known, (X, labels), STILL)
    right = mine(torch.from_numpy(X)).softmax(1).detach().numpy()[:, ::-1]  # corn before wheat
    assert np.abs(after.probabilities(X) - right).max() < 1e-6
    with pytest.raises(BadInput, match="classes gives 1 names, but the head has 2 outputs"):
        hs.models.classifier(mine, classes=("wheat",))


@pytest.mark.slow
def test_a_checkpoint_of_a_named_architecture_goes_on_with_its_head(tmp_path):
    torch.manual_seed(0)
    mine = torchvision.models.resnet18(weights=None, num_classes=3).eval()
    torch.save({"state_dict": mine.state_dict()}, tmp_path / "checkpoint.pth")
    name, file = "torchvision:resnet18", tmp_path / "checkpoint.pth"
    model = hs.models.classifier(name, weights=file, classes=("red", "green", "blue"))
    pictures = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        assert torch.allclose(model(pictures), mine(pictures), atol=1e-5)
    rows = np.random.default_rng(0).integers(0, 256, (6, 64, 64, 3)).astype(np.uint8)
    after = hs.fit("fine-tune", model, (rows, ["green", "red"] * 3), STILL)
    assert torch.allclose(after.model.head.weight, mine.fc.weight[[1, 0]])
    after.save(tmp_path / "model")
    assert np.allclose(hs.open(tmp_path / "model").probabilities(rows), after.probabilities(rows))
    with pytest.raises(BadInput, match="together with weights="):
        hs.models.classifier(name, classes=("red", "green", "blue"))
    headless = {key: value for key, value in mine.state_dict().items() if not key.startswith("fc.")}
    with pytest.raises(BadInput, match=r"has no fc\.weight, its head"):
        hs.models.classifier(name, weights=headless)


def test_a_table_goes_on(tmp_path):
    import pandas as pd

    table = pd.DataFrame({"a": X[:, 0], "b": ["u", "v"] * 40, "crop": CROPS})
    data = hs.data.load(table, label_column="crop")
    model = hs.fit("fine-tune", "table", data, hs.Recipe(steps=40, lr=1e-2))
    model.save(tmp_path / "model")
    for base in (model, str(tmp_path / "model")):
        after = hs.fit("fine-tune", base, data, STILL)
        assert np.abs(after.probabilities(table) - model.probabilities(table)).max() < 1e-6


@pytest.mark.slow
def test_a_run_folder_goes_on_in_adapt(pictures, tmp_path):
    small = {"epochs": 1, "folds": 2, "curve": False, "reading": "own", "methods": ("fine-tune",)}
    net = hs.models.backbone("torchvision:squeezenet1_1", weights="random")
    run = str(hs.adapt(net, pictures, out=tmp_path / "run", size=32, fit="crop", **small).folder)
    more = hs.adapt(run, pictures, out=tmp_path / "more", **small)
    assert any("Methods that tune a head begin with the trained one. Kept:" in n for n in more.result.notes)
    new = hs.adapt(run, pictures, out=tmp_path / "new", head="new", **small)
    assert not any("trained" in note for note in new.result.notes)
    files = sorted(map(str, pictures.rglob("*.png")))[:4]
    model = hs.open(run)
    for base in (run, f"{run}/model", model, hs.models.backbone(run)):
        after = hs.fit("fine-tune", base, pictures, STILL)
        assert after.preprocess == model.preprocess
        assert np.abs(after.probabilities(files) - model.probabilities(files)).max() < 1e-6
    with pytest.raises(BadInput, match="head renames 'x'"):
        hs.adapt(run, pictures, out=tmp_path / "no", head="x=y", **small)
    with pytest.raises(BadInput, match="is a run and has its own weights"):
        hs.models.backbone(run, weights="a.pt")


def test_estimators_of_scikit_learn_begin_with_the_head(crops):
    def classifier(backbone, **more):
        return hs.sklearn.TransferClassifier(backbone, "fine-tune", recipe=STILL, random_state=0, **more)

    for given in (crops, crops.model, hs.models.backbone(crops.model)):
        after = clone(classifier(given)).fit(X, CROPS)
        assert np.abs(after.predict_proba(X) - crops.probabilities(X)).max() < 1e-6
    other = classifier(crops, head="new").fit(X, CROPS)
    assert np.abs(other.predict_proba(X) - crops.probabilities(X)).max() > 0.1
    named = classifier(crops, head={"corn": "maize"}).fit(X, [{"corn": "maize"}.get(n, n) for n in CROPS])
    columns = [list(named.classes_).index(n) for n in ("maize", "oats", "wheat")]
    assert np.abs(named.predict_proba(X)[:, columns] - crops.probabilities(X)).max() < 1e-6


def test_a_regressor_of_scikit_learn_begins_with_the_head():
    numbers = 3 * X[:, 0] + 500
    first = hs.sklearn.TransferRegressor(net(), "fine-tune", recipe=hs.Recipe(steps=60, lr=1e-2)).fit(
        X, numbers
    )
    after = hs.sklearn.TransferRegressor(first.predictor_, "fine-tune", recipe=STILL).fit(
        X[:30], numbers[:30]
    )
    assert np.abs(after.predict(X) - first.predict(X)).max() < 1e-3
