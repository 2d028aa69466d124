"""One block learns: the given one, or the one with the largest relative gradients, seen by hand."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from tests.methods.ways import PLAIN, bytes_of, equal, same, tuned
from tests.toy import TASK, Toy, stream
from torch import nn

from headstart.core import Backbone, BadInput, Labelled, Task, derive_seed
from headstart.core.linear_head import LinearHead
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.methods.mapping.finetuning.surgical import Surgical
from headstart.run.checkpoint import load_state, save_state
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe
from headstart.run.watch import drain

SGD = replace(PLAIN, optimiser="sgd", lr=0.1, schedule="constant", weight_decay=0.0)


class Product(Backbone):
    """Features c * b * a * x with a = 1, b = 2, c = 1/2."""

    width, blocks = 1, ("a", "b", "c")

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = (nn.Linear(1, 1, bias=False) for _ in range(3))
        with torch.no_grad():
            for layer, value in ((self.a, 1.0), (self.b, 2.0), (self.c, 0.5)):
                layer.weight.fill_(value)

    def forward(self, x):
        return self.c(self.b(self.a(x)))


def product(method, steps, lr=0.1):
    """The run on x = 1 of class 0, with a head that gives the logits f and -f."""
    head = LinearHead.of(torch.tensor([[1.0], [-1.0]]), torch.zeros(2))
    batch = Labelled(torch.ones(1, 1), torch.tensor([0]))
    run = start(method, Product(), Task(2, (1,), head=head), replace(SGD, steps=4, lr=lr))
    drain(train(run, lambda step: iter([batch] * (steps - step))))
    return run


def test_relative_gradient_norms_by_hand():
    """f = 1, so dL/df = -2 (1 - sigmoid(2)) = -0.2384, df/dw = f / w: the ratios are 0.2384 / w^2."""
    choice = product(Surgical(look=0.5), steps=1).parts["choice"]
    torch.testing.assert_close(choice.ratios, 0.23840584 / torch.tensor([1.0, 4.0, 0.25]))
    assert choice.block == -1
    twice = product(Surgical(look=0.5), steps=2, lr=1e-30).parts["choice"]
    torch.testing.assert_close(twice.ratios, 2 * choice.ratios)


@pytest.mark.parametrize("optimiser", ["sgd", "adamw"])
def test_in_the_look_the_head_learns_alone_and_then_the_chosen_block_too(optimiser):
    """Weight decay would move what an optimiser has been shown a gradient of zeros for."""
    head = LinearHead.of(torch.tensor([[1.0], [-1.0]]), torch.zeros(2))
    batch = Labelled(torch.ones(1, 1), torch.tensor([0]))
    recipe = replace(SGD, optimiser=optimiser, weight_decay=0.1)
    run = start(Surgical(look=0.5), Product(), Task(2, (1,), head=head), recipe)
    moved = []
    for _ in train(run, lambda step: iter([batch] * (4 - step))):
        before, now = Product().state_dict(), run.parts["backbone"].state_dict()
        moved.append([name for name in before if not torch.equal(before[name], now[name])])
    assert moved == [[], [], ["c.weight"], ["c.weight"]]
    assert run.parts["choice"].block == 2
    assert [p.requires_grad for p in run.parts["backbone"].parameters()] == [False, False, True]


@pytest.mark.parametrize(("block", "moved"), [(0, "body.0"), (1, "body.4"), (-1, "body.4"), (-2, "body.0")])
def test_a_given_block_learns_and_nothing_else_does(block, moved):
    run = tuned(Surgical(block=block, norm="train"), Toy())
    before, now = Toy().state_dict(), run.parts["backbone"].state_dict()
    assert {name for name in before if not torch.equal(before[name], now[name])} == {
        f"{moved}.weight",
        f"{moved}.bias",
    }


def test_the_last_block_given_is_fine_tuning_of_the_last_block():
    assert equal(tuned(Surgical(block=-1), Toy()), tuned(FineTune(last=1), Toy()))
    assert not equal(tuned(Surgical(block=0), Toy()), tuned(FineTune(last=1), Toy()))


def test_what_is_not_chosen_rests_with_its_statistics():
    """With norm="train" too: the normalisation between the blocks is in none, so it never learns."""
    run = tuned(Surgical(norm="train", look=0.3), Toy())
    assert int(run.parts["backbone"].body[1].num_batches_tracked) == 0
    assert int(run.parts["choice"].block) in (0, 1)
    chosen = ("body.0", "body.4")[int(run.parts["choice"].block)]
    training = {name for name, m in run.parts["backbone"].named_modules() if m.training}
    assert training == {chosen}


def test_it_chooses_among_the_last_blocks_only():
    free, bound = (tuned(Surgical(last=last), recipe=replace(SGD, steps=8)) for last in (None, 1))
    assert bound.parts["choice"].block == 1
    assert bool((free.parts["choice"].ratios > 0).all())
    assert bound.parts["choice"].ratios[0] == 0


def test_the_choice_survives_a_stop(tmp_path):
    recipe, method = replace(PLAIN, steps=6), Surgical(look=0.4)
    whole = bytes_of(tuned(method, Toy(), recipe=recipe))
    for stop in range(1, 6):
        some = [batch for batch, _ in zip(stream(Labelled)(0), range(stop), strict=False)]
        half = tuned(method, Toy(), recipe=recipe, batches=lambda _, some=some: iter(some))
        save_state(half.state_dict(), tmp_path / "half")
        again = start(method, Toy(), TASK, recipe)
        again.load_state_dict(load_state(tmp_path / "half"))
        drain(train(again, stream(Labelled)))
        assert same(whole, bytes_of(again)), stop


def test_a_block_that_is_not_there_is_refused():
    with pytest.raises(BadInput, match="blocks 7:8 of 'backbone', which has 2"):
        tuned(Surgical(block=7), Toy())
    with pytest.raises(BadInput, match="which has 2"):
        tuned(Surgical(block=-3), Toy())


@pytest.mark.parametrize(
    "settings", [{"block": "first"}, {"look": 0.0}, {"look": 1.0}, {"block": 1, "last": 1}], ids=str
)
def test_a_bad_setting_is_named(settings):
    with pytest.raises(BadInput, match=r"surgical: (block|look|last) is .*; it must be"):
        Surgical(**settings)


class Layers(Backbone):
    """Two layers, to which the head is the third."""

    width, blocks = 64, ("first", "middle")

    def __init__(self):
        super().__init__()
        self.first, self.middle = nn.Linear(64, 64), nn.Linear(64, 64)

    def forward(self, x):
        return self.middle(self.first(x).relu()).relu()

    def untrained(self, seed):
        return Layers()


def accuracies(shift, seed):
    """On shifted digits, five labels a class, after tuning each block of a net that knows plain digits."""
    digits = load_digits()
    x, y = torch.from_numpy(digits.data / 16).float(), torch.from_numpy(digits.target)
    rng = np.random.default_rng(derive_seed("surgical", seed))
    order = torch.from_numpy(rng.permutation(len(x)))
    source, target = order[:900], order[900:]
    trained = tuned_on(FineTune(backbone_lr=1.0), Layers(), None, x[source], y[source], seed, 300, 3e-3)
    x2, y2 = (x[:, torch.from_numpy(rng.permutation(64))], y) if shift == "input" else (x, 9 - y)
    few = torch.cat([target[y2[target] == label][:5] for label in range(10)])
    rest = target[~torch.isin(target, few)]
    found = {}
    for name, method in {
        "first": Surgical(block=0, backbone_lr=1.0),
        "head": Surgical(block=0, backbone_lr=1e-9),
        "auto": Surgical(backbone_lr=1.0),
        "middle": Surgical(block=1, backbone_lr=1.0),
    }.items():
        body, head = trained.parts["backbone"], trained.parts["head"]
        run = tuned_on(method, body, head, x2[few], y2[few], seed, 200, 3e-3)
        model = method.predictor(run.parts).eval()
        found[name] = (model(x2[rest]).argmax(1) == y2[rest]).float().mean().item()
    return found


def tuned_on(method, body, head, x, y, seed, steps, lr):
    recipe = Recipe(steps=steps, batch=50, lr=lr, weight_decay=0.0, seed=seed)
    task = Task(10, (64,), rows=len(x), seed=seed, head=copy.deepcopy(head))
    run = start(method, copy.deepcopy(body), task, recipe)

    def batches(step):
        while True:
            g = torch.Generator().manual_seed(derive_seed(seed, step))
            rows = torch.randperm(len(x), generator=g)[:50]
            yield Labelled(x[rows], y[rows])
            step += 1

    drain(train(run, batches))
    return run


@pytest.mark.slow
def test_the_change_of_the_data_says_which_block():
    """Permuted pixels ask for the first layer, permuted labels for the last ones (arXiv:2210.11466)."""
    for seed in range(2):
        pixels, labels = accuracies("input", seed), accuracies("labels", seed)
        assert pixels["first"] > pixels["middle"] + 0.05 > pixels["head"] + 0.1
        assert pixels["auto"] > pixels["first"] - 0.04  # it has seen that
        assert min(labels["head"], labels["middle"]) > labels["first"] + 0.05
