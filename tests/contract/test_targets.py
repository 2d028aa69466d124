"""Every method keeps its promises for each kind of target that it says it learns, and refuses the others."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from tests.contract.test_contract import METHODS, Droppable, same
from tests.toy import TASK

from headstart.core import LABEL_KINDS, BadInput, Grouped, Labelled, derive_seed, require_label_kind
from headstart.losses.label import label_loss
from headstart.run.checkpoint import load_state, save_state
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe
from headstart.run.watch import drain

MAPS = torch.randn(8, 3, generator=torch.Generator().manual_seed(9))
LEARNED = [
    (kind, target)
    for kind in METHODS
    for target in kind.about.targets
    if issubclass(kind.about.needs, Labelled)
]
each = pytest.mark.parametrize(
    ("kind", "target"), LEARNED, ids=[f"{kind.about.name}-{target}" for kind, target in LEARNED]
)


def batch(target, n, seed):
    """Labels that a linear map of the samples gives."""
    x = torch.randn(n, 8, generator=torch.Generator().manual_seed(seed))
    scores = x @ MAPS / 8**0.5
    if target == "classes":
        return Grouped(x, scores.argmax(1), group=2 * scores.argmax(1))
    return Labelled(x, {"tags": scores > 0, "numbers": scores}[target])


def stream(target, n=16):
    def begin(step) -> Iterator[Labelled]:
        while True:
            yield batch(target, n, derive_seed(5, step))
            step += 1

    return begin


def fresh(kind, target, **recipe):
    task = replace(TASK, kind=target, rows=16)
    steps = 8 if kind.about.closed_form else 40
    how = Recipe(**({"steps": steps, "lr": 1e-2, "schedule": "linear", "seed": 3} | recipe))
    return start(kind(), Droppable(norm=False), task, how)


def fitted(kind, target, **recipe):
    run = fresh(kind, target, **recipe)
    drain(train(run, stream(target)))
    return run


@each
def test_it_learns(kind, target):
    """Better than a constant, which is the best that labels alone can do."""
    run = fitted(kind, target)
    seen = batch(target, 256, 77)
    with torch.inference_mode():
        outputs = kind().predictor(run.parts.eval())(seen.x)
    assert outputs.shape == (256, 3)
    constant = {
        "classes": lambda y: torch.bincount(y, minlength=3).float().log().expand(256, 3),
        "tags": lambda y: y.float().mean(0).logit().expand(256, 3),
        "numbers": lambda y: y.mean(0).expand(256, 3),
    }[target](seen.y)
    assert label_loss(outputs, seen.y) < 0.95 * label_loss(constant, seen.y)


@each
def test_same_seed_gives_the_same_bytes_also_after_a_stop(kind, target, tmp_path):
    whole = fitted(kind, target)
    first, second = fresh(kind, target), fresh(kind, target)
    steps = iter(train(first, stream(target)))
    for _ in range(3):
        next(steps)
    save_state(first.state_dict(), tmp_path / "state.safetensors")
    second.load_state_dict(load_state(tmp_path / "state.safetensors"))
    drain(train(second, stream(target)))
    assert same(whole.parts.state_dict(), second.parts.state_dict())


@pytest.mark.parametrize("kind", METHODS, ids=lambda m: m.about.name)
def test_others_are_refused_and_those_that_can_are_named(kind):
    for target in set(LABEL_KINDS) - set(kind.about.targets):
        with pytest.raises(
            BadInput, match=f"{kind.about.name} learns .*, not {target}. These can: .*(knn|norm)"
        ):
            require_label_kind(kind(), target)
    for target in kind.about.targets:
        require_label_kind(kind(), target)
        for stage in kind().stages(target):
            require_label_kind(stage, target)
