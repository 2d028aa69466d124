"""Adapters of a run in a file of their own on the command line: written, predicted by, refused elsewhere."""

import json
from dataclasses import astuple

import pytest
from tests.cli.telling import refused

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
