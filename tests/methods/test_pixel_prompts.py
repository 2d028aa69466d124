"""Prompts in pixels as a method: what learns, by how much, what is shipped, and what is refused."""

from dataclasses import dataclass, replace
from typing import final

import pytest
import torch
from tests.methods.ways import PLAIN, Same, tuned
from tests.rounding import rounding
from tests.toy import TASK, Toy, labelled
from torch import nn

import headstart as hs
from headstart.core import (
    BadInput,
    Descend,
    Labelled,
    LinearHead,
    Method,
    Model,
    On,
    Parts,
    Preprocess,
    Task,
    Unknown,
)
from headstart.methods.inputs.prompting.pixel_prompts import PixelPrompts
from headstart.methods.outputs.probing.label_mapping import LabelMapping
from headstart.methods.tuning import tuning_loss
from headstart.models.backbone import rebuild
from headstart.predictor.export import export_model

SGD = replace(PLAIN, optimiser="sgd", lr=0.2, schedule="constant", weight_decay=0.0, steps=1)
GIVEN = ";".join(f"{new}={new}|{new + 3}" for new in range(3))


@final
@dataclass(frozen=True, kw_only=True)
class HeadAlone(Method[Labelled]):
    """What is left of prompts without pixels."""

    about = replace(PixelPrompts.about, name="head-alone")

    def parts(self, backbone, task):
        return Parts({"backbone": backbone, "head": task.head or LinearHead(backbone.width, task.outputs)})

    def moves(self):
        return (Descend(self.loss, on=(On("head"),)),)

    def loss(self, parts, batch, ctx):
        return tuning_loss(parts, batch, 0.0)

    def predictor(self, parts):
        return Model.of(parts)


def test_without_a_pixel_it_is_the_gradient_probe_of_the_features():
    found, wanted = (tuned(method, Toy()).parts["head"] for method in (PixelPrompts(size=0), HeadAlone()))
    assert torch.equal(found.weight, wanted.weight)
    assert torch.equal(found.bias, wanted.bias)


def test_pixels_that_hardly_move_leave_every_bit_of_the_features():
    run, x = tuned(PixelPrompts(kind="full", prompt_lr=1e-30)), torch.randn(6, 8)
    assert torch.equal(run.parts["backbone"].eval()(x), Toy(norm=False).eval()(x))


def test_one_step_by_hand():
    """At logits 1 and 1, p = 1/2: dL/dx = -1/2 (1, 0) + 1/2 (-1, 2) = (-1, 1), times the rates."""
    head = LinearHead.of(torch.tensor([[1.0, 0.0], [-1.0, 2.0]]), torch.zeros(2))
    batch = Labelled(torch.tensor([[1.0, 1.0]]), torch.tensor([0]))
    method, task = PixelPrompts(kind="full", prompt_lr=0.5), Task(2, (2,))
    run = tuned(method, Same(2), head, SGD, batches=lambda _: iter([batch]), task=task)
    assert run.parts["backbone"].front.values.tolist() == pytest.approx([0.1, -0.1])


def mapped(mapping, **settings):
    """Stage after stage on the toy, whose classifier has 30 classes, as a session carries them out."""
    method, head = PixelPrompts(kind="full", mapping=mapping, **settings), None
    body = Toy(norm=False)
    for stage in method.stages():
        task = replace(TASK, classes=("0", "1", "2"))
        run = tuned(stage, body, head, task=task)
        head = stage.predictor(run.parts).head
    return method, run


@pytest.mark.parametrize("mapping", ["learned", "frequency", "once", "fixed"])
def test_each_mapping_ships_one_linear_head_that_answers_as_the_training_did(mapping):
    method, run = mapped(mapping, given=GIVEN if mapping == "fixed" else "")
    batch = labelled(12, torch.Generator().manual_seed(0))
    model, parts = method.predictor(run.parts).eval(), run.parts.eval()
    features = parts["backbone"](batch.x)
    wanted = parts["head"](parts["source"](features) if "source" in parts else features)
    assert type(model.head) is LinearHead
    close = rounding(30, wanted.detach().abs().max(), sums=4)
    torch.testing.assert_close(model(batch.x), wanted, rtol=0, atol=close)
    assert parts["backbone"].front.values.abs().min() > 0


