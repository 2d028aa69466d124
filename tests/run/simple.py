"""A method made of given parts and moves, and losses whose gradients are known."""

import torch
from tests.toy import Toy, labelled
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from headstart.core import About, Batch, Labelled, Loss, Method, On, Parts, Task
from headstart.run.loop import start
from headstart.run.recipe import Recipe
from headstart.run.state import Run

PLAIN = Recipe(
    steps=4, batch=4, lr=0.1, schedule="constant", warmup=0.0, optimiser="sgd", weight_decay=0.0, clip=None
)


class Given(Method[Batch]):
    """The parts and moves that it is given."""

    about = About("given", "start", "mapping", Labelled, "doi:none")

    def __init__(self, parts: dict[str, nn.Module], *moves, about: About = about) -> None:
        self.given, self.programme, self.about = parts, moves, about

    def parts(self, backbone, task):
        return Parts(self.given)

    def moves(self):
        return self.programme

    def predictor(self, parts):
        return next(iter(parts.values()))


class Two(nn.Module):
    """Two equal-valued parameters and two blocks with one each."""

    blocks = ("first", "second")

    def __init__(self) -> None:
        super().__init__()
        self.w, self.b = nn.Parameter(torch.zeros(2)), nn.Parameter(torch.zeros(2))
        self.first, self.second = nn.Linear(1, 2, bias=False), nn.Linear(1, 2, bias=False)
        nn.init.zeros_(self.first.weight)
        nn.init.zeros_(self.second.weight)


def slope_one(parts: Parts, batch: Batch, ctx) -> Loss:
    """The sum of all parameters: every gradient is 1."""
    return Loss.sum(total=torch.stack([p.sum() for p in parts.parameters()]).sum())


def begin(parts: dict[str, nn.Module], *moves, recipe: Recipe = PLAIN, engine=None) -> Run:
    return start(Given(parts, *moves), Toy(), Task(3, (8,)), recipe, engine)


def ones(rows: int = 4) -> Labelled:
    return Labelled(torch.ones(rows, 1), torch.zeros(rows, dtype=torch.int64))


def same_batch(batch: Batch | None = None):
    """A stream that gives one batch for ever."""

    def stream(_step: int):
        while True:
            yield batch or ones()

    return stream


def values(run: Run, part: str = "a") -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in run.parts[part].named_parameters()}


SEVEN = labelled(7, torch.Generator().manual_seed(5))
EIGHT = labelled(8, torch.Generator().manual_seed(6))
BOTH = (On("body"), On("head"))


def body_and_head(norm=False):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return {"body": Toy(norm=norm), "head": nn.Linear(16, 3)}


def loss(parts, batch, ctx):
    logits = parts["head"](parts["body"](batch.x))
    return Loss.sum(logits, label=cross_entropy(logits, batch.y), norm=0.1 * logits.square().mean())
