"""One gradient step: exact under accumulation, closures and several processes."""

import copy
import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from headstart.core import BadInput, Ctx, Descend, Diverged, Loss, Parts
from headstart.core.batches import Batch

from .embedded import compare_rows
from .modes import seeded, set_trainable
from .optimisers import optimiser_name
from .state import Run

FAR = 1e15  # a shorter step takes no finite float32 out of its range, which ends at 3e38


class Snapshot:
    """Copies of tensors, to restore them later."""

    def __init__(self, tensors: Iterable[Tensor]) -> None:
        self.pairs = [(tensor, tensor.detach().clone()) for tensor in tensors]

    def restore(self) -> None:
        """Restore every tensor."""
        with torch.no_grad():
            for tensor, value in self.pairs:
                tensor.copy_(value)


def descend(
    run: Run[Any],
    move: Descend[Any],
    batch: Batch,
    ctx: Ctx,
    seed: int,
) -> Loss:
    """Carry out one move on this process's share of a batch.

    `seed` is reset before each evaluation, so that a closure that is evaluated many times
    (L-BFGS) always sees the same dropout, as does a batch that is recomputed for lack of memory.

    Raises:
        Diverged: the loss, the gradient or a weight after the step is not finite; every parameter
            and statistic keeps its value from before the step.
    """
    optimiser = run.optimisers[optimiser_name(move, run.recipe)]
    learning = _set_trainable_now(run, move, ctx)
    closure = isinstance(optimiser, torch.optim.LBFGS)
    weight = run.engine.share(len(batch))
    statistics = Snapshot(_statistics(run.parts))
    weights = Snapshot(learning if closure else ())  # evaluations of a line search
    last: list[Loss] = []
    norms: list[float] = []

    def evaluate() -> Tensor:
        loss = _gradient(run, move, batch, ctx, seed, weight, statistics)
        run.engine.average(learning)
        if move.gradient is not None:
            move.gradient(run.parts, learning)
        norms.append(_check_and_clip(run, loss, learning, ctx))
        last.append(loss)
        # a line search compares losses, so all processes must see the same one
        return run.engine.gather((loss.total * weight).reshape(1)).mean() if closure else loss.total

    try:
        if isinstance(optimiser, torch.optim.LBFGS):
            optimiser.step(evaluate)  # type: ignore[no-untyped-call]
        else:
            evaluate()
            _step(run, optimiser, learning, norms[-1], ctx)
    except Diverged:
        statistics.restore()
        weights.restore()
        raise
    return last[0]


def _statistics(parts: Parts) -> Iterable[Tensor]:
    """Buffers that a forward pass may change: those of modules in training mode."""
    return (b for module in parts.modules() if module.training for b in module.buffers(recurse=False))


def _set_trainable_now(run: Run[Any], move: Descend[Any], ctx: Ctx) -> list[nn.Parameter]:
    """Set rates and modes for this step, and return the parameters that learn in it."""
    optimiser = run.optimisers[optimiser_name(move, run.recipe)]
    rate = run.recipe.rate(ctx.progress)
    shared = bool(move.optimiser)  # others of a shared optimiser get no gradient
    mine = set(map(id, move.parameters(run.parts))) if shared else set[int]()
    learning: list[nn.Parameter] = []
    for group in optimiser.param_groups:
        for parameter in group["params"]:
            parameter.grad = None
        if not isinstance(optimiser, torch.optim.LBFGS):
            if ctx.progress < group["since"]:
                continue
            group["lr"] = rate * group["factor"]
        learning += [parameter for parameter in group["params"] if not shared or id(parameter) in mine]
    set_trainable(run.parts, learning, [on for on in move.on if ctx.progress >= on.since])
    return learning


def _gradient(
    run: Run[Any],
    move: Descend[Any],
    batch: Batch,
    ctx: Ctx,
    seed: int,
    weight: float,
    statistics: Snapshot,
) -> Loss:
    """Compute the gradients of the batch's loss into `.grad`; halve the micro-batch if memory runs out."""
    while True:
        try:
            with seeded(seed):
                return _accumulate(run, move, batch, ctx, weight, statistics.restore)
        except (RuntimeError, MemoryError) as error:
            most = _most_parts(run.parts, batch)
            if not (out_of_memory(error) and run.divisible and run.accumulate < most):
                raise
            _require_alone(run, move, len(batch), error)
            statistics.restore()
            run.accumulate = min(2 * run.accumulate, most)
            same = (
                "batch normalisations in training mode take the statistics of each part by itself"
                if _compares_rows(run.parts)
                else "the gradient is the same"
            )
            run.notes["accumulate"] = (
                f"Memory was short at step {ctx.step}: each batch of {len(batch)} rows is now computed "
                f"in {run.accumulate} parts; {same}."
            )


