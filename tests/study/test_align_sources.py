"""Several sources in `align`: how like each the target is, rows weighted by it, and an expert of each."""

import math

import numpy as np
import pytest
import torch
from tests.study.test_align import domain
from torch import nn

import headstart as hs
from headstart.core.linear_head import LinearHead
from headstart.data.load import load
from headstart.nn.expert_head import ExpertHead
from headstart.nn.heads import make_head
from headstart.report.text import SPACE
from headstart.studies.align.page import view
from headstart.studies.align.selection import Selected
from headstart.studies.align.sources import Sources

QUICK = {"seeds": 1, "epochs": 4, "evaluations": 2, "lr": 1e-2, "methods": ("coral",), "select": "im"}


def sources(rows, target, shares=None):
    """Of rows of one column by source, and as many labels that no test reads."""
    numbers = torch.repeat_interleave(torch.arange(len(rows)), torch.tensor([len(each) for each in rows]))
    x = torch.cat(rows)[:, None]
    found = Sources(tuple("abc"[: len(rows)]), x, numbers, torch.arange(len(x)) % 2, target[:, None])
    if shares is not None:
        found.__dict__["shares"] = torch.tensor(shares, dtype=torch.float64)
    return found


def near(middle, rows, seed):
    return middle + 0.1 * torch.randn(rows, generator=torch.Generator().manual_seed(seed))


def test_the_shares_are_those_of_a_target_that_is_mixed_from_the_sources():
    """Three rows of four lie where `a` does, far from `b`."""
    rows = [near(-5.0, 40, 0), near(5.0, 40, 1)]
    found = sources(rows, torch.cat([near(-5.0, 30, 2), near(5.0, 10, 3)]))
    assert found.shares.tolist() == pytest.approx([0.75, 0.25], abs=0.02)
    assert found.said().replace(SPACE, " ").startswith("The target is 75 % like a and 25 % like b")


def test_sources_of_one_law_have_the_shares_that_they_have_in_the_rows():
    found = sources([near(0.0, 60, 0), near(0.0, 20, 1)], near(0.0, 40, 2))
    assert found.shares.tolist() == pytest.approx([0.75, 0.25], abs=0.03)
    np.testing.assert_allclose(found.weights(np.arange(80), 80), 1, atol=0.15)


def test_the_weight_of_a_row_is_the_share_of_its_source_over_that_in_the_rows():
    """Half and half in the target, three to one in the rows: 2/3 and 2; rows that are not trained on: 0."""
    found = sources([torch.zeros(3), torch.zeros(1)], torch.zeros(2), (0.5, 0.5))
    weights = found.weights(np.array([1, 2, 4, 5]), 6)
    np.testing.assert_allclose(weights, [0, 2 / 3, 2 / 3, 0, 2 / 3, 2])
    even = sources([torch.zeros(3), torch.zeros(1)], torch.zeros(2), (0.75, 0.25))
    assert even.weights(np.arange(4), 4).tolist() == [1.0] * 4


def linear(weight, bias):
    return LinearHead.of(torch.tensor(weight), torch.tensor(bias))


def test_experts_answer_with_the_mean_of_their_probabilities_by_hand():
    """Odds of 3 to 1 and of 1 to 1; the classifier gives the first 1/4 at 0 and 3/4 at log 9."""
    sure, even = linear([[0.0], [0.0]], [math.log(3), 0.0]), linear([[0.0], [0.0]], [0.0, 0.0])
    gate = linear([[1.0], [0.0]], [0.0, math.log(3)])
    x = torch.tensor([[0.0], [math.log(9)]])
    head = ExpertHead.of([sure, even], gate, "classes")
    torch.testing.assert_close(head(x).exp(), torch.tensor([[9 / 16, 7 / 16], [11 / 16, 5 / 16]]))
    alone = ExpertHead.of([sure], linear([[0.0]], [0.0]), "classes")
    torch.testing.assert_close(alone(x).softmax(1), sure(x).softmax(1))
    halves = linear([[0.0], [0.0]], [0.0, 0.0])
    numbers = ExpertHead.of([linear([[2.0]], [0.0]), linear([[4.0]], [1.0])], halves, "numbers")
    one = torch.ones(1, 1)
    assert numbers(one).item() == pytest.approx(3.5)
    assert numbers.rescaled(torch.tensor([1.0]), torch.tensor([2.0]))(one).item() == pytest.approx(8)
    twin = make_head("ExpertHead", numbers.settings)
    twin.load_state_dict(numbers.state_dict())
    assert twin(one).item() == pytest.approx(3.5)


def net():
    """A linear one, which can't learn both of two sources that contradict each other."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(6, 12), nn.Linear(12, 3))


def other():
    """A source far from the target, in which red and green have changed places."""
    x, y = domain(90, 3)
    swapped = np.array([{"red": "green", "green": "red"}.get(one, one) for one in y])
    return load((x - np.array([0, 0, 0, 6, 6, 6], np.float32), swapped), name="far")


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    out = tmp_path_factory.mktemp("sources") / "run"
    near_ = load(domain(90, 0), name="near")
    return hs.align([near_, other()], domain(80, 1, 0.3), net(), out=out, **QUICK)


def test_the_source_that_the_target_is_like_counts(both):
    result = both.result
    assert list(result.similarity) == ["near", "far"]
    assert result.similarity["near"] > 0.9
    assert sum(result.similarity.values()) == pytest.approx(1)
    experts, weighted = (result.row(name) for name in ("source-experts", "weighted-sources"))
    assert (experts.parent, weighted.parent) == ("source-only-probe", "source-only")
    for one, pooled in ((experts, "source-only-probe"), (weighted, "source-only")):
        assert one.selected.value > 0.9 > result.row(pooled).selected.value + 0.2
    assert experts.seeds == 1
    assert any("like near and" in note for note in result.notes)
    assert "Experts of the sources" in str(view(result)["rows"])


def test_with_the_shares_of_the_rows_weighting_is_pooling_to_the_bit(monkeypatch):
    def of_rows(self):
        counts = torch.bincount(self.numbers).double()
        return counts / counts.sum()

    monkeypatch.setattr(Sources, "shares", property(of_rows))
    found = hs.align([load(domain(90, 0), name="near"), other()], domain(80, 1), net(), **QUICK).result
    looks = {(p.method, p.step): (p.scores, p.target) for p in found.eval_points}
    steps = [step for method, step in looks if method == "source-only"]
    for step in steps:
        assert looks["weighted-sources", step] == looks["source-only", step]


def test_one_source_has_no_such_rows():
    found = hs.align(load(domain(60, 0), name="near"), domain(40, 1), net(), **QUICK).result
    assert [row.method for row in found.table] == ["source-only", "source-only-probe", "coral"]
    assert found.similarity == {}


def test_experts_are_shipped_like_any_model(monkeypatch, tmp_path):
    """With nothing but them to choose from."""
    monkeypatch.setattr(
        "headstart.studies.align.run.select_model", lambda *_, **__: Selected("source-experts", 0, 1)
    )
    given = [load(domain(90, 0), name="near"), other()]
    done = hs.align(given, domain(80, 1), net(), out=tmp_path / "run", **QUICK)
    x, y = domain(30, 9)
    model = hs.open(tmp_path / "run", backbone=net())
    answers = [one.label for one in model.predict(x)]
    assert answers == [one.label for one in done.model.predict(x)]
    assert np.mean(np.array(answers) == y) > 0.9
    assert isinstance(model.model.head, ExpertHead)