def test_a_mapping_found_once_is_that_of_label_mapping_and_stays():
    _, run = mapped("once")
    alone = LabelMapping()
    wanted = alone.predictor(tuned(alone, Toy(norm=False)).parts).head
    assert torch.equal(run.parts["head"].weight, wanted.weight)


def test_what_does_not_fit_is_refused():
    picture = Task(2, (3, 8, 8))
    with pytest.raises(BadInput, match="size is 5, but a frame of inputs with 8 x 8 places can be 0 to 4"):
        PixelPrompts(size=5).parts(Toy(), picture)
    with pytest.raises(BadInput, match="frequency is for classes, not tags"):
        PixelPrompts(mapping="frequency").parts(Toy(), replace(TASK, kind="tags"))
    with pytest.raises(BadInput, match=r"pixel-prompts maps the classes .* no trained classifier of Same"):
        PixelPrompts(mapping="learned").parts(Same(8), TASK)
    with pytest.raises(Unknown, match="No source class is called '31'"):
        mapped("fixed", given="0=31;1=2;2=3")
    texts = Toy()
    texts.tokens = object()
    with pytest.raises(BadInput, match=r"Toy reads texts: .* It works on pictures, series and arrays"):
        PixelPrompts().parts(texts, TASK)
    for name, value in (
        ("kind", "ring"),
        ("size", -1),
        ("mapping", "guess"),
        ("prompt_lr", 0.0),
        ("given", "a=b"),
    ):
        with pytest.raises(BadInput, match=f"pixel-prompts: {name} is {value!r}"):
            PixelPrompts(**{name: value})


def net():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 5)
    )


@pytest.fixture(scope="module")
def fitted():
    torch.manual_seed(0)
    x, y = torch.randn(30, 1, 6, 6), torch.arange(30) % 3
    recipe = hs.Recipe(steps=5, batch=10, lr=0.01)
    method = PixelPrompts(size=2, mapping="frequency")
    return hs.fit(method, net(), (x.numpy(), y.numpy()), recipe), x


def test_a_saved_model_has_its_prompt(fitted, tmp_path):
    predictor, x = fitted
    predictor.save(tmp_path / "one")
    opened = hs.open(tmp_path / "one", backbone=net())
    assert torch.equal(opened.model(x), predictor.model(x))
    prompt = next(module for module in opened.model.modules() if isinstance(module, hs.prompts.Frame))
    assert prompt.size == 2
    assert prompt.values.abs().min() > 0
    body = {name: value for name, value in opened.model.state_dict().items() if "0.weight" in name}
    assert any(torch.equal(value, net()[0].weight) for value in body.values())  # which kept every byte


def test_pictures_that_are_read_at_another_size_get_a_prompt_of_that_size():
    layers = nn.Conv2d(1, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    convolutions = nn.Sequential(*layers)
    base = hs.models.backbone(convolutions, example=torch.randn(2, 1, 9, 9))
    made = PixelPrompts().parts(base, Task(2, (1, 6, 6)))["backbone"]
    assert made.example.shape == (2, 1, 6, 6)
    base.preprocess = Preprocess(size=(6, 6))
    shipped = PixelPrompts().shipped_backbone(base)  # what a study loads the weights of a fit into
    assert {name: value.shape for name, value in shipped.state_dict().items()} == {
        name: value.shape for name, value in made.state_dict().items()
    }
    again = rebuild(made.source, convolutions)
    assert again.state_dict().keys() == made.state_dict().keys()
    assert torch.equal(again(made.example), base(made.example))


@pytest.mark.slow
def test_the_onnx_file_has_the_prompt(fitted, tmp_path):
    pytest.importorskip("onnxruntime")
    assert export_model(fitted[0], tmp_path / "model.onnx") < 1e-5
