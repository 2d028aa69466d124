"""MCD and ADDA against both in plain torch, MNIST -> optdigits: `python -m benchmarks.adversaries`.

The same network from the same weights, the same rows and recipe (AdamW, cosine with warm-up, gradients
clipped to norm 1); the references are written from the papers (arXiv:1712.02560, arXiv:1702.05464) and share
no code with headstart but the network. Figures are accuracies on 900 target rows that nothing was trained or
selected on, by seed. `--own` adds MCD with an optimiser state for each of its moves; `--rate` are factors on
the rate of the second stage of ADDA.
"""

import argparse
import copy
import itertools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, softplus

import headstart as hs
from benchmarks.align_digits import DATA, net
from benchmarks.digits import Digits, drawn, mnist, optdigits
from headstart.core import make

STEPS, BATCH, RATE = 300, 64, 3e-3


class Stepper:
    """AdamW on some modules, with the recipe of headstart: warm-up, cosine, gradients cut to norm 1."""

    def __init__(self, *modules: Any, rate: float = RATE) -> None:
        self.parameters = [list(module.parameters()) for module in modules]
        self.rate = rate
        self.optimiser = torch.optim.AdamW([p for each in self.parameters for p in each], lr=rate)

    def __call__(self, loss: Tensor, step: int, of: int | None = None) -> None:
        """One step on all modules, or on the one of that number."""
        mine = self.parameters if of is None else [self.parameters[of]]
        learning = [p for each in mine for p in each]
        self.optimiser.zero_grad(set_to_none=True)
        for parameter, gradient in zip(learning, torch.autograd.grad(loss, learning), strict=True):
            parameter.grad = gradient
        nn.utils.clip_grads_with_norm_(learning, 1.0, nn.utils.get_total_norm([p.grad for p in learning]))
        done, warm = step / STEPS, 0.1
        share = (done + 1 / STEPS) / (warm + 1 / STEPS) if done < warm else None
        cosine = 0.5 * (1 + math.cos(math.pi * (done - warm) / (1 - warm)))
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate * (cosine if share is None else share)
        self.optimiser.step()


def pairs(source: Digits, target: Digits, seed: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Batches of both domains, without the target's labels."""
    random = np.random.default_rng(seed)
    (x, y), (z, _) = source, target
    for _ in range(STEPS):
        i, j = (random.choice(len(rows), BATCH, replace=False) for rows in (x, z))
        yield torch.from_numpy(x[i]), torch.from_numpy(y[i].astype(np.int64)), torch.from_numpy(z[j])


def parts(seed: int) -> tuple[Any, Any]:
    """The network without its last layer, and a new head as headstart makes it."""
    torch.manual_seed(seed)
    head = nn.Linear(64, 10)
    nn.init.normal_(head.weight, std=0.01)
    nn.init.zeros_(head.bias)
    layers: Any = net()
    return layers[:-1], head


def source_only(source: Digits, target: Digits, seed: int) -> tuple[Any, Any]:
    """Cross-entropy on the source."""
    features, head = parts(seed)
    step_on = Stepper(nn.ModuleList([features, head]))
    for step, (x, y, _) in enumerate(pairs(source, target, seed)):
        step_on(cross_entropy(head(features(x)), y), step)
    return features, head


def mcd(source: Digits, target: Digits, seed: int, own: bool = False, times: int = 4) -> nn.Module:
    """MCD; with `own` an optimiser for each of the moves."""
    (features, one), (_, other) = parts(seed), parts(seed + 1000)
    heads = nn.ModuleList([one, other])

    def gap(z: Tensor) -> Tensor:
        found: Tensor = (one(z).softmax(1) - other(z).softmax(1)).abs().mean()
        return found

    def label(z: Tensor, y: Tensor) -> Tensor:
        return cross_entropy(one(z), y) + cross_entropy(other(z), y)

    first = Stepper(features, heads)
    second, third = (Stepper(features, heads), Stepper(features, heads)) if own else (first, first)
    for step, (x, y, t) in enumerate(pairs(source, target, seed)):
        first(label(features(x), y), step)
        both = features.eval()(torch.cat([t, x])).detach()
        second(label(both[len(t) :], y) - gap(both[: len(t)]), step, of=1)
        features.train()
        for _ in range(times):
            third(gap(features(t)), step, of=0)
    mean = nn.Linear(64, 10)
    with torch.no_grad():
        mean.weight.copy_((one.weight + other.weight) / 2)
        mean.bias.copy_((one.bias + other.bias) / 2)
    return nn.Sequential(features, mean)


def adda(source: Digits, target: Digits, seed: int, factor: float) -> tuple[nn.Module, nn.Module]:
    """ADDA after `source_only`, its second stage at `factor` times the rate; the models before and after."""
    features, head = source_only(source, target, seed)
    before, mine = copy.deepcopy(features).eval(), copy.deepcopy(features)
    critic = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 1))
    judge, learn = Stepper(critic, rate=factor * RATE), Stepper(mine, rate=factor * RATE)
    for step, (x, _, t) in enumerate(pairs(source, target, seed + 1)):
        with torch.no_grad():
            z, made = before(x), mine(t)
        judge((softplus(-critic(z)).mean() + softplus(critic(made)).mean()) / 2, step)
        learn(softplus(-critic(mine(t))).mean(), step)
    return nn.Sequential(features, head), nn.Sequential(mine, head)


