"""Cloze classifiers of transformers' masked language models answer as these do, and are ordinary models."""

import json

import pytest
import torch
from tests import wordy
from tests.models import masked_models

import headstart as hs
from headstart.core import BadInput
from headstart.models import cloze, rebuild

pytestmark = pytest.mark.slow  # importing transformers takes seconds
WORDS = {"good": ("fine", "great"), "bad": "awful"}
PATTERN = "Review: {} It was [MASK]."
TEXTS = ["the film is dull", "a very fine scene and a plot"]


@pytest.mark.parametrize("kind", ["Bert", "Roberta", "DistilBert", "ModernBert"])
def test_it_answers_as_the_language_model_does(kind, tmp_path):
    net, reader, mask = masked_models.model(kind)
    net.save_pretrained(tmp_path)
    reader.save_pretrained(tmp_path)
    model = cloze(str(tmp_path), WORDS, PATTERN)
    ids = model.backbone.tokens(TEXTS)
    behind = " " if kind == "Roberta" else ""
    word = {w: reader(behind + w, add_special_tokens=False)["input_ids"] for w in ("fine", "great", "awful")}
    for row, text in enumerate(TEXTS):  # transformers' own way, one at a time
        own = reader(PATTERN.replace("{}", text).replace("[MASK]", mask), return_tensors="pt")["input_ids"]
        assert ids[row][ids[row] >= 0].tolist() == own[0].tolist()
        with torch.no_grad():
            logits = net(input_ids=own).logits[own == reader.mask_token_id][0]
            found = model(ids)[row]
        wanted = torch.stack(
            [(logits[word["fine"]] + logits[word["great"]]).squeeze() / 2, *logits[word["awful"]]]
        )
        assert torch.allclose(found, wanted, atol=1e-5)
    again = rebuild(json.loads(json.dumps(model.backbone.source)), None, model.backbone.tokenizer)
    again.load_state_dict(model.backbone.state_dict())
    with torch.no_grad():
        assert torch.equal(again(ids), model.backbone(ids))
    assert len([name for name in model.backbone.blocks if name[-1].isdigit()]) == 2


@pytest.fixture(scope="module")
def model():
    net, reader, _ = masked_models.model()
    return cloze(net, {"good": "great", "bad": "awful"}, "{} It was [MASK].", tokenizer=reader)


def test_training_begins_where_the_words_are(model):
    """One step of next to no length: the answers are still the words', in any order of labels."""
    texts, labels = wordy.reviews(4)
    ids = model.backbone.tokens(TEXTS)
    with torch.no_grad():
        wanted = model(ids).softmax(1)
    for method in ("fine-tune", "lora", "bitfit"):
        fitted = hs.fit(method, model, (texts, labels), hs.Recipe(steps=1, lr=1e-12))
        assert fitted.classes == ("bad", "good")
        with torch.no_grad():
            found = fitted.model(ids).softmax(1).flip(1)
        assert torch.allclose(found, wanted, atol=1e-5), method


def test_it_is_saved_and_opened(model, tmp_path):
    hs.Predictor(model, model.classes, None).save(tmp_path / "zero")
    opened = hs.open(tmp_path / "zero")
    assert opened.classes == ("good", "bad")
    with torch.no_grad():
        ids = model.backbone.tokens(TEXTS)
        assert torch.equal(opened.model(opened.tokens(TEXTS)), model(ids))


def test_what_has_no_head_of_a_language_model_is_refused(tmp_path):
    net, reader, _ = masked_models.model()
    net.bert.save_pretrained(tmp_path)
    reader.save_pretrained(tmp_path)
    with pytest.raises(BadInput, match=r"no head of a masked language model: cls.*kinds: BERT, RoBERTa"):
        cloze(str(tmp_path), WORDS)
    import transformers

    config = transformers.GPT2Config(n_embd=8, n_layer=1, n_head=1, vocab_size=len(reader))
    transformers.GPT2Model(config).save_pretrained(tmp_path / "gpt")
    with pytest.raises(BadInput, match="of the kind gpt2, which fills no masks"):
        cloze(str(tmp_path / "gpt"), WORDS)
