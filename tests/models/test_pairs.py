"""Pairs of encoders: what transformers gives for CLIP and SigLIP folders, and encoders of texts alone."""

import json

import pytest
import torch
from tests import clips, wordy
from tests.rounding import rounding
from torch import nn
from torch.nn.functional import normalize

from headstart.core import BadInput
from headstart.data.load import load
from headstart.models import backbone, pair, rebuild
from headstart.models.pair_tower import table_of, tower_of
from headstart.models.pairs import Pair
from headstart.models.projected import projected
from headstart.session.inputs import build_backbone

CLASSES = {"red": ("red circle",), "blue": ("blue square", "square")}
TEMPLATES = ("a photo of a {}.", "a drawing of the {}.")


def words(width=32):
    return pair(backbone(wordy.Words(width), tokenizer=wordy.tokenizer()))


def test_an_encoder_of_texts_alone():
    made = words()
    assert (made.image, made.scale, made.learned_scale) == (None, 20.0, False)
    found = made.embed_texts(["a fine film", "dull"])
    with torch.no_grad():
        wanted = torch.cat([made.text(made.text.tokens([text])) for text in ("a fine film", "dull")])
    assert torch.allclose(found, normalize(wanted), atol=rounding(32))
    assert made.truncated(["fine", "film " * 600]) == ["film " * 600]
    assert made.embed_texts([]).shape == (0, 32)
    with pytest.raises(BadInput, match=r"one text, 'fine'\. Give a list: \['fine'\]"):
        made.embed_texts("fine")
    with pytest.raises(BadInput, match="hold 3, which is no text"):
        made.embed_texts(["fine", 3])
    with pytest.raises(BadInput, match="texts alone"):
        made.embed_images(torch.zeros(1, 3, 8, 8))


def test_a_classifier_of_one_template_is_that_template():
    made = words()
    classes = {"good": ("fine",), "bad": ("awful", "dull")}
    (good, bad) = made.embed_classes(classes, "the film was {}")
    assert (len(good), len(bad)) == (1, 2)
    alone = made.classifier(classes, ["the film was {}"])
    assert torch.allclose(alone[0], good[0], atol=rounding(32))
    assert torch.allclose(alone[1], normalize(bad.mean(0), dim=0), atol=rounding(32))
    both = made.classifier(classes, ["the film was {}", "very {}"])
    assert not torch.allclose(both, alone, atol=1e-3)


def test_what_is_no_pair():
    with pytest.raises(BadInput, match="reads no texts"):
        pair(backbone(torch.nn.Linear(3, 2), head=None))
    text = backbone(wordy.Words(), tokenizer=wordy.tokenizer())
    with pytest.raises(BadInput, match="reads no pictures"):
        pair(text, torch.nn.Linear(3, 2))
    with pytest.raises(BadInput, match="scale is 0"):
        pair(text, scale=0)
    from headstart.core import Preprocess

    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 5))
    seen = backbone(net, example=torch.randn(2, 3, 2, 2), preprocess=Preprocess(size=(2, 2)), head=None)
    with pytest.raises(BadInput, match=r"32 numbers and .* of 5"):
        pair(text, seen)


@pytest.fixture(scope="module", params=["clip", "siglip"])
def folder(request, tmp_path_factory):
    path = tmp_path_factory.mktemp(request.param)
    return path, *clips.save(path, request.param)


@pytest.mark.slow
def test_both_encoders_are_what_transformers_gives(folder):
    path, model, reader = folder
    made = pair(str(path))
    assert isinstance(made, Pair)
    assert made.learned_scale
    assert made.scale == pytest.approx(float(model.logit_scale.detach().exp()))
    texts = ["a red circle.", "one", "the blue square, " * 6]
    filled = reader(texts, padding="max_length", max_length=16, truncation=True, return_tensors="pt")
    mask = {"attention_mask": filled["attention_mask"]} if model.config.model_type == "clip" else {}
    x = torch.randn(2, 3, clips.SIZE, clips.SIZE)
    with torch.no_grad():
        wanted = model.get_text_features(input_ids=filled["input_ids"], **mask).pooler_output
        seen = model.get_image_features(pixel_values=x).pooler_output
        words, pictures = made.text(made.text.tokens(texts)), made.image(x)
    assert torch.allclose(words, wanted, atol=rounding(32, wanted.abs().max(), 30))
    assert torch.allclose(pictures, seen, atol=rounding(32, seen.abs().max(), 30))
    assert torch.allclose(made.embed_texts(texts), normalize(wanted), atol=rounding(32, 1, 30))
    assert torch.allclose(made.embed_images(x), normalize(seen), atol=rounding(32, 1, 30))
    assert made.truncated(texts) == texts[2:]
    again = rebuild(json.loads(json.dumps(made.text.source)), None, made.text.tokenizer)
    again.load_state_dict(made.text.state_dict())
    with torch.no_grad():
        assert torch.equal(again(made.text.tokens(texts)), words)
        blocks = made.text.features(made.text.tokens(texts[:2]))
    assert all(len(each) == 2 for each in blocks.values())


@pytest.mark.slow
def test_a_folder_of_both_as_a_backbone(folder, tmp_path):
    path, *_ = folder
    with pytest.raises(BadInput, match=r"'image-encoder:.*' or 'text-encoder:"):
        backbone(str(path))
    with pytest.raises(BadInput, match="of its own"):
        pair(str(path), "efficientnet_lite0")
    texts = load((["a red", "one blue"] * 3, ["x", "y"] * 3))
    assert build_backbone(texts, str(path)).tokens is not None
    with pytest.raises(BadInput, match="no folder with a model of pictures and texts"):
        backbone(f"text-encoder:{tmp_path}")


def test_the_vectors_of_an_encoder_with_a_table_stand_where_their_tokens_do():
    """Ids with the vectors of other words are those words; gradients reach the vectors."""
    encoder = projected(backbone(wordy.Words(8), tokenizer=wordy.tokenizer()), nn.Linear(8, 4, bias=False))
    tower = tower_of(encoder, 5.0)
    assert tower.scale == 5
    assert tower.table.num_embeddings == len(wordy.WORDS)
    prompts = tower.prompts("the very {}.", ["fine", "dull film"])
    assert (prompts.context.start, prompts.context.stop) == (1, 3)
    assert torch.equal(tower.encode(prompts.ids, prompts.vectors), encoder(prompts.ids))
    others = encoder.tokens(["this was fine.", "this was dull film."])
    vectors = tower.vectors(others).requires_grad_()
    found = tower.encode(prompts.ids, vectors)
    assert torch.allclose(found, encoder(others), atol=rounding(32, 1, 30))
    found.sum().backward()
    assert vectors.grad[:, 1:3].abs().sum() > 0
    with pytest.raises(BadInput, match="no table with a vector of each of its 26 tokens"):
        table_of(nn.Linear(2, 2), encoder.tokens)
