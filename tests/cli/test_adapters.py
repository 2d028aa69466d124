"""Adapters of a run in a file of their own on the command line: written, predicted by, refused elsewhere."""

import json
from dataclasses import astuple

import pytest
import torch
from safetensors.torch import load_file
from tests.cli.telling import refused
from tests.rounding import rounding

import headstart as hs
from headstart.core import BadInput, Mismatch

pytestmark = pytest.mark.slow
TEXTS = ("a fine film", "what a bore", "splendid", "too long by far")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Folders of two models of texts: one by LoRA, one by a probe."""
    folder, data = tmp_path_factory.mktemp("runs"), ([*TEXTS] * 3, ["good", "bad"] * 6)
    for name, method in {"lora": hs.methods.LoRA(rank=2), "probe": hs.methods.LogisticProbe()}.items():
        hs.fit(method, "minilm", data, hs.Recipe(steps=2, batch=4, lr=0.01)).save(folder / name)
    return folder


def test_the_few_percent_alone_answer_as_the_model(headstart, runs):
    file, words = runs / "few.safetensors", [word for text in TEXTS for word in ("--text", text)]
    said = headstart("export", "--to", "adapters", runs / "lora", file)
    assert said.code == 0, said.err
    assert file.stat().st_size < 0.02 * (runs / "lora" / "model.safetensors").stat().st_size
    for told in ("adapters and head, ", "% of the model", "backbone 'minilm'", f"predict {file} FILES"):
        assert told in said.out
    wanted = headstart("predict", runs / "lora", *words, "--json").out
    assert headstart("predict", file, *words, "--json").out == wanted
    found = headstart("predict", file, *words, "--json", "--backbone", "minilm").out
    for one, other in zip(json.loads(found), json.loads(wanted), strict=True):
        assert one["probabilities"] == pytest.approx(other["probabilities"], abs=1e-5)


def test_what_fits_no_file_of_adapters_is_refused_by_name(headstart, runs, tmp_path):
    file = runs / "mine.safetensors"
    assert headstart("export", "--to", "adapters", runs / "lora", file).code == 0
    for backbone, told in {
        runs / "lora": ("made for the model", "this one is", "folded into its weights already"),
        "efficientnet_lite0": ("the layer inner.layer.0.asked, which this model has not", "'minilm'"),
    }.items():
        said = headstart("predict", file, "--text", "a", "--backbone", backbone)
        assert refused(said, Mismatch.code, file, *told), astuple(said)
    said = headstart("export", "--to", "adapters", runs / "probe", tmp_path / "probe.safetensors")
    assert refused(said, BadInput.code, "no adapters that could be shipped alone")
    said = headstart("predict", runs / "probe", "--text", "a", "--backbone", "minilm")
    assert refused(said, BadInput.code, "--backbone", "goes with a file of adapters")


def test_peft_gets_a_folder_for_the_model_that_gives_features(headstart, runs):
    """Read beside the backbone, it gives the features of the run's model; the head makes them its logits."""
    folder = runs / "peft"
    said = headstart("export", "--to", "peft", runs / "lora", folder)
    assert said.code == 0, said.err
    assert "adapters of PEFT for 'minilm'" in said.out
    assert "head.safetensors" in said.out
    model, base = hs.open(runs / "lora").model, hs.models.backbone("minilm")
    many = hs.Adapters(base)
    many.load("task", folder)
    with many.use("task"), torch.no_grad():
        found = many(base.example)
    with torch.no_grad():
        wanted = model.backbone(base.example)
    assert (wanted - base(base.example)).abs().max() > 1e-3
    torch.testing.assert_close(found, wanted, rtol=0, atol=rounding(384, wanted.abs().max(), sums=50))
    head = load_file(folder / "head.safetensors")
    assert head.keys() == model.head.state_dict().keys()
    assert all(torch.equal(value, head[key]) for key, value in model.head.state_dict().items())
    said = headstart("export", "--to", "peft", runs / "probe", runs / "none")
    assert refused(said, BadInput.code, "no adapters that PEFT could read", "lora or ia3")
