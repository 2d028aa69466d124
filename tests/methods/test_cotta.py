"""The teacher answers and moves slowly, the student follows it, some weights go back."""

import pytest
import torch
from tests.methods.flows import Clouds, answers, begin, cloud_head, clouds, same, state
from tests.methods.ways import Same

from headstart.core import BadInput
from headstart.methods.inputs.streams._views import another
from headstart.methods.inputs.streams.cotta import CoTTA
from headstart.methods.inputs.streams.norm import Norm

STILL = {"restore": 0.0, "views": 0}


def run_of(method, lr=0.1, **recipe):
    return begin(method, Clouds(), cloud_head(0.3), lr, (4,), **recipe)


def of(run, part):
    return {name.removeprefix(f"{part}."): value for name, value in state(run, part).items()}


def test_without_views_the_student_has_nothing_to_follow_and_it_is_norm():
    run = run_of(CoTTA(**STILL))
    found, norm = answers(run, clouds(3)), answers(run_of(Norm()), clouds(3))
    assert all(torch.equal(a, b) for a, b in zip(found, norm, strict=True))
    for name, value in of(run, "backbone").items():
        torch.testing.assert_close(value, of(run, "source")[name], rtol=0, atol=1e-6)


def test_the_student_follows_views_and_the_teacher_the_student_by_hand():
    """One step: teacher = keep * start + (1 - keep) * student."""
    run = run_of(CoTTA(restore=0.0, keep=0.75, sure=1.0))
    start = of(run, "teacher")
    answers(run, clouds(1))
    student, teacher = of(run, "backbone"), of(run, "teacher")
    assert not torch.equal(student["body.1.bias"], start["body.1.bias"])
    for name in ("body.0.weight", "body.1.bias"):
        torch.testing.assert_close(teacher[name], 0.75 * start[name] + 0.25 * student[name])


def test_a_sure_source_has_no_views():
    confident, unsure = CoTTA(restore=0.0, sure=0.0), CoTTA(restore=0.0, sure=1.0)
    norm = answers(run_of(Norm()), clouds(1))[0]
    assert torch.equal(answers(run_of(confident), clouds(1))[0], norm)
    assert not torch.equal(answers(run_of(unsure), clouds(1))[0], norm)


def test_the_share_of_weights_that_go_back():
    run = run_of(CoTTA(restore=0.25, sure=1.0))
    answers(run, clouds(1))
    pairs = zip(run.parts["backbone"].parameters(), run.parts["source"].parameters(), strict=True)
    back = torch.cat([(a == b).reshape(-1) for a, b in pairs]).float().mean()
    assert 0.05 < back < 0.5
    run = run_of(CoTTA(restore=1.0, sure=1.0))
    answers(run, clouds(2))
    assert same(of(run, "backbone"), of(run, "source"))


def test_the_seed_of_the_run_decides_what_goes_back():
    runs = [run_of(CoTTA(restore=0.5, sure=1.0), seed=seed) for seed in (1, 1, 2)]
    for run in runs:
        answers(run, clouds(2))
    a, b, c = (state(run) for run in runs)
    assert same(a, b)
    assert not same(a, c)


def test_the_predictor_is_the_teacher():
    run = run_of(CoTTA())
    assert CoTTA().predictor(run.parts).backbone is run.parts["teacher"]


def test_a_backbone_without_norms_will_do():
    from tests.methods.flows import two_way

    run = begin(CoTTA(sure=1.0, restore=0.0), Same(2), two_way(), 0.1)
    answers(run, [[[1.0, 0.0], [0.0, 1.0]]])
    assert not torch.equal(run.parts["backbone"].scale.weight, torch.eye(2))


def test_views_keep_shapes_and_whole_numbers():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        x = torch.rand(4, 3, 8, 10)
        view = another(x)
        assert view.shape == x.shape
        assert 0 < (view - x).abs().mean() < 0.5
        assert torch.equal(another(torch.ones(2, 5, dtype=torch.int64)), torch.ones(2, 5, dtype=torch.int64))
        assert another(torch.ones(1, 1)).isfinite().all()
        assert another(torch.randn(1, 3)).shape == (1, 3)


def test_bad_settings_are_refused():
    for setting, value in {"keep": 1.5, "restore": -1, "sure": 2, "views": -1}.items():
        with pytest.raises(BadInput, match=f"cotta: {setting} is {value}"):
            CoTTA(**{setting: value})
