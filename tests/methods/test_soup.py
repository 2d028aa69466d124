"""Several tunings from one start, averaged: rates and mean by hand; one of them is LP-FT."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.methods.ways import PLAIN, Same, of, points, same, tuned
from tests.toy import Toy

import headstart as hs
from headstart.core import BadInput, Task
from headstart.core.linear_head import LinearHead
from headstart.methods.mapping.finetuning.lpft import LPFT
from headstart.methods.mapping.finetuning.soup import Soup
from headstart.methods.outputs.probing.logistic_probe import LogisticProbe


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


def filled(method, values):
    """The parts of a soup of which each member has one value everywhere."""
    parts = method.parts(Toy(norm=False), Task(3, (8,)))
    with torch.no_grad():
        for n, value in enumerate(values):
            for tensor in (*parts[f"backbone{n}"].parameters(), *parts[f"head{n}"].parameters()):
                tensor.fill_(value)
    return parts


def near(goal):
    """A judge for whom models are the better the nearer their values are to a goal."""
    return lambda model: -abs(float(model.head.weight.detach()[0, 0]) - goal)


@pytest.mark.parametrize(
    ("values", "goal", "kept", "mean"),
    [
        ((1.0, 2.0, 6.0), 2.4, [1], 2.0),  # 2 alone: 0.4 off; with 1: 0.9; with 6: 1.6
        ((1.0, 2.0, 6.0), 3.0, [1, 2], 4.0),  # 2 alone: 1 off; with 1: 1.5; with 6: 1, which is no worse
        ((1.0, 2.0, 6.0), 4.1, [1, 2], 4.0),  # 6: 1.9 off; with 2: 0.1; with 1 as well: 1.1
        ((4.0, 0.0, 8.0), 4.5, [0], 4.0),  # 4: 0.5 off; with 8: 1.5; with 0: 2.5
    ],
)
def test_the_greedy_choice_by_hand(values, goal, kept, mean):
    method = Soup(validation=0.25)
    parts = filled(method, values)
    said = method.select_on_holdout(parts, near(goal))
    assert said == f"{len(kept)} of 3 members are in the average."
    assert parts["kept"].flags.nonzero().flatten().tolist() == kept
    assert float(method.predictor(parts).head.weight.detach()[0, 0]) == mean


def test_of_equal_members_the_one_at_the_rate_of_the_recipe_comes_first():
    method, asked = Soup(validation=0.25), []

    def judge(model):
        asked.append(float(model.head.weight.detach()[0, 0]))
        return -float(len(asked) > 3)  # all alike alone, every average is worse

    parts = filled(method, (1.0, 2.0, 6.0))
    method.select_on_holdout(parts, judge)
    assert asked == [1, 2, 6, 1.5, 4]
    assert parts["kept"].flags.tolist() == [False, True, False]


def test_before_the_choice_and_with_all_kept_it_is_the_uniform_soup():
    uniform, greedy = tuned(Soup(), Toy(), head()), tuned(Soup(validation=0.25), Toy(), head())
    expected = Soup().predictor(uniform.parts).state_dict()
    assert same(Soup(validation=0.25).predictor(greedy.parts).state_dict(), expected)
    Soup(validation=0.25).select_on_holdout(greedy.parts, lambda model: 0.0)
    assert same(Soup(validation=0.25).predictor(greedy.parts).state_dict(), expected)


X, Y = points(60, 6, 3, seed=1, spread=2.0)
SHORT = hs.Recipe(steps=6, batch=12, lr=0.05)


def session(x=X, groups=None, metric=""):
    from headstart.session.session import Session

    data = hs.data.load((x.numpy(), np.array(["a", "b", "c"])[Y.numpy()]), groups=groups)
    return Session(hs.models.backbone(Same(6), example=X[:2]), data, metric=metric)


def test_the_rows_that_choose_are_not_learned_from():
    """Other samples in their place change the choice, and no tensor of a member."""
    from headstart.session.fitted import split_holdout

    given = session()
    rows = np.arange(4, 60)
    learn, held = split_holdout(Soup(validation=0.25), given.data, rows, SHORT.seed)
    assert (len(learn), len(held)) == (42, 14)
    assert sorted([*learn, *held]) == rows.tolist()
    fitted = given.fit(Soup(validation=0.25, ratio=30.0), rows, SHORT)
    others = X.clone()
    others[held] = -3 * others[held]
    poisoned = session(others).fit(Soup(validation=0.25, ratio=30.0), rows, SHORT)
    members = [f"{part}{n}" for part in ("backbone", "head") for n in range(3)]
    assert same(of(fitted.run, *members), of(poisoned.run, *members))
    assert not same(fitted.model.state_dict(), poisoned.model.state_dict())
    assert "by the balanced accuracy on 14 rows that were held out of the training" in fitted.notes[-1]
    plain = given.fit(Soup(ratio=30.0), learn, SHORT)
    assert same(of(fitted.run, *members), of(plain.run, *members))  # the uniform soup of the other rows


def test_the_note_says_the_metric_in_words():
    fitted = session(metric="auc").fit(Soup(validation=0.25), np.arange(4, 60), SHORT)
    assert "by the AUC on 14 rows" in fitted.notes[-1]


def test_the_average_that_is_shipped_is_no_worse_on_the_held_rows_than_any_member():
    from headstart.session.fitted import split_holdout
    from headstart.session.scoring import selection_score

    given, method = session(), Soup(validation=0.25, ratio=30.0)
    _, held = split_holdout(method, given.data, np.arange(60), SHORT.seed)
    fitted = given.fit(method, np.arange(60), SHORT)
    labels = given.data.labels[held]
    alone = [
        selection_score(replace(fitted, model=method._mean([n], fitted.run.parts)).logits(held), labels)
        for n in range(3)
    ]
    assert selection_score(fitted.logits(held), labels) >= max(alone) > 1 / 3


def test_groups_stay_whole_and_too_few_rows_leave_nothing_out():
    from headstart.session.fitted import split_holdout

    given = session(groups=np.arange(60) // 4)
    learn, held = split_holdout(Soup(validation=0.25), given.data, np.arange(60), 0)
    assert not set((learn // 4).tolist()) & set((held // 4).tolist())
    few = np.array([int(np.flatnonzero(given.data.labels == c)[0]) for c in range(3)])
    fitted = given.fit(Soup(validation=0.25), few, SHORT)
    assert "3 rows are too few to hold some out" in fitted.notes[-1]
    assert same(fitted.model.state_dict(), given.fit(Soup(), few, SHORT).model.state_dict())


def test_numbers_and_tags_choose_too():
    from headstart.session.session import Session

    for y, by in ((X[:, :2].numpy() * 40 + 7.5, "R²"), (X[:, :2].numpy() > 3, "average precision")):
        data = hs.data.load((X.numpy(), y))
        given = Session(hs.models.backbone(Same(6), example=X[:2]), data)
        fitted = given.fit(Soup(validation=0.25), np.arange(60), SHORT)
        assert f"by the {by} on 15 rows" in fitted.notes[-1]
        assert 1 <= int(fitted.run.parts["kept"].flags.sum()) <= 3


@pytest.mark.parametrize("value", [1.0, -0.1])
def test_a_bad_share_is_named(value):
    with pytest.raises(BadInput, match=rf"soup: validation is {value}; it must be in \[0, 1\)"):
        Soup(validation=value)


@pytest.mark.parametrize(("name", "value"), [("members", 0), ("ratio", 0.5)])
def test_a_bad_setting_is_named(name, value):
    with pytest.raises(BadInput, match=f"soup: {name} is {value}; it must be >= 1"):
        Soup(**{name: value})
