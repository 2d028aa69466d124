"""The folder of two encoders: both sides come back, and what is damaged or no pair is refused."""

import json

import pytest
import torch
from tests import wordy
from torch import nn

from headstart.core import BadInput, Preprocess
from headstart.models import backbone, pair, rebuild
from headstart.models.fast import fast
from headstart.models.pair_folder import pair_folder, read_logits, side_file
from headstart.models.pairs import Pair
from headstart.models.projected import projected
from headstart.models.words import WordEncoder
from headstart.session.inputs import build_backbone


@pytest.fixture
def made():
    how = {"example": torch.zeros(2, 3, 16, 16), "preprocess": Preprocess(size=(16, 16))}
    image = backbone("small-convnet-groupnorm", **how)
    text = WordEncoder.of(["a red circle", "a blue square"])
    sides = [projected(one, nn.Linear(one.width, 8, bias=False)) for one in (text, image)]
    return Pair(*sides, 14.0, True)


def test_both_sides_come_back(made, tmp_path):
    made.save(tmp_path / "clip")
    again = pair(str(tmp_path / "clip"))
    x = torch.randint(0, 255, (3, 3, 16, 16), dtype=torch.uint8)
    assert (again.scale, again.learned_scale) == (14.0, True)
    assert torch.equal(again.embed_images(x), made.embed_images(x))
    assert torch.equal(again.embed_texts(["a red square"]), made.embed_texts(["a red square"]))
    image = backbone(f"image-encoder:{tmp_path / 'clip'}")
    assert (image.kind, image.width) == ("pictures", 8)
    assert all(name.startswith("inner.encoder.inner.") for name in image.blocks)
    torch.testing.assert_close(fast(image)(x), image(x).detach(), rtol=1e-4, atol=1e-5)


def test_a_side_is_rebuilt_from_its_source(made, tmp_path):
    made.save(tmp_path)
    for name in ("image-encoder", "text-encoder"):
        one = backbone(f"{name}:{tmp_path}")
        again = rebuild(json.loads(json.dumps(one.source)), None, one.tokenizer)
        again.load_state_dict(one.state_dict())
        x = torch.zeros(1, 3, 16, 16, dtype=torch.uint8) if one.tokens is None else one.tokens(["a red"])
        assert torch.equal(again(x), one(x))
        assert one.reader == again.reader


def test_an_untrained_side_has_other_weights_everywhere(made):
    other = made.image.untrained(1)
    names = [name for name, value in made.image.named_parameters() if value.ndim > 1]
    values = dict(other.named_parameters())
    assert "inner.projection.weight" in names
    assert all(not torch.equal(values[name], dict(made.image.named_parameters())[name]) for name in names)
    same = made.image.untrained(1).state_dict()
    assert all(torch.equal(value, same[name]) for name, value in other.state_dict().items())


def test_the_model_of_a_text_backbone(tmp_path):
    text = backbone(wordy.Words(8), tokenizer=wordy.tokenizer())
    one = projected(text, nn.Linear(8, 4, bias=False))
    ids = one.tokens(["fine film", "a dull and awful film"])
    wanted = text(ids) @ one.inner.projection.weight.T
    torch.testing.assert_close(one(ids), wanted)


def test_which_folders_there_are(made, tmp_path):
    made.save(tmp_path / "run" / "model")
    assert (
        pair_folder(tmp_path / "run") == pair_folder(tmp_path / "run" / "model") == tmp_path / "run" / "model"
    )
    assert pair_folder(tmp_path) is pair_folder(3) is side_file("image-encoder:") is None
    assert side_file(f"text-encoder:{tmp_path / 'run'}") == tmp_path / "run" / "model" / "text.safetensors"
    assert side_file(str(tmp_path / "run")) is None
    with pytest.raises(BadInput, match=r"'image-encoder:.*' or 'text-encoder:"):
        backbone(str(tmp_path / "run"))
    (tmp_path / "run" / "model" / "pair.json").write_text("{}")
    with pytest.raises(BadInput, match=r"pair\.json can't be read"):
        read_logits(tmp_path / "run" / "model")
    with pytest.raises(BadInput, match="texts alone"):
        Pair(made.text).save(tmp_path)


def test_data_choose_their_side(made, tmp_path):
    from headstart.data.load import load

    made.save(tmp_path)
    texts = load((["a red", "one blue"] * 3, ["x", "y"] * 3))
    assert build_backbone(texts, str(tmp_path)).tokens is not None
    assert build_backbone(load("clipart"), str(tmp_path)).preprocess is not None
