"""The depth map and the selections of backbones on the command line."""

import json

import pytest
from tests.cli.telling import refused
from tests.study import tiny

from headstart.core import BadInput
from headstart.models import backbone


def test_the_anatomy_of_a_name_is_the_depth_map(headstart):
    said = headstart("anatomy", tiny.BACKBONE)
    assert said.code == 0, said.err
    lines = said.out.splitlines()
    assert lines[0].split() == ["block", "name", "role", "class", "layers", "parameters", "trainable"]
    found = {line.split()[1]: line.split() for line in lines[1:11]}
    assert [words[2] for words in found.values()] == ["stem"] * 6 + ["block"] * 4
    base = backbone(tiny.BACKBONE, weights="random")
    by_hand = sum(p.numel() for p in base.get_submodule("inner.layer3").parameters())
    assert found["inner.layer3"][5] == f"{by_hand:,}"
    assert lines[11] == "96 features; 15 normalisation layers"
    assert lines[12] == "head: fc is cut off; methods bring one for your labels"


def test_the_anatomy_of_a_run_has_its_head(headstart, finished):
    for folder in (finished, finished / "model"):
        said = headstart("anatomy", folder, "--select", "head")
        assert said.code == 0, said.err
        assert "cut off" not in said.out
        assert "1.weight" in said.out


def test_what_a_selector_matches(headstart):
    said = headstart("anatomy", tiny.BACKBONE, "--select", "block(0), norms, ~biases", "--json")
    assert said.code == 0, said.err
    answer = json.loads(said.out)
    named = dict(backbone(tiny.BACKBONE, weights="random").named_parameters())
    assert answer["cut"] == "fc"
    assert answer["width"] == 96
    assert answer["selected"]["inner.conv1.0.weight"] == 16 * 3 * 9
    assert all(named[name].numel() == size for name, size in answer["selected"].items())
    assert not [name for name in answer["selected"] if "bias" in name]
    assert [part["role"] for part in answer["parts"]].count("block") == 4
    told = headstart("anatomy", tiny.BACKBONE, "--select", "block(0), norms, ~biases").out
    listed = told.splitlines()[-len(answer["selected"]) :]
    assert [line.strip() for line in listed] == list(answer["selected"])
    count = f"{len(listed)} of {len(named)} tensors, {sum(answer['selected'].values()):,} of "
    assert count in told


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("lst(1)", ("'lst(1)'", "Did you mean 'last(1)'")),
        ("layer9", ("'layer9'", "Did you mean", "layer")),
        ("last(9)", ("last(9) is not there: there are 7 blocks", "inner.layer4")),
        ("norms, ~norms", ("Nothing is left of 'norms, ~norms'",)),
        ("head", ("There is no head", "comes with the method")),
        (" ", ("is empty",)),
    ],
)
def test_a_selector_that_matches_nothing_is_refused_with_the_nearest(headstart, tmp_path, pattern, words):
    assert refused(headstart("anatomy", tiny.BACKBONE, "--select", pattern), BadInput.code, *words)
    out = tmp_path / "encoder.safetensors"
    said = headstart("surgery", tiny.BACKBONE, "--weights", "random", "--keep", pattern, "--out", out)
    assert refused(said, BadInput.code, *words)
    assert not out.exists()


def test_a_backbone_that_nobody_knows(headstart, tmp_path):
    assert refused(headstart("anatomy", "test_resnt"), BadInput.code, "Did you mean", "'test_resnet'")
    missing = tmp_path / "none.safetensors"
    assert refused(headstart("anatomy", missing), BadInput.code, "There is no encoder", missing)