def _require_alone(run: Run[Any], move: Descend[Any], rows: int, error: BaseException) -> None:
    """Raise `BadInput` if other processes wait for this one's rows, whose gathering it can't repeat alone."""
    if move.embed is not None and run.engine.world > 1:
        raise BadInput(
            f"{run.name}: memory is short for {rows} rows in {run.accumulate} parts, and processes that "
            "compare their rows can't divide a batch further by themselves. Set chunks to "
            f"{2 * run.accumulate} or more, or take a smaller batch."
        ) from error


def _compares_rows(parts: Parts) -> bool:
    """Whether any batch normalisation uses batch statistics."""
    norms = (m for m in parts.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm))
    return any(norm.training or norm.running_mean is None for norm in norms)


def _most_parts(parts: Parts, batch: Batch) -> int:
    """Largest number of micro-batches: one per row, or per two rows with batch normalisation."""
    return max(1, len(batch) // 2) if _compares_rows(parts) else len(batch)


def _accumulate(
    run: Run[Any], move: Descend[Any], batch: Batch, ctx: Ctx, weight: float, restore: Callable[[], None]
) -> Loss:
    parameters = move.parameters(run.parts)
    for parameter in parameters:
        parameter.grad = None
    any_learns = any(parameter.requires_grad for parameter in parameters)  # none may learn yet
    # an empty piece has no mean, and most batches are computed whole
    pieces = min(run.accumulate, _most_parts(run.parts, batch)) if run.accumulate > 1 else 1
    if move.embed is not None:
        return _detached(compare_rows(run, move, batch, ctx, weight, pieces, restore))
    losses: list[Loss] = []
    shares: list[float] = []
    for index in range(pieces):
        piece = batch.part(index, pieces)
        share = len(piece) / len(batch)
        with run.engine.autocast(run.recipe.precision == "bf16"):
            loss = move.loss(run.parts, piece, ctx)
        if any_learns:
            run.engine.backward(loss.total * (share * weight))
        losses.append(_detached(loss))
        shares.append(share)
    return losses[0] if len(losses) == 1 else _mean(losses, shares)


def _check_and_clip(run: Run[Any], loss: Loss, learning: list[nn.Parameter], ctx: Ctx) -> float:
    """Clip the gradient and return its norm after clipping."""
    gradients = [p.grad for p in learning if p.grad is not None]
    norm = nn.utils.get_total_norm(gradients) if gradients else loss.total.new_zeros(())
    if not math.isfinite(loss.total.item()) or not math.isfinite(norm.item()):
        found = f"the loss is {loss.total.item():.4g} and the gradient's norm {norm.item():.4g}"
        raise _diverged(run, ctx, found, "look for extreme values in the data")
    if run.recipe.clip is None:
        return norm.item()
    nn.utils.clip_grads_with_norm_(learning, run.recipe.clip, norm)
    return min(norm.item(), run.recipe.clip)


def _step(
    run: Run[Any], optimiser: torch.optim.Optimizer, learning: list[nn.Parameter], norm: float, ctx: Ctx
) -> None:
    """Take the optimiser step for gradients of a given norm; undo one with non-finite results."""
    groups = optimiser.param_groups
    if all(group["lr"] * max(norm, 1) < FAR and group["lr"] * group["weight_decay"] <= 1 for group in groups):
        optimiser.step()
        return
    weights, state = Snapshot(learning), copy.deepcopy(optimiser.state_dict())
    optimiser.step()
    if not all(bool(parameter.isfinite().all()) for parameter in learning):
        weights.restore()
        optimiser.load_state_dict(state)
        raise _diverged(run, ctx, "the weights become too large for numbers", "a smaller weight decay")


def _diverged(run: Run[Any], ctx: Ctx, found: str, other: str) -> Diverged:
    return Diverged(
        f"{run.name}: at step {ctx.step} {found}, so training stopped before that step; the weights are "
        f"those of the last good one. Try a lower learning rate (now {run.recipe.rate(ctx.progress):.3g}) "
        f"or {other}."
    )


def _detached(loss: Loss) -> Loss:
    outputs = None if loss.outputs is None else loss.outputs.detach()
    terms = {name: value.detach() for name, value in loss.terms.items()}
    return Loss(loss.total.detach(), terms, outputs)


def _mean(losses: list[Loss], shares: list[float]) -> Loss:
    def weighted(values: list[Tensor]) -> Tensor:
        return torch.stack([v * s for v, s in zip(values, shares, strict=True)]).sum(0)

    outputs = [loss.outputs for loss in losses if loss.outputs is not None]
    return Loss(
        weighted([loss.total for loss in losses]),
        {name: weighted([loss.terms[name] for loss in losses]) for name in losses[0].terms},
        torch.cat(outputs) if outputs else None,
    )


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory is too short."""
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or ("can't allocate memory" in str(error))
