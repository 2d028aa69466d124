"""The backbone of `pretrain` where none is named."""

import numpy as np
import pytest

import headstart as hs
from headstart.data.load import load
from headstart.studies.pretrain import PretrainSettings
from headstart.studies.pretrain.inputs import load_pretraining, why_small


def pictures(side, rows=12):
    x = np.random.default_rng(0).integers(0, 256, (rows, side, side, 3), dtype=np.uint8)
    return x, np.arange(rows) % 2


@pytest.mark.parametrize(
    ("side", "size", "small"),
    [(8, None, True), (32, None, True), (33, None, False), (16, 48, False), (48, 24, True)],
)
def test_it_is_the_small_one_for_small_pictures(side, size, small):
    assert bool(why_small(load(pictures(side)), size)) is small


@pytest.mark.parametrize(
    ("shape", "small"), [((12, 2, 8, 8), True), ((12, 2, 7, 8), False), ((12, 6), False)]
)
def test_and_for_arrays_that_it_can_read(shape, small):
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    assert bool(why_small(load((x, np.arange(12) % 2)), None)) is small


def loaded(**given):
    return load_pretraining({"data": pictures(8), **given}, PretrainSettings(), {})


def test_a_note_says_so_and_a_name_takes_another(tmp_path):
    found = loaded()
    assert found["backbone"].name == "small-convnet"
    assert found["backbone"].preprocess.size == (8, 8)
    (note,) = found["_notes"]
    assert "No backbone was named, so it is small-convnet" in note
    assert "backbone='efficientnet_lite0' takes a large one" in note
    assert loaded(backbone="small-convnet-groupnorm")["_notes"] == []
    whole = hs.pretrain(pictures(8, 60), out=tmp_path / "enc", steps=1, batch=8, evaluations=1)
    assert note in whole.result.notes


def test_weights_of_a_file_are_those_of_the_usual_one(tmp_path):
    with pytest.raises(hs.core.HeadstartError, match="there-is-none"):
        loaded(weights=str(tmp_path / "there-is-none.safetensors"))
