"""Learned context: a step by hand, and that without one it is zero-shot classification."""

import math

import pytest
import torch
from tests import clips
from tests.rounding import rounding
from tests.study import tiny

import headstart as hs
from headstart.core import Backbone, BadInput, Labelled, Task, find
from headstart.core.text_tower import ClassPrompts, TextTower
from headstart.models.text_tower import text_tower
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe

LearnedContext = find("learned-context")
NAMES = ("red circle", "blue square")


class Sum(TextTower):
    """One token of context, at 0, and one of a class, at (1, 0) or (0, 1); embeddings are sums."""

    scale = 1.0

    def prompts(self, template, names, length=0):
        vectors = torch.stack([torch.zeros(2, 2), torch.eye(2)], 1)
        return ClassPrompts(torch.ones(2, 2).long(), vectors, slice(0, 1))

    def encode(self, ids, vectors):
        return vectors.sum(1)


class Plane(Backbone):
    width = 2
    text_tower = Sum()

    def forward(self, x):
        return x


def test_one_step_by_hand():
    """z = (1, 0) of class 0: cosines 1 and 0, p = e / (1 + e) and 1 / (1 + e).

    A shift of the context turns only the class at right angles to z: dL/dc = (1 / (1 + e), 0).
    """
    plain = {"optimiser": "sgd", "schedule": "constant", "warmup": 0, "weight_decay": 0, "clip": None}
    run = start(LearnedContext(), Plane(), Task(2, (2,)), Recipe(steps=1, lr=0.5, **plain))
    batch = Labelled(torch.tensor([[1.0, 0.0]]), torch.tensor([0]))
    list(train(run, lambda _step: iter([batch])))
    moved = run.parts["context"].vectors
    assert moved[0, 0].item() == pytest.approx(-0.5 / (1 + math.e))
    assert moved[0, 1].item() == pytest.approx(0, abs=1e-7)
    x, y = -0.5 / (1 + math.e), 1.0
    head = LearnedContext().predictor(run.parts).head
    assert head.centroids[1].tolist() == pytest.approx([x / math.hypot(x, y), y / math.hypot(x, y)])


def test_it_learns_at_the_scale_of_what_is_shipped(monkeypatch):
    monkeypatch.setattr(Sum, "scale", 3.0)
    run = start(LearnedContext(), Plane(), Task(2, (2,)), Recipe(steps=1))
    z = torch.tensor([[2.0, 1.0]])
    head = LearnedContext().predictor(run.parts).head
    assert torch.allclose(run.parts["context"](z), head(z))
    assert head(z)[0].tolist() == pytest.approx([6 / 5**0.5, 3 / 5**0.5])


def test_each_class_learns_its_own_context():
    run = start(LearnedContext(context="by-class"), Plane(), Task(2, (2,)), Recipe(steps=1))
    assert run.parts["context"].vectors.shape == (2, 1, 2)


def test_a_backbone_without_an_encoder_of_texts_is_refused():
    class Mute(Plane):
        text_tower = None

    with pytest.raises(BadInput, match=r"Mute has none.*image-encoder:FOLDER"):
        start(LearnedContext(), Mute(), Task(2, (2,)), Recipe(steps=1))


def test_settings_that_are_refused():
    with pytest.raises(BadInput, match="template is 'a photo'"):
        LearnedContext(template="a photo")
    with pytest.raises(BadInput, match="length is -1"):
        LearnedContext(length=-1)


@pytest.fixture(scope="module", params=["clip", "siglip"])
def folder(request, tmp_path_factory):
    path = tmp_path_factory.mktemp(request.param)
    clips.save(path, request.param)
    return str(path)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    path = tmp_path_factory.mktemp("pictures")
    for name, kind in zip(NAMES, ("disc", "square"), strict=True):
        (path / name.replace(" ", "_")).mkdir()
        for seed in range(4):
            tiny.shape(kind, seed).save(path / name.replace(" ", "_") / f"{seed}.png")
    return path


@pytest.mark.slow
def test_vectors_stand_where_their_tokens_do(folder):
    """Ids with the vectors of other words, of as many tokens, are those words, on either side of padding."""
    tower = text_tower(folder)
    one = tower.tokens(["a photo of a red circle.", "a red"])
    changed = one.clone()
    changed[1, 1] = tower.tokens(["photo of"])[0, 1]
    for left in (False, True) if tower.encoder.length else (False,):
        tower.encoder.left = left
        with torch.no_grad():
            found = tower.encode(one, tower.table(changed.clamp(min=0)))
            assert torch.allclose(found, tower.encoder(changed), atol=rounding(32, 1, 30))
            assert not torch.allclose(found, tower.encoder(one), atol=1e-4)
    tower.encoder.left = False


@pytest.mark.slow
@pytest.mark.parametrize("context", ["shared", "by-class"])
def test_before_it_learns_it_is_zero_shot_with_the_template(folder, context):
    template = "a drawing of the {}."
    backbone = hs.models.backbone(f"image-encoder:{folder}")
    method = LearnedContext(template=template, context=context)
    task = Task(2, (3, clips.SIZE, clips.SIZE), classes=("red_circle", "blue_square"))
    parts = method.parts(backbone, task)
    pair = hs.models.pair(folder)
    wanted = pair.classifier({name: (name,) for name in NAMES}, [template])
    head = method.predictor(parts).head
    assert torch.allclose(head.centroids, wanted, atol=rounding(32, 1, 30))
    assert head.scale.item() == pytest.approx(pair.scale)
    places, first = parts["context"].places, int("siglip" not in folder)  # a token begins CLIP's texts
    alone = pair.text.tokens(["a drawing of the"])[0]
    assert (places.start, places.stop) == (first, len(alone) - 1)


@pytest.mark.slow
def test_it_learns_the_context_alone(folder, pictures, tmp_path):
    backbone = hs.models.backbone(f"image-encoder:{folder}")
    tower = backbone.text_tower
    frozen = {name: value.clone() for name, value in tower.encoder.state_dict().items()}
    recipe = hs.Recipe(steps=12, lr=0.1, batch=8)
    fitted = hs.fit(LearnedContext(template="a {}."), backbone, pictures, recipe)
    assert fitted.curve[-1] < fitted.curve[0]
    assert all(torch.equal(value, frozen[name]) for name, value in tower.encoder.state_dict().items())
    own = backbone.state_dict()
    assert all(torch.equal(value, own[name]) for name, value in fitted.model.backbone.state_dict().items())
    fitted.save(tmp_path / "model")
    some = sorted(pictures.rglob("*.png"))[:3]
    probabilities = [each.probability for each in hs.open(tmp_path / "model").predict(some)]
    assert probabilities == [each.probability for each in fitted.predict(some)]


@pytest.mark.slow
def test_prompts_that_can_not_be(folder):
    tower = text_tower(folder)
    with pytest.raises(BadInput, match=r"no words before \{\}"):
        tower.prompts("{} here.", NAMES)
    with pytest.raises(BadInput, match="more than the 16 tokens"):
        tower.prompts("a {}.", NAMES, length=14)
    assert tower.prompts("{} here.", NAMES, length=3).vectors.shape[0] == 2
