"""Prompt search: scores by hand, rows of a test are not read, and luck does not count."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from headstart.core import BadInput, LinearHead, Model
from headstart.data.load import load
from headstart.models import backbone
from headstart.predictor.prompt_search import expand_prompts, search_prompts


def models(columns):
    """A model whose logits of ("no", "yes") are -x and x of the column that its prompt names."""
    base = backbone(nn.Linear(columns, columns), example=torch.randn(2, columns), head=None)
    with torch.no_grad():
        base.inner.weight.copy_(torch.eye(columns))
        base.inner.bias.zero_()

    def make(prompt):
        weight = torch.zeros(2, columns)
        weight[:, int(prompt)] = torch.tensor([-1.0, 1.0])
        model = Model(base, LinearHead.of(weight, torch.zeros(2)))
        model.classes = ("no", "yes")
        return model

    return make


def rows(*columns):
    """Columns of +1 where a prompt says yes; the truth is yes for the first half."""
    return np.array(columns, np.float32).T, ["yes"] * 5 + ["no"] * 5


RIGHT = [1] * 5 + [-1] * 5
MOST = [1] * 4 + [-1] * 5 + [1]  # 8 of 10
NEVER = [-1] * 5 + [1] * 5


def test_scores_by_hand():
    found = search_prompts(models(3), ["0", "1", "2"], rows(MOST, NEVER, RIGHT), k=2)
    assert [(each.prompt, each.score.value) for each in found.scores] == [("2", 1.0), ("0", 0.8), ("1", 0.0)]
    assert found.scores[1].behind.value == pytest.approx(0.2)
    assert found.searched.value == 1
    assert found.tied == ("2", "0")  # one row of each class
    assert "2 of 3 prompts do not differ clearly on 10 rows" in str(found)
    assert torch.equal(found.model.head.weight[1], torch.tensor([0.0, 0, 1]))


def test_one_that_is_ahead():
    found = search_prompts(models(2), ["0", "1"], rows(NEVER, RIGHT), k=2)
    assert found.tied == ("1",)
    assert "The first prompt is ahead of all others" in str(found)


def test_choosing_the_luckiest_does_not_count():
    """Of 60 prompts that answer by chance the best looks good; the search is no better than chance."""
    x = np.random.default_rng(0).choice([-1, 1], (40, 60)).astype(np.float32)
    found = search_prompts(models(60), [str(one) for one in range(60)], (x, ["yes", "no"] * 20))
    assert found.scores[0].score.value >= 0.65
    assert found.searched.value <= 0.6


def test_rows_of_a_test_are_not_read():
    x, y = rows(RIGHT, NEVER)
    data = load((np.concatenate([x, x[:4]]), y + ["no"] * 4))
    data = replace(data, split=["train"] * 10 + ["test"] * 4)
    found = search_prompts(models(2), ["0", "1"], data, k=2)
    assert (found.rows, found.scores[0].score.value) == (10, 1.0)


def test_a_small_grammar():
    assert expand_prompts("{} (It|That) was( very|) [MASK].") == (
        "{} It was very [MASK].",
        "{} It was [MASK].",
        "{} That was very [MASK].",
        "{} That was [MASK].",
    )
    assert expand_prompts("a (plain) {}") == ("a (plain) {}",)


def test_what_can_not_be_searched():
    with pytest.raises(BadInput, match="There are 1 prompts"):
        search_prompts(models(2), ["0"], rows(RIGHT, NEVER))
    with pytest.raises(BadInput, match="the data a, b"):
        search_prompts(models(2), ["0", "1"], (rows(RIGHT, NEVER)[0], ["a", "b"] * 5))
