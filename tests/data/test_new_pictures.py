"""Pictures for `predict` as arrays, tensors and iterators; one picture is no list of its lines."""

import numpy as np
import pytest
import torch
from PIL import Image

import headstart as hs
from headstart.core import BadData, BadInput

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def model():
    """A model of dark and bright pictures, 32 x 32."""
    levels = np.repeat([[20], [220]], 10, 0).reshape(-1, 1, 1, 1) + RNG.integers(0, 30, (20, 32, 32, 3))
    labels = ["dark"] * 10 + ["bright"] * 10
    return hs.fit(hs.methods.RidgeProbe(), "efficientnet_lite0", (levels.astype(np.uint8), labels))


def test_pictures_of_any_sequence_are_the_same(model):
    levels = RNG.integers(0, 255, (3, 40, 48, 3), dtype=np.uint8)
    right = model.probabilities(list(levels))
    first = torch.tensor(levels).permute(0, 3, 1, 2)
    opened = map(Image.fromarray, levels)
    for same in (levels, first, list(first), torch.tensor(levels), first.numpy(), opened):
        np.testing.assert_allclose(model.probabilities(same), right, atol=1e-6)


@pytest.mark.parametrize(
    "item",
    [
        np.zeros((40, 48, 3), np.uint8),
        np.full((40, 48, 4), 255, np.uint8),
        np.zeros((40, 48), np.uint8),
        Image.new("RGB", (40, 48)),
    ],
)
def test_one_picture_has_one_answer(model, item):
    """An array (40, 48, 3) gave 40 predictions, each of one line of it."""
    np.testing.assert_allclose(model.probabilities(item), model.probabilities([item]), atol=1e-6)
    assert len(model.predict(item)) == 1


def test_bytes_of_one_picture_are_no_list_of_numbers(model):
    with pytest.raises(BadInput, match="the bytes of one"):
        model.predict(b"\xff\xd8")


def test_a_folder_is_all_pictures_in_it(model, tmp_path):
    levels = RNG.integers(0, 255, (3, 40, 48, 3), dtype=np.uint8)
    for number, picture in enumerate(levels):
        path = tmp_path / "deep" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(picture).save(path)
    (tmp_path / "notes.txt").touch()
    right = model.probabilities(list(levels))
    for given in (tmp_path, str(tmp_path)):
        np.testing.assert_allclose(model.probabilities(given), right, atol=1e-6)
    some = [Image.fromarray(levels[2]), tmp_path / "deep"]
    np.testing.assert_allclose(model.probabilities(some), right[[2, 0, 1, 2]], atol=1e-6)
    assert [name.rpartition("/")[2] for name in model.predict_table(tmp_path)["file"]] == [
        "0.png",
        "1.png",
        "2.png",
    ]
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadData, match="There are no pictures in the folder"):
        model.predict(tmp_path / "empty")
