"""The training loop, a generator of one tick per step."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from headstart.core import (
    Backbone,
    BadInput,
    Ctx,
    Descend,
    Do,
    Guides,
    Method,
    Move,
    On,
    Parts,
    Task,
    Unlabelled,
    derive_seed,
)
from headstart.core.batches import B

from .average import Average
from .descent import descend
from .engine import Engine, One
from .guided import guide
from .modes import memory_format, seeded, set_eval
from .optimisers import build_optimisers
from .recipe import Recipe
from .state import Run, Tick


def start(
    method: Method[B],
    backbone: Backbone,
    task: Task,
    recipe: Recipe,
    engine: Engine | None = None,
    guides: Guides | None = None,
) -> Run[B]:
    """Start a run of a method on a backbone, which the run modifies: pass a copy.

    Args:
        method: whose moves are carried out.
        backbone: that its parts are built on.
        task: what is learned.
        recipe: how long and how fast.
        engine: where to compute; None is one process on the CPU.
        guides: of the backbone's weights; None: all are free.

    Raises:
        Mismatch: the guides are of another backbone.
        BadInput: a move names a part or blocks that do not exist, selects no parameter, or
            shares its name with a move on other parameters, or an optimiser with other settings.
    """
    still = method.about.needs is Unlabelled
    divisible = method.about.per_sample_loss
    pairs = [] if guides is None else list(guides.pairs(backbone))
    run = start_parts(
        method.about.name,
        lambda: method.parts(backbone, task),
        method.moves(),
        recipe,
        engine,
        divisible=divisible,
        still=still,
    )
    if guides is not None:
        run.guides = guides.digest
        for optimiser in run.optimisers.values():
            run.guided += guide(optimiser, pairs, guides.use, guides.strength).weights
    return run


def start_parts(
    name: str,
    build: Callable[[], Parts],
    moves: tuple[Move[B], ...],
    recipe: Recipe,
    engine: Engine | None = None,
    *,
    divisible: bool = True,
    still: bool = False,
) -> Run[B]:
    """Start a run of moves on the parts that `build` makes, which draws by the recipe's seed.

    Args:
        name: for messages and checkpoints.
        build: makes all modules that the run owns.
        moves: of one step.
        recipe: how long and how fast.
        engine: where to compute; None is one process on the CPU.
        divisible: whether the losses are means over rows.
        still: whether batches are unlabelled samples of a stream, so that few convolutions learn.

    Raises:
        BadInput: as of `start`.
    """
    engine = engine or One()
    with seeded(derive_seed(recipe.seed, "parts")):
        parts = build().to(engine.device)
    still = still and not _learns_convolutions(parts, moves)
    layout = memory_format(parts, recipe.precision == "bf16", engine.device, frozen=still)
    parts.to(memory_format=layout)
    divisible = divisible or _embeds(moves)
    if recipe.accumulate > 1 and not divisible:
        raise BadInput(f"{name}: its loss compares rows of a batch, so accumulate must be 1.")
    run = Run(name, parts, moves, recipe, engine, layout)
    run.accumulate, run.divisible = recipe.accumulate, divisible
    descents = [move for move in run.moves if isinstance(move, Descend)]
    for move in descents:
        _check(run, move)
    run.optimisers = build_optimisers(run.moves, parts, recipe, partial(_group, recipe))
    if recipe.ema is not None:
        run.average = Average(recipe.ema, parts, {on.part for move in descents for on in move.on})
    return run


def train(run: Run[B], stream: Callable[[int], Iterator[B]]) -> Iterator[Tick]:
    """Carry out the moves once per batch; `stream(step)` starts at that step.

    Stops after the recipe's steps, or when the stream ends.

    Raises:
        Diverged: a loss or gradient is not finite; the parts keep the last good values.
    """
    steps = run.recipe.steps
    for batch in stream(run.step):
        if run.step >= steps:
            return
        ctx = Ctx(run.step, run.step / steps, run.engine.gather, run.engine.rank)
        terms: dict[str, Tensor] = {}
        outputs = None
        share = batch.part(run.engine.rank, run.engine.world).to(run.engine.device, run.layout)
        for move in run.moves:
            seed = derive_seed(run.recipe.seed, run.step, run.engine.rank)
            if isinstance(move, Do):
                set_eval(run.parts, move.train)
                with seeded(seed), torch.no_grad(), run.engine.autocast(_bf16(run)):
                    found = move.update(run.parts, share, ctx)
                outputs = outputs if found is None else found
            else:
                loss = descend(run, move, share, ctx, seed)
                terms |= {f"{move.name}/{name}": value for name, value in loss.terms.items()}
                outputs = loss.outputs if loss.outputs is not None else outputs
        if run.average:
            run.average.follow(run.parts)
        run.step += 1
        yield Tick(run.step, terms, outputs)
        if run.step >= steps:
            return


def _learns_convolutions(parts: Parts, moves: Iterable[Move[Any]]) -> bool:
    """Whether a descent trains a convolution of pictures."""
    descents = (move for move in moves if isinstance(move, Descend))
    known = (move for move in descents if all(on.part in parts for on in move.on))
    learned = {id(parameter) for move in known for parameter in move.parameters(parts)}
    return any(id(m.weight) in learned for m in parts.modules() if isinstance(m, nn.Conv2d))


def _embeds(moves: Iterable[Move[Any]]) -> bool:
    """Whether every descent says what its loss compares."""
    descents = [move for move in moves if isinstance(move, Descend)]
    return bool(descents) and all(move.embed is not None for move in descents)


def _check(run: Run[Any], move: Descend[Any]) -> None:
    """Check that a move names parts and blocks that there are, and selects a parameter."""
    for on in move.on:
        if on.part not in run.parts:
            known = ", ".join(run.parts)
            raise BadInput(f"{run.name}: move {move.name!r} is on {on.part!r}; parts are {known}")
        if on.blocks is not None and not on(run.parts):
            count = len(getattr(run.parts[on.part], "blocks", ()))
            raise BadInput(
                f"{run.name}: nothing can learn in blocks {on.blocks.start}:{on.blocks.stop} of "
                f"{on.part!r}, which has {count}; choose others, or None for all of it. `headstart anatomy` "
                "lists them."
            )
    if not move.parameters(run.parts):
        raise BadInput(f"{run.name}: move {move.name!r} selects no parameter")


def _group(recipe: Recipe, on: On, parameters: list[nn.Parameter]) -> dict[str, Any]:
    """Parameters as a group of an optimiser, with their learning-rate factor, start and decay."""
    decay = recipe.weight_decay if on.weight_decay is None else on.weight_decay
    factors = {"params": parameters, "factor": on.lr, "since": on.since, "weight_decay": decay}
    if recipe.optimiser != "lbfgs":  # which has one rate, that of its line search
        factors["lr"] = recipe.lr * on.lr  # so that any torch scheduler starts from it
    return factors


def _bf16(run: Run[Any]) -> bool:
    return run.recipe.precision == "bf16"
