"""Several tunings from one start, averaged: rates and mean by hand; one of them is LP-FT."""

from dataclasses import replace

import pytest
import torch
from tests.methods.ways import PLAIN, of, same, tuned
from tests.toy import Toy

from headstart.core import BadInput, Task
from headstart.methods.mapping.finetuning.lpft import LPFT
from headstart.methods.mapping.finetuning.soup import Soup
from headstart.methods.outputs.probing.logistic_probe import LogisticProbe
from headstart.nn.heads import LinearHead


def head():
    return LinearHead.of(torch.linspace(-1, 1, 48).reshape(3, 16), torch.tensor([0.5, 0.0, -0.5]))


def test_the_rates_of_the_members_by_hand():
    found = [[round(on.lr, 9) for on in move.on] for move in Soup(ratio=4.0, backbone_lr=0.5).moves()]
    assert found == [[0.25, 0.125], [1.0, 0.5], [4.0, 2.0]]
    assert [[on.lr for on in move.on] for move in Soup(members=2, ratio=4.0, backbone_lr=1.0).moves()] == [
        [0.5, 0.5],
        [2.0, 2.0],
    ]


def test_the_mean_by_hand():
    """Of 1, 2 and 6; statistics too."""
    method = Soup()
    parts = method.parts(Toy(), Task(3, (8,)))
    with torch.no_grad():
        for n, value in enumerate((1.0, 2.0, 6.0)):
            for tensor in (*parts[f"backbone{n}"].state_dict().values(), *parts[f"head{n}"].parameters()):
                if tensor.is_floating_point():
                    tensor.fill_(value)
    model = method.predictor(parts)
    for name, value in model.state_dict().items():
        if value.is_floating_point():
            torch.testing.assert_close(value, torch.full_like(value, 3.0), msg=name)
    assert parts["backbone0"].body[0].weight[0, 0] == 1  # the members stay


def test_members_begin_alike_and_end_apart_each_as_lp_ft_at_its_rate():
    run = tuned(Soup(ratio=2.0), Toy(), head())
    for n, factor in enumerate((0.5, 1.0, 2.0)):
        alone = tuned(LPFT(), Toy(), head(), replace(PLAIN, lr=PLAIN.lr * factor))
        for part in ("backbone", "head"):
            mine = run.parts[f"{part}{n}"].state_dict()
            for name, value in alone.parts[part].state_dict().items():
                torch.testing.assert_close(mine[name], value, rtol=1e-5, atol=1e-7, msg=f"{n} {name}")
    assert not torch.equal(run.parts["head0"].weight, run.parts["head1"].weight)


@pytest.mark.parametrize("settings", [{"members": 1}, {"ratio": 1.0}])
@pytest.mark.parametrize("norm", ["frozen", "train"])
def test_one_member_or_equal_ones_are_lp_ft(settings, norm):
    soup, alone = tuned(Soup(norm=norm, **settings), Toy(), head()), tuned(LPFT(norm=norm), Toy(), head())
    assert same(of(soup, "head0"), {f"head0.{n}": v for n, v in alone.parts["head"].state_dict().items()})
    expected = LPFT().predictor(alone.parts).state_dict()
    assert same(Soup(**settings).predictor(soup.parts).state_dict(), expected)
    assert not same(Soup().predictor(tuned(Soup(norm=norm), Toy(), head()).parts).state_dict(), expected)


def test_without_a_probe_before_it_all_members_have_one_new_head():
    parts = Soup().parts(Toy(), Task(3, (8,)))
    assert torch.equal(parts["head0"].weight, parts["head2"].weight)


def test_its_stages_are_the_probe_and_itself():
    assert Soup(penalty=0.5).stages() == (LogisticProbe(penalty=0.5), Soup(penalty=0.5))


@pytest.mark.parametrize(("name", "value"), [("members", 0), ("ratio", 0.5)])
def test_a_bad_setting_is_named(name, value):
    with pytest.raises(BadInput, match=f"soup: {name} is {value}; it must be >= 1"):
        Soup(**{name: value})
