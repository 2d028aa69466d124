import numpy as np
import pytest
import torch
from tests.data.painting import photo

from headstart.core import BadInput
from headstart.data import Augment
from headstart.data.random_draws import shuffled, uniforms

SEEDS = np.arange(100, 106, dtype=np.int64)


def pictures(n=6, height=40, width=40):
    rows = [np.asarray(photo(width, height, seed)) for seed in range(n)]
    return torch.from_numpy(np.stack(rows)).permute(0, 3, 1, 2)


def test_nothing_changes_without_augmentation():
    x = pictures(height=30)
    nothing = Augment(scale=(1, 1), ratio=(1, 1), flip=False)
    assert not nothing.changes
    assert torch.equal(nothing(x, SEEDS, (30, 40)), x)
    assert Augment().changes


def test_a_view_does_not_depend_on_its_batch():
    x = pictures()
    whole = Augment()(x, SEEDS, (32, 32))
    assert whole.dtype == torch.uint8
    assert whole.shape == (6, 3, 32, 32)
    assert whole.is_contiguous(memory_format=torch.channels_last)
    for row in range(6):
        alone = Augment()(x[row : row + 1].contiguous(), SEEDS[row : row + 1], (32, 32))
        assert torch.equal(alone[0], whole[row])
    mixed = [4, 0, 3]
    assert torch.equal(Augment()(x[mixed], SEEDS[mixed], (32, 32)), whole[mixed])
    assert not torch.equal(Augment()(x, SEEDS + 1, (32, 32)), whole)


def test_mirroring_alone_is_exact_and_even():
    x = pictures(1).expand(400, -1, -1, -1)
    views = Augment(scale=(1, 1), ratio=(1, 1))(x, np.arange(400), (40, 40))
    same = (views == x).flatten(1).all(1)
    mirrored = (views == x.flip(3)).flatten(1).all(1)
    assert (same ^ mirrored).all()
    assert 160 < mirrored.sum() < 240


def test_boxes_keep_to_their_settings():
    augment = Augment(scale=(0.25, 0.5), ratio=(0.5, 2))
    boxes, _ = augment.draw(np.arange(4000), (100, 200))
    top, left, height, width = boxes.T
    assert (top >= 0).all()
    assert (left >= 0).all()
    assert (top + height <= 100).all()
    assert (left + width <= 200).all()
    area = height * width / 20_000
    assert area.min() == pytest.approx(0.25, abs=0.01)
    assert area.max() == pytest.approx(0.5, abs=0.01)
    assert area.mean() == pytest.approx(0.375, abs=0.01)
    aspect = (width / height) / 2
    assert aspect.min() == pytest.approx(0.5, abs=0.02)
    assert aspect.max() == pytest.approx(2, abs=0.08)
    assert np.log(aspect).mean() == pytest.approx(0, abs=0.02)
    boxes, _ = Augment(scale=(0.5, 1), ratio=(0.5, 2)).draw(np.arange(4000), (100, 200))
    # a box that does not fit is drawn again, not cut to fit
    assert ((boxes[:, 2] == 100) | (boxes[:, 3] == 200)).mean() < 0.05
    assert ((top + height == 100).any(), (top == 0).any()) == (True, True)


def test_the_view_is_the_box_resized():
    x = pictures(1)
    augment = Augment(flip=False)
    (top, left, height, width), *_ = augment.draw(SEEDS[:1], (40, 40))[0].tolist()
    want = torch.nn.functional.interpolate(
        x[:, :, top : top + height, left : left + width].contiguous(),
        size=(32, 32),
        mode="bilinear",
        antialias=True,
    )
    # Pillow also reads the pixels just outside of the box
    assert (augment(x, SEEDS[:1], (32, 32)).int() - want.int()).abs().float().mean() < 1


def test_colours_blurs_turns_and_squares_come_after_the_crop():
    """A crop is drawn as before; all of each is a function of its row's seed, and uint8."""
    x, plain = pictures(), Augment()(pictures(), SEEDS, (32, 32))
    for more in ({"colour": 0.5}, {"grey": 1}, {"blur": 1}, {"rotation": 20}, {"cutout": 0.2}):
        augment = Augment(**more)
        views = augment(x, SEEDS, (32, 32))
        assert views.dtype == torch.uint8
        assert views.is_contiguous(memory_format=torch.channels_last)
        assert torch.equal(augment(x[2:3].contiguous(), SEEDS[2:3], (32, 32))[0], views[2])
        assert not torch.equal(views, plain)
        assert (augment.draw(SEEDS, (40, 40))[0] == Augment().draw(SEEDS, (40, 40))[0]).all()
    grey = Augment(grey=1)(x, SEEDS, (32, 32)).float()
    luma = (plain * torch.tensor([0.2989, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True)
    assert (grey - luma).abs().max() <= 0.51
    covered = Augment(cutout=0.25)(x, SEEDS, (32, 32)) != plain
    assert covered.any(1).float().mean() == pytest.approx(0.25, abs=0.01)


def test_what_is_off_besides_crops_and_flips_is_not_among_the_settings():
    """So that records and caches from before it could be on stay valid."""
    assert set(Augment().settings()) == {"scale", "ratio", "flip"}
    assert Augment(blur=0.5).settings()["blur"] == 0.5


@pytest.mark.parametrize(
    "wrong",
    [
        {"colour": 2},
        {"cutout": 1},
        {"rotation": -1},
        {"scale": (0, 1)},
        {"scale": (0.5, 2)},
        {"ratio": (2, 1)},
    ],
)
def test_wrong_settings(wrong):
    with pytest.raises(BadInput, match=next(iter(wrong))):
        Augment(**wrong)


def test_splitmix_gives_the_published_numbers():
    # the first outputs for the state 1234567; `uniforms` mixes its seed once before that
    state, want = 1234567, [6457827717110365317, 3203168211198807973, 9817491932198370423]
    wanted = [(number >> 11) * 2.0**-53 for number in want]

    def unmix(z):
        mask = 2**64 - 1
        for shift, factor in ((31, 0x94D049BB133111EB), (27, 0xBF58476D1CE4E5B9), (30, 1)):
            inverse, move = z, shift
            while move < 64:
                inverse = z ^ (inverse >> shift)
                move += shift
            z = inverse * pow(factor, -1, 2**64) & mask
        return z

    seed = np.array([unmix(state)], dtype=np.uint64).astype(np.int64)
    assert uniforms(seed, 3)[0].tolist() == wanted


def test_uniforms_are_uniform():
    noise = uniforms(np.arange(2000), 5)
    assert noise.shape == (2000, 5)
    assert noise.mean(0) == pytest.approx(0.5, abs=0.03)
    assert noise.var(0) == pytest.approx(1 / 12, abs=0.005)
    assert np.abs(np.corrcoef(noise.T) - np.eye(5)).max() < 0.08
    assert sorted(shuffled(10, 0, "x")) == list(range(10))
    assert shuffled(10, 0, "x").tolist() != shuffled(10, 1, "x").tolist()
