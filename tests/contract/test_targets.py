"""Every method keeps its promises for each kind of label that it says it learns, and refuses the others."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from functools import cache

import pytest
import torch
from tests.contract.runs import METHODS, Droppable, same
from tests.toy import TASK, said_of, suited

from headstart.core import (
    LABEL_KINDS,
    BadInput,
    Distilled,
    Grouped,
    Labelled,
    SeededLabelled,
    derive_seed,
    require_label_kind,
)
from headstart.losses.label import label_loss
from headstart.run.checkpoint import load_state, save_state
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe
from headstart.run.watch import drain

MAPS = torch.randn(8, 3, generator=torch.Generator().manual_seed(9))
LEARNED = [
    (kind, label_kind)
    for kind in METHODS
    for label_kind in kind.about.label_kinds
    if issubclass(kind.about.needs, Labelled)
]
each = pytest.mark.parametrize(
    ("kind", "label_kind"), LEARNED, ids=[f"{kind.about.name}-{label_kind}" for kind, label_kind in LEARNED]
)


def batch(label_kind, n, seed):
    """Labels that a linear map of the samples gives."""
    x = torch.randn(n, 8, generator=torch.Generator().manual_seed(seed))
    scores = x @ MAPS / 8**0.5
    if label_kind == "classes":
        return Grouped(x, scores.argmax(1), group=2 * scores.argmax(1))
    return Labelled(x, {"tags": scores > 0, "numbers": scores}[label_kind])


def distilled(rows):
    """The rows, with a teacher whose outputs are a linear map of the samples, as the labels are."""
    return Distilled(rows.x, rows.y, None, rows.x @ MAPS / 8**0.5, said_of(rows.x)[1])


def seeded(rows):
    """The rows, each with a seed."""
    return SeededLabelled(rows.x, rows.y, None, torch.arange(len(rows)))


def stream(kind, label_kind, n=16):
    as_needed = {Distilled: distilled, SeededLabelled: seeded}.get(kind.about.needs, lambda rows: rows)

    def begin(step) -> Iterator[Labelled]:
        while True:
            yield as_needed(batch(label_kind, n, derive_seed(5, step)))
            step += 1

    return begin


def fresh(kind, label_kind, **recipe):
    task = replace(TASK, kind=label_kind, rows=16)
    steps = 8 if kind.about.closed_form else 40
    how = Recipe(**({"steps": steps, "lr": 1e-2, "schedule": "linear", "seed": 3} | recipe))
    return start(kind(), suited(kind, Droppable(norm=False)), task, how)


@cache
def fitted(kind, label_kind):
    """A finished run, which nobody may change, and what was saved after 3 steps and after three quarters."""
    run, saved = fresh(kind, label_kind), {}
    late = run.recipe.steps * 3 // 4
    for tick in train(run, stream(kind, label_kind)):
        if tick.step in (3, late):
            saved[tick.step] = deepcopy(run.state_dict())
    return run, saved[3], saved[late]


@each
def test_it_learns(kind, label_kind):
    """Better than a constant, which is the best that labels alone can do."""
    if kind().stages(label_kind)[-1] != kind() and kind().stages(label_kind)[-1].about.closed_form:
        pytest.skip("has no head of its own: a probe reads what it has tuned")
    run, *_ = fitted(kind, label_kind)
    seen = batch(label_kind, 256, 77)
    # by frequency it takes a classifier that was trained on classes like these, and the toy's is random
    method = kind(how="learned") if kind.about.name == "label-mapping" else kind()
    with torch.inference_mode():
        outputs = method.predictor(deepcopy(run.parts).eval())(seen.x)
    assert outputs.shape == (256, 3)
    constant = {
        "classes": lambda y: torch.bincount(y, minlength=3).float().log().expand(256, 3),
        "tags": lambda y: y.float().mean(0).logit().expand(256, 3),
        "numbers": lambda y: y.mean(0).expand(256, 3),
    }[label_kind](seen.y)
    assert label_loss(outputs, seen.y) < 0.95 * label_loss(constant, seen.y)


@each
def test_same_seed_gives_the_same_bytes_also_after_a_stop(kind, label_kind, tmp_path):
    whole, early, late = fitted(kind, label_kind)
    again, resumed = fresh(kind, label_kind), fresh(kind, label_kind)
    for tick in train(again, stream(kind, label_kind)):
        if tick.step == 3:
            break
    assert same(again.parts.state_dict(), early["parts"])
    save_state(late, tmp_path / "state.safetensors")
    resumed.load_state_dict(load_state(tmp_path / "state.safetensors"))
    drain(train(resumed, stream(kind, label_kind)))
    assert same(whole.parts.state_dict(), resumed.parts.state_dict())


@pytest.mark.parametrize("kind", METHODS, ids=lambda m: m.about.name)
def test_others_are_refused_and_those_that_can_are_named(kind):
    for label_kind in set(LABEL_KINDS) - set(kind.about.label_kinds):
        with pytest.raises(
            BadInput, match=f"{kind.about.name} learns .*, not {label_kind}. These can: .*(knn|norm)"
        ):
            require_label_kind(kind(), label_kind)
    for label_kind in kind.about.label_kinds:
        require_label_kind(kind(), label_kind)
        for stage in kind().stages(label_kind):
            require_label_kind(stage, label_kind)