def accuracy(model: nn.Module, rows: Digits) -> float:
    """Of a module on labelled rows."""
    with torch.inference_mode():
        answers = model.eval()(torch.from_numpy(rows[0])).argmax(1).numpy()
    return float(np.mean(answers == rows[1].astype(np.int64)))


def fitted(spec: str, source: Digits, target: Digits, judge: Digits, seed: int) -> float:
    """The same by headstart."""
    recipe = hs.Recipe(steps=STEPS, batch=BATCH, lr=RATE, seed=seed)
    method: Any = make(f"{spec}norm=train,backbone_lr=1.0")
    model = hs.fit(method, net(), hs.data.Domains(source, target[0]), recipe)
    predicted: Any = model.predict(judge[0])
    answers = [answer.label for answer in predicted]
    return float(np.mean(np.array(answers) == judge[1]))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, default=DATA, help="where data are or are fetched to")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--own", action="store_true")
    parser.add_argument("--rate", type=float, nargs="*", default=[1 / 30])
    parser.add_argument("--only", nargs="*", default=["source-only", "mcd", "adda"])
    told = parser.parse_args()
    source = drawn(mnist(told.folder), 2000, 0)
    x, y = drawn(optdigits(), 3000, 1)
    target, judge = (x[:2100], y[:2100]), (x[2100:], y[2100:])
    both = (source, target)
    for name, seed in itertools.product(told.only, range(told.seeds)):
        found = {}
        if name == "source-only":
            found["reference"] = accuracy(nn.Sequential(*source_only(*both, seed)), judge)
            found["headstart"] = fitted("source-only:", *both, judge, seed)
        elif name == "mcd":
            found["reference"] = accuracy(mcd(*both, seed), judge)
            if told.own:
                found["reference, own states"] = accuracy(mcd(*both, seed, own=True), judge)
            found["headstart"] = fitted("mcd:", *both, judge, seed)
        else:
            for factor in told.rate:
                before, after = adda(*both, seed, factor)
                found[f"reference before, after at {factor:.3g}"] = accuracy(before, judge)
                found[f"reference at {factor:.3g}"] = accuracy(after, judge)
                found[f"headstart at {factor:.3g}"] = fitted(f"adda:adapt_lr={factor},", *both, judge, seed)
        print(
            name, f"seed {seed}:", ", ".join(f"{key} {value:.3f}" for key, value in found.items()), flush=True
        )


if __name__ == "__main__":
    main()
