"""Other vocabularies: rows go by the name of the token."""

import json

import pytest
import torch
from tests.models.nets import Words, flags, mixed, noise, untouched
from torch import nn

import headstart as hs
from headstart.core import BadInput, Unknown
from headstart.models.operations.report import same

OLD, NEW = ["<pad>", "cat", "dog", "the"], ["the", "<pad>", "bird", "cat", "fish"]
X = torch.tensor([[1, 2, 3], [3, 2, 0]])


def test_known_tokens_keep_their_row_wherever_they_stand():
    model = mixed(Words())
    with untouched(model):
        made, report = hs.models.new_vocabulary(model, OLD, NEW, example=X)
    rows, old = made.embed.weight, model.embed.weight
    assert rows.shape == (5, 3)
    for token in ("the", "<pad>", "cat"):
        assert same(rows[NEW.index(token)], old[OLD.index(token)])
    assert (made.embed.num_embeddings, made.embed.padding_idx) == (5, 1)
    assert flags(made) == flags(model)
    assert report.notes == ("kept by name: 3; new: 2; left out: 1",)


def test_new_rows_are_the_mean_without_padding_and_a_little_noise():
    model = Words(tied=False)
    old = model.embed.weight[1:]
    made, _ = hs.models.new_vocabulary(model, OLD, NEW, noise=0, example=X)
    assert torch.allclose(made.embed.weight[[2, 4]], old.mean(0).expand(2, 3), atol=1e-6)
    tokens = [*OLD, *map(str, range(4000))]
    many, _ = hs.models.new_vocabulary(model, OLD, tokens, noise=0.1)
    drawn = (many.embed.weight[4:] - old.mean(0)) / old.std(0, correction=0)
    assert drawn.std(0).tolist() == pytest.approx([0.1] * 3, rel=0.05)
    again, _ = hs.models.new_vocabulary(model, OLD, tokens, noise=0.1)
    assert same(many.embed.weight, again.embed.weight)
    assert not same(
        many.embed.weight, hs.models.new_vocabulary(model, OLD, tokens, noise=0.1, seed=1)[0].embed.weight
    )


def test_a_tied_output_stays_tied_with_its_bias_by_token():
    model = Words()
    made, report = hs.models.new_vocabulary(model, OLD, NEW, noise=0, example=X)
    assert made.out.weight is made.embed.weight
    assert made.out.out_features == 5
    bias = model.out.bias
    assert torch.equal(made.out.bias[[0, 1, 3]], bias[[3, 0, 1]])
    assert torch.allclose(made.out.bias[[2, 4]], bias.mean())
    assert {change.name for change in report.changes} == {"embed.weight", "out.weight", "out.bias"}
    with torch.no_grad():  # the same sentence, spelled in the new numbers
        wanted = model(torch.tensor([[3, 1]]))[..., [3, 0, 1]]
        assert torch.allclose(made(torch.tensor([[0, 3]]))[..., [0, 1, 3]], wanted, atol=1e-6)
    apart, _ = hs.models.new_vocabulary(Words(tied=False), OLD, NEW, example=X)
    assert apart.out.out_features == 4


def test_a_vocabulary_without_padding_and_what_a_model_notes_of_its_size():
    class Config:
        vocab_size = 4

    model = Words()
    model.config = Config()
    made, _ = hs.models.new_vocabulary(model, OLD, ["dog", "cow"], example=X)
    assert made.embed.padding_idx is None
    assert (made.config.vocab_size, model.config.vocab_size) == (2, 4)


def test_without_an_example_it_is_said_that_nothing_was_run():
    _, report = hs.models.new_vocabulary(Words(), OLD, NEW)
    assert "not run: there was no example" in report.notes


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(4, 6, padding_idx=0)
        self.body, self.head = nn.Linear(6, 5), nn.Linear(5, 2)

    def forward(self, x):
        return self.head(self.body(self.embed(x).mean(1)).relu())


def test_a_backbone_is_rebuilt_with_its_rows_and_its_padding():
    base = hs.models.backbone(Reader(), example=X)
    made, _ = hs.models.new_vocabulary(base, OLD, NEW)
    again = hs.models.rebuild(json.loads(json.dumps(made.source)), Reader())
    assert again.inner.embed.padding_idx == 1
    assert again.source == made.source
    again.load_state_dict(made.state_dict())
    with torch.no_grad():
        assert torch.equal(again.eval()(X + 1), made.eval()(X + 1))


@pytest.mark.parametrize(
    ("model", "old", "new", "settings", "kind", "text"),
    [
        (Words(), OLD, ["cat", "cat"], {}, BadInput, "named twice"),
        (Words(), OLD, [], {}, BadInput, "No token"),
        (Words(), OLD, ["cow"], {}, BadInput, "nothing is kept"),
        (Words(), OLD[:3], NEW, {}, BadInput, r"embed \(4 rows\)"),
        (Words(), OLD[:3], NEW, {"layer": "embed"}, BadInput, "has 4 rows, but 3 old tokens"),
        (Words(), OLD, NEW, {"layer": "embde"}, Unknown, "Did you mean 'embed'"),
        (Words(), OLD, NEW, {"noise": -1}, BadInput, "noise is -1"),
        (nn.Sequential(nn.Linear(2, 2)), OLD, NEW, {"example": noise(2, 2)}, BadInput, "there is: none"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_refused_touches_nothing(model, old, new, settings, kind, text):
    with untouched(model), pytest.raises(kind, match=text):
        hs.models.new_vocabulary(model, old, new, **{"example": X, **settings})
