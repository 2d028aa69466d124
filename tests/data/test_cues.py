"""Cues: what is kept is kept to the pixel, and what is lost is gone."""

import numpy as np
import pytest

from headstart.core import BadInput, Unknown
from headstart.data.cues import COLOURS, CUES, amplitudes_of, tagged, tint_of

PICTURE = np.random.default_rng(0).integers(0, 256, (16, 20, 3)).astype(np.uint8)
DRAW = np.random.default_rng(0)


def square(side=16, colour=(200, 40, 40), ground=(10, 10, 10)):
    picture = np.full((side, side, 3), ground, dtype=np.uint8)
    picture[4:12, 4:12] = colour
    return picture


@pytest.mark.parametrize("name", sorted(CUES))
def test_every_cue_keeps_size_and_the_callers_picture(name):
    before = PICTURE.copy()
    found = CUES[name].change(PICTURE, np.random.default_rng(1))
    assert found.dtype == np.uint8
    assert found.shape == PICTURE.shape
    assert np.array_equal(PICTURE, before)
    assert not np.array_equal(found, PICTURE)
    assert np.array_equal(found, CUES[name].change(PICTURE, np.random.default_rng(1)))


def test_grey_by_hand():
    found = CUES["grey"].change(np.full((2, 2, 3), (100, 200, 50), np.uint8), DRAW)
    assert found[0, 0].tolist() == [153, 153, 153]  # 29.9 + 117.4 + 5.7


def test_a_silhouette_is_the_figure_in_black_whatever_its_colours():
    for colour, ground in (((200, 40, 40), (10, 10, 10)), ((20, 20, 60), (240, 240, 200))):
        found = CUES["silhouette"].change(square(colour=colour, ground=ground), DRAW)
        expected = np.full((16, 16, 3), 255)
        expected[4:12, 4:12] = 0
        assert np.array_equal(found, expected)


def test_edges_are_where_the_light_changes_alone():
    found = CUES["edges"].change(square(), DRAW)
    assert (found[6:10, 6:10] == 255).all()
    assert (found[:3] == 255).all()
    assert found[7, 4, 0] < 100
    assert (CUES["edges"].change(np.full((5, 5, 3), 9, np.uint8), DRAW) == 255).all()


def test_shuffled_patches_are_all_there_elsewhere():
    picture = np.arange(16 * 16, dtype=np.uint8).reshape(16, 16, 1).repeat(3, 2)
    found = CUES["shuffled patches"].change(picture, np.random.default_rng(3))
    assert sorted(found.ravel()) == sorted(picture.ravel())

    def patches(one):
        return {one[r : r + 4, c : c + 4].tobytes() for r in range(0, 16, 4) for c in range(0, 16, 4)}

    assert patches(found) == patches(picture)
    tiny = np.zeros((3, 3, 3), np.uint8)
    assert np.array_equal(CUES["shuffled patches"].change(tiny, DRAW), tiny)


def test_the_middle_and_the_border_are_complementary():
    inside = CUES["middle hidden"].change(PICTURE, DRAW) == PICTURE
    outside = CUES["border hidden"].change(PICTURE, DRAW) == PICTURE
    kept = inside.all(2).mean(), outside.all(2).mean()
    assert kept[0] + kept[1] == pytest.approx(1, abs=0.02)
    assert kept[1] == pytest.approx(0.5, abs=0.1)
    assert outside[8, 10].all()
    assert inside[0, 0].all()


def test_a_tag_is_in_the_corner_and_nowhere_else():
    found = tagged("red")(PICTURE, DRAW)
    assert (found[:2, :2] == COLOURS["red"]).all()
    assert np.array_equal(found[2:], PICTURE[2:])
    assert np.array_equal(found[:, 2:], PICTURE[:, 2:])
    with pytest.raises(Unknown, match=r"'rod'\. Did you mean 'red'"):
        tagged("rod")


def test_amplitudes_of_itself_are_the_picture_and_of_another_its_colours():
    assert np.array_equal(amplitudes_of(PICTURE, PICTURE), PICTURE)
    dim = np.random.default_rng(1).integers(80, 120, (16, 16, 3))
    shape, texture = square(colour=(120, 120, 120), ground=(60, 60, 60)), dim.astype(np.uint8)
    mixed = amplitudes_of(shape, texture)
    np.testing.assert_allclose(mixed.mean((0, 1)), texture.mean((0, 1)), atol=0.6)  # the mean is an amplitude
    phases = [np.angle(np.fft.fft2(one[:, :, 0].astype(float)))[0, 1] for one in (mixed, shape)]
    assert phases[0] == pytest.approx(phases[1], abs=0.1)
    with pytest.raises(BadInput, match="one size"):
        amplitudes_of(PICTURE, shape)


def test_a_tint_by_hand():
    """The mean colour (200, 100, 0) has the light 118.5; a grey of 59.25 becomes half of it."""
    grey = np.full((2, 2, 3), 59, np.uint8)
    other = np.full((5, 3, 3), (200, 100, 0), np.uint8)
    assert tint_of(grey, other)[0, 0].tolist() == [round(59 * 200 / 118.5), round(59 * 100 / 118.5), 0]
    assert np.array_equal(tint_of(grey, other // 2)[0, 0], tint_of(grey, other)[0, 0])
    assert np.array_equal(tint_of(grey, np.zeros((2, 2, 3), np.uint8)), grey)
