"""Backbones that are compared: their names, and what their own heads say."""

import math

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.study import tiny
from tests.study.rivals import NETS, Net, vectors
from torch import nn

import headstart as hs
from headstart.core import BadInput, HeadstartError, Unknown
from headstart.data.load import load
from headstart.face import speak
from headstart.metrics.transferability import leep
from headstart.models import sources
from headstart.models.backbone import backbone
from headstart.session.inputs import fit_to_data
from headstart.session.session import Session
from headstart.studies.rank import RankSettings
from headstart.studies.rank.candidates import Candidate, candidates, pairs_of
from headstart.studies.rank.run import training_part

VECTORS = vectors()


def test_pretrained_heads_give_leep_and_random_ones_do_not(pictures, weights):
    found = hs.rank(
        [(tiny.BACKBONE, weights), (tiny.BACKBONE, "random")], pictures, scores=("leep", "nce"), size=32
    )
    first, last = found.table
    assert (first.backbone, first.weights) == (f"{tiny.BACKBONE} (small)", "small.safetensors")
    assert -math.log(3) <= first.scores["nce"] <= 0
    assert (last.weights, last.scores) == ("random", {"leep": None, "nce": None})
    (note,) = found.notes
    why = f"{tiny.BACKBONE} (random): its head was never trained."
    assert note == f"Without LEEP and negative conditional entropy for {why}"


def test_the_head_of_a_file_is_the_head_of_the_model(pictures, weights):
    """LEEP of the whole model's own answers."""
    import timm

    found = hs.rank([(tiny.BACKBONE, weights)], pictures, scores=("leep",), size=32)
    model = timm.create_model(tiny.BACKBONE)
    model.load_state_dict(load_file(weights))
    made = backbone(tiny.BACKBONE, weights=weights)
    part = training_part(load(pictures), RankSettings())
    session = Session(fit_to_data(made, part, 32), part)
    with torch.no_grad():
        x = session.backbone.normalised(session.samples(np.arange(len(part))))
        expected = leep(model.eval()(x).double().softmax(1), part.labels)
    assert found.table[0].scores["leep"] == pytest.approx(expected, abs=1e-5)


def test_the_built_in_backbone_has_its_head(pictures):
    (one,) = hs.rank(["efficientnet_lite0"], pictures, scores=("leep",), size=32).table
    assert one.scores["leep"] > -math.log(3)
    assert one.weights == "pretrained"


def test_a_file_without_a_head_is_said(pictures, weights, tmp_path):
    state = load_file(weights)
    headless = tmp_path / "headless.safetensors"
    save_file({name: value for name, value in state.items() if not name.startswith("fc.")}, headless)
    found = hs.rank({"x": (tiny.BACKBONE, headless)}, pictures, scores=("nce",), size=32)
    assert (
        found.notes[0]
        == "Without negative conditional entropy for x: the head that it was trained with is not known."
    )
    found = hs.rank([backbone(tiny.BACKBONE, weights=weights)], pictures, scores=("nce",), size=32)
    assert (
        found.notes[0]
        == f"Without negative conditional entropy for {tiny.BACKBONE}: a backbone comes without its head."
    )


def test_a_fitted_model_brings_its_head():
    part = training_part(load(VECTORS), RankSettings())
    model = hs.fit(hs.methods.NearestCentroid(), NETS["seeing"], VECTORS).model
    (one,) = hs.rank([model], VECTORS, scores=("leep",)).table
    with torch.no_grad():
        expected = leep(model(torch.from_numpy(part.array)).double().softmax(1), part.labels)
    assert one.scores["leep"] == pytest.approx(expected, abs=1e-5)
    assert (one.backbone, one.weights) == ("Net", "own")


# --- names and mistakes


def test_what_they_are_called():
    named = [
        one.name for one in candidates(["resnet18", ("resnet18", "random"), Net(), backbone(nn.Linear(3, 2))])
    ]
    assert named == ["resnet18", "resnet18 (random)", "Net", "Linear"]


def test_backbones_of_a_command_line():
    assert dict(pairs_of(["a", "b"], ["b=f.pth"])) == {"a": "a", "b": ("b", "f.pth")}
    found = dict(pairs_of(["a"], ["a=pretrained", "a=random", "a=x=y.pth"]))
    assert found == {"a (pretrained)": "a", "a (random)": ("a", "random"), "a (x=y)": ("a", "x=y.pth")}


@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        ([], BadInput, "no backbone to rank"),
        ("resnet18", BadInput, "list of backbones"),
        ([Net(), Net()], BadInput, "Two backbones are called 'Net'"),
        (["resnett18"], Unknown, "'resnet18'"),
        ([("resnet18", "nowhere.pth")], BadInput, "no weights file 'nowhere.pth'"),
        ([(Net(), "random")], BadInput, "load its weights yourself"),
        ({"x": 3}, BadInput, "x is a int"),
    ],
)
def test_backbones_that_can_not_be_ranked(given, kind, words):
    with pytest.raises(kind, match=words):
        hs.rank(given, VECTORS)


@pytest.mark.parametrize("command_line", [True, False])
def test_weights_out_of_reach_are_said_with_what_rank_takes(pictures, monkeypatch, command_line):
    def far(_config, name):
        raise sources._unreachable(f"timm:{name}", OSError("Name or service not known"))

    monkeypatch.setattr(sources, "_cached", far)
    ways = r"--weights resnet18=resnet18.safetensors.*--weights resnet18=random"
    python = r"\('resnet18', 'resnet18.safetensors'\) among the backbones.*\('resnet18', 'random'\)"
    data = load(pictures)
    with (
        speak(command_line=command_line),
        pytest.raises(HeadstartError, match=ways if command_line else python),
    ):
        Candidate("resnet18", "resnet18").make(data)
    if command_line:  # what is said is taken
        ((_, given),) = pairs_of(["resnet18"], ["resnet18=random"])
        assert given == ("resnet18", "random")


def test_small_convnets_have_random_weights():
    assert Candidate("s", "small-convnet").origin == "random"
    assert Candidate("e", "efficientnet_lite0").origin == "pretrained"
