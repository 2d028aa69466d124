"""Half-frozen models of texts: what frozen blocks give for each token is recorded and serves as well."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests import wordy

import headstart as hs
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.models import backbone
from headstart.run.recipe import Recipe
from headstart.run.token_records import gives_vectors, of_length, output_and_ids, with_mask
from headstart.session import activation_caches
from headstart.session.session import Session
from headstart.studies.adapt.plan import PROBES
from headstart.studies.adapt.planner import recording

TEXTS, LABELS = wordy.reviews(30)
DATA = hs.data.load((TEXTS, LABELS))
ROWS = np.arange(len(DATA))
RECIPE = Recipe(steps=12, batch=8, seed=1, lr=3e-3)


def own():
    return backbone(wordy.Words().eval(), tokenizer=wordy.tokenizer())


def bert():
    transformers = pytest.importorskip("transformers")
    sizes = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 24}
    config = transformers.BertConfig(vocab_size=len(wordy.WORDS), max_position_embeddings=40, **sizes)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = transformers.BertModel(config, add_pooling_layer=False).eval()
    return backbone(model, tokenizer=wordy.tokenizer())


def minilm():
    return backbone("minilm", weights="random")


def test_a_record_by_hand():
    """Two texts of two tokens and one, with what padding gave."""
    ids, output = torch.tensor([[5, 7], [6, -1]]), torch.tensor([[[1.0], [2]], [[3], [9]]])
    record = with_mask(output, ids)
    assert record.tolist() == [[[1, 0], [2, 0]], [[3, 0], [0, -1]]]
    longer = of_length(record, 4)
    assert longer.shape == (2, 4, 2)
    assert longer[0].tolist() == [[1, 0], [2, 0], [0, -1], [0, -1]]
    vectors, stand_in = output_and_ids(longer)
    assert vectors.tolist() == [[[1], [2]], [[3], [0]]]
    assert stand_in.tolist() == [[0, 0], [0, -1]]
    assert output_and_ids(longer[1:])[1].tolist() == [[0]]


def test_only_vectors_of_tokens_are_recorded_so():
    ids, numbers = torch.zeros(2, 5, dtype=torch.int64), torch.zeros(2, 5)
    vectors = ((1, 5, 3), torch.float32)
    assert gives_vectors(vectors, ids)
    assert not gives_vectors(vectors, numbers)
    assert not gives_vectors(((1, 3), torch.float32), ids)
    with pytest.raises(ValueError, match=r"\(5, 1, 3\) for 5 tokens"):
        gives_vectors(((5, 1, 3), torch.float32), ids)


@pytest.mark.parametrize(("make", "boundary"), [(own, "table"), (bert, "layer.1"), (minilm, "layer.4")])
@pytest.mark.slow
def test_training_on_what_was_recorded_is_training(make, boundary, tmp_path):
    method, base = FineTune(last=1), make()
    recorded = Session(base, DATA, cache=tmp_path).fit(method, ROWS, RECIPE)
    plain = Session(base, DATA).fit(method, ROWS, RECIPE)
    assert recorded.notes == plain.notes == []
    assert recorded.replay.tokens
    assert recorded.replay.boundary.endswith(boundary)
    np.testing.assert_allclose(recorded.curve, plain.curve, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(recorded.logits(ROWS), plain.logits(ROWS), rtol=1e-4, atol=1e-4)
    untuned = Session(base, DATA).fit(method, ROWS, Recipe(steps=1, batch=8, seed=1, lr=1e-6))
    assert (recorded.logits(ROWS) - untuned.logits(ROWS)).abs().max() > 1e-3  # so that this means something
    longest = max(len(ids) for ids in base.tokens.ids(TEXTS)[0])
    (file,) = tmp_path.glob("*.bin")
    assert file.stat().st_size == 4 * len(DATA) * longest * (base.width + 1)


def test_a_record_serves_whoever_comes_next(tmp_path):
    first = Session(own(), DATA, cache=tmp_path).fit(FineTune(last=1), ROWS, RECIPE)
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    again = Session(own(), DATA, cache=tmp_path).fit(FineTune(last=1), ROWS[::2], RECIPE)
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before
    assert again.logits(ROWS).shape == first.logits(ROWS).shape


def test_what_would_be_too_large_is_computed_anew(tmp_path, monkeypatch):
    session, plan = Session(own(), DATA, cache=tmp_path), replace(PROBES, last=1, rate=10.0)
    assert session.caches.partly
    assert recording(session, plan, 0.1) == pytest.approx(1.5 * 0.1 * len(DATA))  # texts have one view
    monkeypatch.setattr(activation_caches, "LARGEST", 1000)
    assert not session.caches.partly
    assert recording(session, plan, 0.1) == 0
    fitted = session.fit(FineTune(last=1), ROWS, RECIPE)
    assert fitted.replay is None
    assert not list(tmp_path.glob("*.bin"))
    session.fit(hs.methods.RidgeProbe(), ROWS, RECIPE)
    assert len(list(tmp_path.glob("*.bin"))) == 1  # features are small
