"""A step of second-order MAML: tasks at once or one by one, against a plain loop, TorchOpt and higher.

Sinusoids, 25 tasks of 10 + 10 points, and pictures of 28 px through four convolutions with batch
normalisation, 5 classes, 1 + 5 rows each, 4 tasks. Each side computes the meta-loss, its gradient and an Adam
step; losses of the first step are compared before. Peers, if wanted, beside:

    pip install --target peers --no-deps TorchOpt==0.7.3 higher==0.2.1 optree
    PYTHONPATH=$PWD/peers OMP_NUM_THREADS=1 python -m benchmarks.maml_step
"""

import argparse
import importlib
import importlib.util
import time
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import cross_entropy, linear, mse_loss

from benchmarks.paired import interleaved, print_table
from headstart.core import Ctx, Episodes
from headstart.learners.encoding import make_encoder
from headstart.learners.learner import Problem
from headstart.learners.optimisation._settings import start_of
from headstart.learners.optimisation.maml import MAML
from headstart.tasks import GaussianClasses, Sinusoids

CTX = Ctx(0, 0.0, lambda x: x)
NEAR = 1e-4  # relative difference of the losses
RATE = {"sinusoids": 0.01, "pictures": 0.1}
Step = Callable[[], Tensor]


def batch_of(what: str) -> Episodes:
    """The tasks of one step."""
    if what == "sinusoids":
        return Sinusoids(shots=10, queries=10, tasks=25).draw(0)
    drawn = GaussianClasses(ways=5, columns=28 * 28, shots=1, queries=5, tasks=4, spread=1.0).draw(0)
    return drawn.changed(lambda x: x.view(*x.shape[:2], 1, 28, 28))


def network_of(what: str) -> tuple[Any, nn.Sequential]:
    """The learner's parts, and the same network as a plain module."""
    torch.manual_seed(0)
    problem = Problem((1,), 1, "numbers") if what == "sinusoids" else Problem((1, 28, 28), 5, "classes")
    encoder = make_encoder(None, problem.shape)
    parts = MAML(inner_lr=RATE[what]).parts(encoder, problem)
    start = start_of(parts)
    body: Any = start.body
    return parts, nn.Sequential(*body.network, start.head)


def loss_of(outputs: Tensor, y: Tensor) -> Tensor:
    """Of one task."""
    return mse_loss(outputs, y) if y.is_floating_point() else cross_entropy(outputs, y)


def tasks_of(batch: Episodes) -> list[tuple[Tensor, Tensor, Tensor, Tensor]]:
    """One by one."""
    return list(zip(batch.support.x, batch.support.y, batch.query.x, batch.query.y, strict=True))


def plain_loop(what: str, steps: int, net: nn.Module, batch: Episodes) -> Step:
    """What most scripts do: weights in a dict, tasks in a loop; for sinusoids linear layers by hand."""
    start = dict(net.named_parameters())

    def by_hand(weights: dict[str, Tensor], x: Tensor) -> Tensor:
        x = linear(x, weights["1.weight"], weights["1.bias"]).relu()
        x = linear(x, weights["3.weight"], weights["3.bias"]).relu()
        return linear(x, weights["5.weight"], weights["5.bias"])

    def by_module(weights: dict[str, Tensor], x: Tensor) -> Tensor:
        outputs: Tensor = functional_call(net, weights, (x,))
        return outputs

    forward = by_hand if what == "sinusoids" else by_module

    def loss() -> Tensor:
        losses = []
        for x, y, xq, yq in tasks_of(batch):
            weights: dict[str, Tensor] = dict(start)
            for _ in range(steps):
                inner = loss_of(forward(weights, x), y)
                gradients = torch.autograd.grad(inner, list(weights.values()), create_graph=True)
                pairs = zip(weights.items(), gradients, strict=True)
                weights = {name: weight - RATE[what] * each for (name, weight), each in pairs}
            losses.append(loss_of(forward(weights, xq), yq))
        return torch.stack(losses).mean()

    return stepping(net, loss)


def headstart(steps: int, strategy: Any, parts: Any, batch: Episodes) -> Step:
    """The learner's loss."""
    learner = MAML(steps=steps, strategy=strategy, norm="batch")  # as the peers do
    return stepping(parts, lambda: learner.loss(parts, batch, CTX).total)


def torchopt_step(what: str, steps: int, net: nn.Module, batch: Episodes) -> Step:
    """As in TorchOpt's examples of MAML."""
    torchopt: Any = importlib.import_module("torchopt")
    inner = torchopt.MetaSGD(net, lr=RATE[what])

    def loss() -> Tensor:
        losses = []
        kept = [torchopt.extract_state_dict(one, by="reference") for one in (net, inner)]
        for x, y, xq, yq in tasks_of(batch):
            for _ in range(steps):
                inner.step(loss_of(net(x), y))
            losses.append(loss_of(net(xq), yq))
            for one, state in zip((net, inner), kept, strict=True):
                torchopt.recover_state_dict(one, state)
        return torch.stack(losses).mean()

    return stepping(net, loss)


def higher_step(what: str, steps: int, net: nn.Module, batch: Episodes) -> Step:
    """As in higher's examples of MAML."""
    higher: Any = importlib.import_module("higher")
    inner = torch.optim.SGD(net.parameters(), lr=RATE[what])

    def loss() -> Tensor:
        losses = []
        for x, y, xq, yq in tasks_of(batch):
            with higher.innerloop_ctx(net, inner, copy_initial_weights=False) as (fast, descent):
                for _ in range(steps):
                    descent.step(loss_of(fast(x), y))
                losses.append(loss_of(fast(xq), yq))
        return torch.stack(losses).mean()

    return stepping(net, loss)


def stepping(module: nn.Module, loss: Callable[[], Tensor]) -> Step:
    """A step of Adam on a loss."""
    optimiser = torch.optim.Adam(module.parameters(), lr=1e-5)

    def step() -> Tensor:
        optimiser.zero_grad()
        found = loss()
        found.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        return found.detach()

    return step


def contestants(what: str, steps: int) -> dict[str, Step]:
    """All sides, each with a network of its own with the same weights."""
    batch = batch_of(what)
    sides: dict[str, Step] = {"plain loop": plain_loop(what, steps, network_of(what)[1], batch)}
    for strategy in ("loop", "vmap", "auto"):
        sides[f"headstart, {strategy}"] = headstart(steps, strategy, network_of(what)[0], batch)
    for name, made in (("torchopt", torchopt_step), ("higher", higher_step)):
        if importlib.util.find_spec(name):
            sides[name] = made(what, steps, network_of(what)[1], batch)
    return sides


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=11)
    rounds = parser.parse_args().rounds
    warnings.simplefilter("ignore")  # of the peers
    for what, steps in (("sinusoids", 1), ("sinusoids", 5), ("pictures", 1)):
        sides = contestants(what, steps)
        losses = {name: step().item() for name, step in sides.items()}
        first = losses["plain loop"]
        apart = {name: found for name, found in losses.items() if abs(found - first) > NEAR * abs(first)}
        title = f"{what}, {steps} inner steps, {torch.get_num_threads()} threads"
        print_table(title, interleaved(sides, rounds, time.process_time))
        print(f"\nlosses of the first step are equal: {not apart} {apart or ''}")


if __name__ == "__main__":
    main()
