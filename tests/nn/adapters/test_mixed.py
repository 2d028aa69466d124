"""Rows of several sets in one forward: answers and gradients of separate ones, or an error."""

import pytest
import torch
from tests.nn.adapters.nets import convolutions, disturb, net
from tests.nn.adapters.sets import answers, close, side_car
from torch import nn

import headstart as hs
from headstart.core import BadInput, Unknown
from headstart.nn.adapters import adapted_layers


class Texts(nn.Module):
    """Ids (n, length), padded with -1, of which only real tokens are computed, as one row of vectors."""

    def __init__(self):
        super().__init__()
        self.words, self.layer, self.norm = nn.Embedding(20, 16), nn.Linear(16, 16), nn.LayerNorm(16)

    def forward(self, ids):
        there = ids >= 0
        vectors = self.norm(self.layer(self.words(ids[there])).tanh())
        rows = there.nonzero()[:, 0]
        return torch.zeros(len(ids), 16).index_add(0, rows, vectors) / there.sum(1, keepdim=True)


def texts():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module, ids = Texts().eval(), torch.randint(20, (6, 5))
    ids[torch.arange(5)[None] > torch.tensor([4, 2, 3, 0, 4, 1])[:, None]] = -1
    return module, ids


class Padded(nn.Module):
    """Ids (n, length), padded with -1, for an encoder of torch's, which nests them without gradients."""

    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.0, batch_first=True)
        self.words, self.encoder = nn.Embedding(20, 16), nn.TransformerEncoder(layer, 2)

    def forward(self, ids):
        return self.encoder(self.words(ids.clamp(min=0)), src_key_padding_mask=ids < 0)


MIXED = {
    "linear": [hs.adapters.LoRA(rank=2), hs.adapters.Bottlenecks(size=3)],
    "convolutions": [hs.adapters.ConvAdapters(), hs.adapters.LoRA(rank=1)],
    "attention": [hs.adapters.LoRA(rank=2), hs.adapters.LoRA(rank=2, magnitude=True)],
    "encoder": [hs.adapters.LoRA(rank=2), hs.adapters.Bottlenecks(size=3), hs.adapters.IA3()],
    "texts": [hs.adapters.LoRA(rank=2), hs.adapters.LoRA(rank=2, space="weight")],
}


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
@pytest.mark.parametrize(
    "kind", [hs.adapters.LoRA(rank=2, at="*.linear1"), hs.adapters.Bottlenecks(size=3)], ids=str
)
@torch.no_grad()
def test_padded_rows_are_answered_where_torch_would_nest_them(kind):
    _, ids = texts()
    module = Padded().eval()
    before, kept = module(ids), ids >= 0
    assert (before[~kept] == 0).all()  # nested: otherwise there is nothing to test
    found = hs.Adapters(module, example=ids)
    for key in "ab":
        found.add(key, kind)
        close(answers(found, ids, key), before)
        disturb(found._sets[key], 0.2)
    rows = ["a", "b"] * 3
    wanted = torch.stack([answers(found, ids, key)[row] for row, key in enumerate(rows)])
    assert (wanted - before).abs().max() > 0.01
    close(found.mixed(ids, rows), wanted)
    assert torch.equal(module(ids), before)
    assert module.encoder.use_nested_tensor
    close(found.merge("a")(ids), answers(found, ids, "a"))


