"""The small networks to pre-train: shapes, sizes, whether they have learned, saved and opened."""

import numpy as np
import pytest
import torch
from torch import nn

import headstart as hs
from headstart.core import BadInput
from headstart.models import backbone
from headstart.models.small_convnet import GROUP_NORM, NAME, NAMES
from headstart.session.inputs import build_backbone

EIGHT = torch.randn(4, 1, 8, 8, generator=torch.Generator().manual_seed(0))


def written_out(block, x):
    """The four blocks by torch's functions, in evaluation mode of batch normalisation."""
    for number, part in enumerate(block):
        norm = part.norm
        x = nn.functional.conv2d(x, part.conv.weight, padding=1)
        scale = (norm.weight / (norm.running_var + norm.eps).sqrt())[:, None, None]
        x = ((x - norm.running_mean[:, None, None]) * scale + norm.bias[:, None, None]).clamp(min=0)
        if number < 2:  # 8 pixels, 4, 2
            x = nn.functional.max_pool2d(x, 2)
    return x.mean((2, 3))


def test_its_features_are_the_means_of_four_blocks():
    made = backbone(NAME, example=EIGHT)
    assert made.width == 128
    assert len(made.blocks) == 4
    torch.testing.assert_close(made(EIGHT), written_out(made.inner.block, EIGHT))


@pytest.mark.parametrize(("side", "left"), [(8, 2), (16, 2), (28, 3), (32, 4), (64, 8)])
def test_larger_pictures_are_halved_more_often(side, left):
    made = backbone(NAME, example=torch.zeros(2, 1, side, side))
    assert made.inner(torch.zeros(1, 1, side, side)).shape[-1] == left


@pytest.mark.parametrize("name", NAMES)
def test_it_has_learned_nothing_until_it_is_trained(name, tmp_path):
    y = [0, 1] * 20
    x = np.random.default_rng(0).normal(size=(40, 2, 8, 8)).astype(np.float32)
    data = hs.data.load((x, y))
    assert not build_backbone(data, name).learned
    fitted = hs.fit(hs.methods.FromScratch(), name, data, hs.Recipe(steps=2))
    fitted.save(tmp_path / "saved")
    opened = hs.open(tmp_path / "saved")
    assert opened.model.backbone.learned
    assert opened.model.backbone.example.shape == (2, 2, 8, 8)
    assert opened.predict(x[:5]) == fitted.predict(x[:5])


def test_it_reads_pictures_at_their_own_size():
    sizes = {12: 12, 4: 8, 90: 64}
    for side, read in sizes.items():
        pictures = np.random.default_rng(0).integers(0, 255, (6, side, side), dtype=np.uint8)
        made = build_backbone(hs.data.load((pictures, [0, 1] * 3)), NAME)
        assert made.preprocess.size == (read, read)


def test_weights_are_a_function_of_the_seed_and_batches_none_of_each_other_by_groups():
    made = backbone(GROUP_NORM, example=EIGHT)
    assert torch.equal(made.untrained(1)(EIGHT), made.untrained(1)(EIGHT))
    assert not torch.equal(made.untrained(1)(EIGHT), made.untrained(2)(EIGHT))
    assert not any(isinstance(one, nn.BatchNorm2d) for one in made.modules())
    made.train()
    torch.testing.assert_close(made(EIGHT)[:1], made(EIGHT[:1]))


def test_an_encoder_file_keeps_what_it_reads(tmp_path):
    made = backbone(NAME, example=EIGHT)
    hs.models.save_encoder(made, tmp_path / "encoder.safetensors")
    again = backbone(str(tmp_path / "encoder.safetensors"))
    assert again.source == made.source
    assert torch.equal(again(EIGHT), made(EIGHT))


@pytest.mark.parametrize(
    ("shape", "said"), [((4, 64), "x[:, None] for one channel"), ((4, 1, 6, 8), "8 pixels or more")]
)
def test_other_inputs_are_refused(shape, said):
    with pytest.raises(BadInput) as caught:
        build_backbone(hs.data.load((np.random.default_rng(0).normal(size=shape), [0, 1] * 2)), NAME)
    assert said in str(caught.value)
