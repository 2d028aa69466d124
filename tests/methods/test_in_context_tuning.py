"""Fine-tuning an in-context network on the rows of one table."""

import pytest
import torch
from tests.methods.grown import opened_again

import headstart as hs
from headstart.core import BadInput
from headstart.methods.outputs.in_context.in_context import InContext
from headstart.nn.in_context.cells import Scale
from headstart.nn.in_context.encoder import TAGS
from headstart.nn.in_context.network import ABSENT
from headstart.nn.in_context.pretrained import pretrained_network
from headstart.nn.in_context.tuning import fine_tune, split_loss

ROWS = 24


def head_of(labels=None, **settings):
    """A head of rows whose class is that of the first column, or of other labels."""
    x = torch.randn(ROWS, 2, generator=torch.Generator().manual_seed(0))
    y = (x[:, 0] > 0).long() if labels is None else labels
    outputs = y.shape[1] if y.is_floating_point() else 2
    return InContext(members=1, **settings).head(x, y, outputs, ())


def test_without_steps_the_weights_are_those_that_come_with_headstart():
    """Bit for bit, whatever the learning rate."""
    plain, other = head_of(), head_of(steps=0, lr=1.0)
    given = pretrained_network().state_dict()
    for head in (plain, other):
        assert all(torch.equal(value, given[name]) for name, value in head.network.state_dict().items())
    with torch.no_grad():
        assert torch.equal(plain(plain.rows), other(plain.rows))


def test_the_same_steps_give_the_same_bytes_and_draw_from_no_global_generator():
    before = torch.get_rng_state()
    torch.manual_seed(1)
    one = head_of(steps=2)
    torch.set_rng_state(before)
    two = head_of(steps=2)
    other = head_of(steps=3)
    for name, value in one.network.state_dict().items():
        assert torch.equal(value, two.network.state_dict()[name]), name
    assert not torch.equal(one.network.encoder.cell.weight, other.network.encoder.cell.weight)
    assert all(value.grad is None for value in one.parameters())
    assert torch.equal(one.rows, two.rows)


def test_rows_are_split_anew_in_each_step_and_for_each_seed():
    head = head_of(torch.arange(ROWS) % 2)
    with torch.no_grad():
        losses = [split_loss(head, seed, step).item() for seed, step in ((0, 0), (0, 1), (1, 0), (0, 0))]
    assert len(set(losses)) == 3
    assert losses[0] == losses[3]


def test_the_loss_of_a_step_by_hand(monkeypatch):
    """Rows and classes in their order: the first 18 of 24 rows are shown, the mean is over the others."""
    head = head_of(torch.arange(ROWS) % 2)
    monkeypatch.setattr(
        "headstart.nn.in_context.tuning.orders",
        lambda seed, count: torch.arange(count)[None].repeat(len(seed), 1),
    )
    monkeypatch.setattr(
        "headstart.nn.in_context.tuning.normals", lambda seed, count: torch.zeros(len(seed), count)
    )
    scale = Scale.of(head.rows[None, :18], head.coded, head.network.sizes.codes)
    with torch.no_grad():
        out = head.network(scale.cells(head.rows[None]), torch.zeros(1, 2, TAGS), head.labels[None, :18])[0]
        found = split_loss(head, 0, 0)
    assert (out[:, 2:] == ABSENT).all()
    said = out[:, :2].log_softmax(1)[torch.arange(6), torch.arange(18, ROWS) % 2]
    assert found.item() == pytest.approx(-said.mean().item(), abs=1e-5)


def test_it_learns_to_read_the_table():
    """Which signs are unequal: a pattern that the network finds hard."""
    x = torch.randn(ROWS, 2, generator=torch.Generator().manual_seed(0))
    head = head_of(((x[:, 0] > 0) ^ (x[:, 1] > 0)).long())

    def loss():
        with torch.no_grad():
            return sum(split_loss(head, 5, step).item() for step in range(8)) / 8

    before = loss()
    fine_tune(head, steps=12, lr=0.0003)
    assert loss() < before - 0.05


def test_numbers_and_a_single_row():
    numbers = torch.randn(ROWS, 2, generator=torch.Generator().manual_seed(1))
    head = head_of(numbers, steps=2)
    assert not torch.equal(head.network.answers.bins.weight, pretrained_network().answers.bins.weight)
    alone = InContext(steps=3).head(torch.zeros(1, 2), torch.zeros(1).long(), 2, ())
    assert torch.equal(alone.network.encoder.cell.weight, pretrained_network().encoder.cell.weight)


def test_it_is_fine_tuned_by_its_name_and_settings():
    rows = {"a": list(range(30)), "label": ["low"] * 15 + ["high"] * 15}
    model = hs.fit("in-context:steps=2", "table", hs.data.load(rows))
    plain = hs.fit("in-context", "table", hs.data.load(rows))
    assert model.predict([{"a": 3}])[0].probability != plain.predict([{"a": 3}])[0].probability


def test_what_was_learned_is_saved_and_opened(tmp_path):
    model, again, file = opened_again(InContext(members=1, steps=1), tmp_path)
    learned = model.model.head.network.state_dict()
    assert not torch.equal(learned["encoder.cell.weight"], pretrained_network().encoder.cell.weight)
    assert torch.equal(again.model.head.network.encoder.cell.weight, learned["encoder.cell.weight"])
    assert [one.probability for one in again.predict(str(file))] == [
        one.probability for one in model.predict(str(file))
    ]


def test_settings_are_checked():
    for wrong, said in (({"steps": -1}, "steps is -1"), ({"lr": 0.0}, "lr is 0.0")):
        with pytest.raises(BadInput, match=said):
            InContext(**wrong)
