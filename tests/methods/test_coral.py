"""CORAL on frozen features, and what all maps of frozen features share."""

from dataclasses import replace

import pytest
import torch
from tests.methods.frozen import MIXED, collected, mapped, right, stretched
from tests.methods.ways import probed

from headstart.core import BadInput, Ctx, Domains, Labelled
from headstart.methods.inputs.domains.coral import CORAL
from headstart.methods.outputs.probing.logistic_probe import LogisticProbe
from headstart.run.engine import One
from headstart.solvers.alignment import coral

SOURCE, TARGET, SEEN = stretched(203, 0, True), stretched(150, 1, False), stretched(400, 2, False)
FIXED = CORAL(penalty=1.0)


def test_moved_rows_have_the_targets_mean_and_covariance():
    moved = CORAL(shrinkage=0.0).move(SOURCE.x, SOURCE.y, TARGET.x)
    torch.testing.assert_close(moved.mean(0), TARGET.x.mean(0), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(moved.T.cov(), TARGET.x.T.cov(), rtol=1e-3, atol=1e-3)
    whole = CORAL().move(SOURCE.x, SOURCE.y, TARGET.x)
    assert (whole - SOURCE.x @ MIXED - 3).square().mean() < 0.05 * TARGET.x.var()


def test_two_rows_each_by_hand():
    """Source -1 and 1, target 2 and 6: the map is 2 x + 4, and the probe sees classes at 2 and 6."""
    source = Labelled(torch.tensor([[-1.0], [1.0]]), torch.tensor([0, 1]))
    model = mapped(FIXED, source, torch.tensor([[2.0], [6.0]]), steps=1)
    torch.testing.assert_close(
        FIXED.move(source.x, source.y, torch.tensor([[2.0], [6.0]]))[:, 0], torch.tensor([2.0, 6.0])
    )
    assert model(torch.tensor([[4.0]])).softmax(1)[0, 0].item() == pytest.approx(0.5, abs=1e-4)
    assert model(torch.tensor([[2.0], [6.0]])).argmax(1).tolist() == [0, 1]


def test_the_head_is_the_probe_on_moved_rows():
    ours = mapped(FIXED, SOURCE, TARGET.x)
    theirs = probed(LogisticProbe(penalty=1.0), coral(SOURCE.x, TARGET.x)(SOURCE.x), SOURCE.y, 2)
    torch.testing.assert_close(ours(SEEN.x), theirs(SEEN.x), rtol=1e-4, atol=1e-4)


def test_without_weight_it_is_a_logistic_probe_on_the_source_to_the_bit():
    ours, plain = (
        mapped(CORAL(weight=0.0), SOURCE, TARGET.x),
        probed(LogisticProbe(), SOURCE.x, SOURCE.y, 2, 68),
    )
    assert torch.equal(ours.head.weight, plain.head.weight)
    assert torch.equal(ours.head.bias, plain.head.bias)
    half = mapped(CORAL(weight=0.5), SOURCE, TARGET.x)
    assert not torch.allclose(half.head.weight, plain.head.weight, atol=1e-3)


def test_half_the_weight_is_halfway():
    middle = torch.lerp(SOURCE.x, coral(SOURCE.x, TARGET.x)(SOURCE.x), 0.5)
    theirs = probed(LogisticProbe(penalty=1.0), middle, SOURCE.y, 2)
    ours = mapped(CORAL(penalty=1.0, weight=0.5), SOURCE, TARGET.x)
    torch.testing.assert_close(ours(SEEN.x), theirs(SEEN.x), rtol=1e-3, atol=1e-3)


def test_it_helps_where_a_linear_map_has_mixed_the_target():
    assert right(mapped(CORAL(weight=0.0), SOURCE, TARGET.x), SEEN) < 0.75
    assert right(mapped(CORAL(), SOURCE, TARGET.x), SEEN) > 0.95


def test_labelled_rows_of_the_target_count_once_and_are_not_moved():
    target_labelled = Labelled(SEEN.x[:6], SEEN.y[:6])
    run = collected(FIXED, SOURCE, TARGET.x, target_labelled)
    assert torch.equal(run.parts["target_labelled"].content[0], target_labelled.x)
    both = torch.cat([coral(SOURCE.x, TARGET.x)(SOURCE.x), target_labelled.x])
    theirs = probed(LogisticProbe(penalty=1.0), both, torch.cat([SOURCE.y, target_labelled.y]), 2)
    torch.testing.assert_close(FIXED.predictor(run.parts)(SEEN.x), theirs(SEEN.x), rtol=1e-3, atol=1e-3)


class Doubled(One):
    """As if another process had the same rows."""

    def gather(self, rows):
        return torch.cat([rows, rows])


def test_it_solves_for_the_rows_of_all_processes():
    run = collected(FIXED, SOURCE, TARGET.x, engine=Doubled())
    assert len(run.parts["source"].content[0]) == 2 * len(SOURCE)
    assert len(run.parts["target"].content[0]) == 2 * len(TARGET.x)


def test_numbers_and_tags_are_moved_too():
    numbers = replace(SOURCE, y=SOURCE.x[:, :1].clone())
    model = mapped(CORAL(shrinkage=0.0), numbers, TARGET.x, outputs=1)
    wanted = torch.linalg.solve(MIXED, (SEEN.x - 3).T).T[:, 0]
    assert (model(SEEN.x)[:, 0] - wanted).square().mean() < 0.2 * wanted.var()
    tags = replace(SOURCE, y=torch.stack([SOURCE.y == 0, SOURCE.y == 1], 1))
    assert mapped(CORAL(), tags, TARGET.x)(SEEN.x).argmax(1).eq(SEEN.y).float().mean() > 0.95


def test_what_can_not_be_is_refused():
    for settings, says in (
        ({"weight": 1.5}, "weight is 1.5"),
        ({"penalty": 0.0}, "penalty"),
        ({"shrinkage": 2}, "shrinkage"),
    ):
        with pytest.raises(BadInput, match=f"coral: {says}"):
            CORAL(**settings)
    weighted = Labelled(SOURCE.x[:4], SOURCE.y[:4], torch.ones(4))
    method = CORAL()
    run = collected(method, SOURCE, TARGET.x)
    with pytest.raises(BadInput, match="coral: rows are moved, not weighted"):
        method.collect(run.parts, Domains(weighted, TARGET.x[:3]), Ctx(0, 0.0, lambda rows: rows))
