import math

import pytest
import torch
from tests import wordy
from tests.toy import TASK, Toy
from torch import nn

import headstart as hs
from headstart.core import BadData, BadInput, Ctx, Embedded, Seeded, Task, find
from headstart.losses.contrastive.info_nce import info_nce
from headstart.nn.random_forward import is_random
from headstart.nn.views.spans import AdjacentSpans, around

SimCSE = find("simcse")
CTX = Ctx(0, 0.0, lambda x: x)
SEEDS = torch.arange(300)


def reader(special: bool = True):
    example = torch.tensor([[2, 4, 5, 3]] * 2)
    return hs.models.backbone(wordy.Words(8), example=example, tokenizer=wordy.tokenizer(special))


def test_the_loss_by_hand():
    """Cosines 1 and 0.6 of the first, 0.6 and 1 of the second, over 0.5: log(1 + exp(-0.8)) of both."""
    a = torch.tensor([[1.0, 0.0], [0.6, 0.8]])
    expected = math.log(1 + math.exp(-0.8))
    assert info_nce(3 * a, a, 0.5).item() == pytest.approx(expected)
    assert info_nce(a, a.flip(0), 0.5).item() == pytest.approx(expected + 0.8)


def test_embeddings_that_say_nothing_have_the_loss_of_chance():
    z = torch.ones(6, 4)
    found = SimCSE().loss(nn.ModuleDict(), Embedded(Seeded(z, SEEDS[:6]), (z, z)), CTX)
    assert found.total.item() == pytest.approx(SimCSE().chance_level(6)) == pytest.approx(math.log(6))


def test_two_readings_differ_by_dropout_alone():
    net = Toy().train()
    parts = SimCSE().parts(net, TASK)
    x = torch.randn(5, 8)
    a, b = SimCSE().embed(parts, Seeded(x, SEEDS[:5]), CTX)
    assert not torch.equal(a, b)
    net.eval()
    torch.testing.assert_close(*SimCSE().embed(parts, Seeded(x, SEEDS[:5]), CTX))


def test_a_backbone_without_dropout_is_refused_with_the_other_setting():
    with pytest.raises(BadInput, match="simcse:pairs=spans"):
        SimCSE().parts(Toy(norm=False), Task(outputs=2, shape=(8,)))
    with pytest.raises(BadInput, match="reads none"):
        SimCSE(pairs="spans").parts(Toy(), TASK)


def test_looking_for_dropout_changes_nothing():
    net = Toy().eval()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    state = torch.get_rng_state()
    assert is_random(net, torch.randn(4, 8, generator=torch.Generator().manual_seed(0)))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    assert not any(module.training for module in net.modules())


def test_ids_around_a_text():
    assert around(reader().tokens) == ([wordy.ID["[CLS]"]], [wordy.ID["[SEP]"]])
    assert around(reader(special=False).tokens) == ([], [])


def test_spans_are_adjacent_and_long_enough():
    """Of tokens 10 .. 21 between 2 and 3: the second span goes on where the first ends."""
    cut = AdjacentSpans([2], [3], least=4)
    ids = torch.tensor([2, *range(10, 22), 3, -1]).expand(300, -1)
    first, second = cut(ids, SEEDS)
    borders = set()
    for one, other in zip(first.tolist(), second.tolist(), strict=True):
        a, b = ([t for t in span if t >= 0] for span in (one, other))
        assert (a[0], a[-1], b[0], b[-1]) == (2, 3, 2, 3)
        assert len(a) >= 6
        assert len(b) >= 6
        inside = a[1:-1] + b[1:-1]
        assert inside == list(range(inside[0], inside[0] + len(inside)))
        borders.add((inside[0], b[1], inside[-1]))
    assert {border for _, border, _ in borders} == {14, 15, 16, 17, 18}
    assert {start for start, _, _ in borders} == {10, 11, 12, 13, 14}
    assert {end for _, _, end in borders} >= {17, 18, 19, 20, 21}


def test_a_text_that_is_too_short_is_taken_whole_twice():
    cut = AdjacentSpans([2], [3], least=4)
    ids = torch.tensor([[2, 10, 11, 12, 13, 14, 15, 16, 3], [2, *range(10, 17), 3]])
    for span in cut(ids, SEEDS[:2]):
        assert torch.equal(span, ids)
    assert not cut.long_enough(ids).any()


def test_spans_train_a_backbone_without_dropout():
    method, base = SimCSE(pairs="spans", least=3), reader()
    parts = method.parts(base, Task(outputs=2, shape=(10,)))
    batch = Seeded(base.tokens(["the film was fine and the plot was very dull"] * 4), SEEDS[:4])
    a, b = method.embed(parts, batch, CTX)
    assert a.shape == b.shape == (4, base.width)
    assert not torch.allclose(a, b)
    longer = SimCSE(pairs="spans", least=20)
    parts = longer.parts(base, Task(outputs=2, shape=(10,)))
    with pytest.raises(BadData, match="has the 40 tokens of two spans"):
        longer.embed(parts, batch, CTX)


def test_the_built_in_backbone_drops_units_in_training():
    """MiniLM computes real tokens alone, dropout included."""
    from headstart.models.minilm import Layer

    layer, x = Layer().train(), torch.randn(2, 3, 384)
    there = torch.ones(2, 1, 1, 3, dtype=torch.bool)
    assert not torch.equal(layer(x, there), layer(x, there))
    layer.eval()
    assert torch.equal(layer(x, there), layer(x, there))


@pytest.mark.parametrize(("setting", "value"), [("pairs", "both"), ("least", 0), ("temperature", 0.0)])
def test_bad_settings_are_refused(setting, value):
    with pytest.raises(BadInput, match=f"{setting} is"):
        SimCSE(**{setting: value})
