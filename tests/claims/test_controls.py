"""Controls of claims: answers of other tasks, textures of other classes, equally many clean steps."""

from dataclasses import replace

import torch

from headstart.claims import critical_periods, texture_bias
from headstart.claims._tasks import with_others_answers
from headstart.tasks import Lines


def test_a_support_has_the_answers_of_another_task_and_queries_keep_their_own():
    lines = Lines(shots=(2, 6), queries=3, tasks=4, seed=1)
    own, null = lines.draw(5), with_others_answers(lines).draw(5)
    assert torch.equal(null.support.x, own.support.x)
    assert torch.equal(null.query.y, own.query.y)
    for task in range(4):
        assert torch.equal(null.support.y[task], own.support.y[task - 1])


def test_it_follows_the_settings_that_it_is_given():
    lines = Lines(shots=2, queries=3, tasks=4, seed=1)
    more = replace(with_others_answers(lines), tasks=5, seed=2).draw(0)
    assert torch.equal(more.support.x, replace(lines, tasks=5, seed=2).draw(0).support.x)


def test_cues_that_disagree_never_agree():
    y = torch.arange(5).repeat(100)
    kinds = texture_bias.others(y, torch.Generator().manual_seed(0))
    assert not (kinds == y).any()
    assert set(kinds.tolist()) == set(range(5))


def test_all_arms_have_the_same_steps_on_clean_pictures_and_end_with_them():
    arms = critical_periods.arms_of(40, critical_periods.blurred, critical_periods.flipped)
    for stages in arms.values():
        assert sum(steps for change, steps in stages if change is critical_periods.clean) == 80
        assert stages[-1] == (critical_periods.clean, 40)
    assert arms["late"][1] == (critical_periods.blurred, 40)


def test_blur_leaves_four_numbers():
    x = torch.rand(3, 1, 8, 8)
    blurred = critical_periods.blurred(x)
    assert torch.linalg.matrix_rank(blurred[0, 0]) <= 2
    assert torch.allclose(blurred[:, 0, 0, 0], x[:, 0, :4, :4].mean((1, 2)))