@pytest.mark.parametrize("name", MIXED)
def test_rows_of_several_sets_share_a_forward_and_learn_in_it(name):
    module, x = texts() if name == "texts" else net(name)
    x = x if name == "texts" else torch.cat([x, x.flip(0), x * 2])[:6]
    found = hs.Adapters(module, example=x)
    for key, kind in zip("abc", MIXED[name], strict=False):
        also = "norm.weight" if name == "texts" else ""
        found.add(key, kind, also=also)
        disturb(found._sets[key], 0.2)
    rows = [found.names[row * 5 % len(found.names)] for row in range(len(x))]
    wanted = torch.stack([answers(found, x[[row]], key)[0] for row, key in enumerate(rows)])
    close(found.mixed(x, rows).detach(), wanted)
    with torch.no_grad():
        close(found.mixed(x, rows), wanted)
    close(found.mixed(x, ["a"] * len(x)).detach(), answers(found, x, "a"))
    mixture = torch.randn(wanted.shape, generator=torch.Generator().manual_seed(3))
    (found.mixed(x, rows) * mixture).sum().backward()
    slopes = {key: [p.grad.clone() for p in found.parameters(key) if p.grad is not None] for key in set(rows)}
    for key in set(rows):
        for parameter in found.parameters(key):
            parameter.grad = None
        mine = [row for row, other in enumerate(rows) if other == key]
        with found.use(key) as model:
            (model(x[mine]) * mixture[mine]).sum().backward()
        alone = [parameter.grad for parameter in found.parameters(key) if parameter.grad is not None]
        assert len(alone) == len(slopes[key]) > 0
        for one, other in zip(slopes[key], alone, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-4 * other.abs().max().item())
    assert not list(adapted_layers(found.model))
    assert all("forward" not in layer.__dict__ for layer in found.model.modules())


def test_models_in_which_rows_can_not_be_told_apart_are_refused():
    layer = nn.TransformerEncoderLayer(16, 2, 32).eval()  # tokens first
    x = torch.randn(4, 2, 16)
    found = hs.Adapters(layer, example=x)
    for key in "ab":
        found.add(key, hs.adapters.LoRA(rank=2, at="linear1"))
        disturb(found._sets[key], 0.5)
    with pytest.raises(BadInput, match="does not keep its rows along the first axis"):
        found.mixed(x, ["a", "b", "b", "a"])
    same = {key: hs.adapters.LoRA(rank=2) for key in ("one", "two")}
    _, x, found = side_car("functional", **same)
    with pytest.raises(BadInput, match="layer read is not called"):
        found.mixed(x, ["one", "two", "one", "one"])
    with pytest.raises(BadInput, match="names sets for 3 rows of a batch of 4"):
        found.mixed(x, ["one", "two", "one"])
    with pytest.raises(Unknown, match="No set of adapters is called 'three'"):
        found.mixed(x, ["three"] * 4)


def test_batch_normalisations_in_training_take_the_rows_of_each_set_alone():
    """As in separate forwards: the answers, and the statistics that each set follows."""
    module, x = convolutions().eval(), torch.randn(6, 8, 9, 9)
    rows, found = ["a", "b", "a", "b", "b", "a"], []
    for _ in range(2):
        with torch.random.fork_rng():
            torch.manual_seed(0)
            found.append(hs.Adapters(module, example=x))
            for key in "ab":
                found[-1].add(key, hs.adapters.LoRA(rank=1))
                disturb(found[-1]._sets[key], 0.2)
        found[-1].model.train()
    together = found[0].mixed(x, rows)
    for key in "ab":
        mine = [row for row, other in enumerate(rows) if other == key]
        with found[1].use(key) as model:
            alone = model(x[mine])
        close(together[mine].detach(), alone.detach())
        statistics = found[0]._own[key]["1.running_mean"]
        close(statistics, found[1]._own[key]["1.running_mean"])
        assert bool(statistics.any())
        assert int(found[0]._own[key]["1.num_batches_tracked"]) == 1
    assert not torch.equal(found[0]._own["a"]["1.running_mean"], found[0]._own["b"]["1.running_mean"])
    assert not bool(dict(found[0].model.named_buffers())["1.running_mean"].any())


def test_a_batch_of_one_set_says_nothing_about_batches_of_several():
    layer = nn.TransformerEncoderLayer(16, 2, 32).eval()  # tokens first
    x = torch.randn(4, 2, 16)
    found = hs.Adapters(layer, example=x)
    for key in "ab":
        found.add(key, hs.adapters.LoRA(rank=2, at="linear1"))
        disturb(found._sets[key], 0.5)
        found.mixed(x, [key] * 4)
    with pytest.raises(BadInput, match="does not keep its rows along the first axis"):
        found.mixed(x, ["a", "b", "b", "a"])
