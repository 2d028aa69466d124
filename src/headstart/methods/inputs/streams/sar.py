from dataclasses import dataclass
from typing import Any, final

import torch
from torch import Tensor, nn

from headstart.core import About, Backbone, Ctx, Descend, Do, Loss, Model, Parts, Task, Unlabelled
from headstart.losses.alignment.entropy import entropies
from headstart.nn.other_weights import call_with_weights
from headstart.nn.running_mean import RunningMean

from ._norm_entropy import entropy_backbone, norms_on, predict_stream, stream_parts
from ._sample_selection import SampleSelectionSettings, mean_of_kept, running_mean, zero_loss


class Start(nn.Module):
    """Where parameters started, laid end to end."""

    values: Tensor  # (p,)

    def __init__(self, parameters: list[nn.Parameter]) -> None:
        super().__init__()
        self.register_buffer("values", torch.cat([p.detach().reshape(-1) for p in parameters]))

    def restore(self, parameters: list[nn.Parameter]) -> None:
        """Give parameters of the same shapes, in the same order, the values of the start."""
        pieces = torch.split(self.values, [p.numel() for p in parameters])
        for parameter, piece in zip(parameters, pieces, strict=True):
            parameter.copy_(piece.view_as(parameter))


@final
@dataclass(frozen=True, kw_only=True)
class SAR(SampleSelectionSettings):
    """Sharpness-aware entropy minimisation on low-entropy samples; resets when predictions collapse.

    Attributes:
        rho: how far from the weights the gradient is taken, in the direction that is worst, >= 0.
        e_m: weights go back to the source's when the running mean of the entropies that were learned
            from falls below it, in nats, >= 0; 0: never.
    """

    about = About(
        "sar",
        "mapping",
        "inputs",
        Unlabelled,
        "arXiv:2302.12400",
        per_sample_loss=False,
        batch_statistics=True,
        selects_parameters=True,
        label_kinds=("classes",),
        display_name="SAR: sharpness-aware and reliable",
    )
    rho: float = 0.05
    e_m: float = 0.2

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("rho", 0 <= self.rho < float("inf"), "a number >= 0")
        self.check("e_m", 0 <= self.e_m < float("inf"), "a number >= 0")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """Backbone and head of the source, the running mean of the entropy, and the start of the weights."""
        parts = stream_parts(entropy_backbone(self, backbone), task)
        return Parts({**parts, "entropy_ema": RunningMean(), "start": Start(norms_on()(parts))})

    def moves(self) -> tuple[Any, ...]:
        """One descent; then back to the start, if need be."""
        recover = Do(self.recover, changes=("backbone", "entropy_ema"))
        return (Descend(self.loss, on=(norms_on(),)), recover)

    def loss(self, parts: Parts, batch: Unlabelled, ctx: Ctx) -> Loss:
        """The mean entropy of low-entropy samples at perturbed weights; the predictions are those before."""
        logits = predict_stream(parts, batch.x)
        entropy, margin = entropies(logits), self.margin(logits.shape[1])
        kept = entropy.detach() < margin
        mean = mean_of_kept(entropy, kept, ctx)
        if mean is not None and self.rho:
            entropy = entropies(self.uphill(parts, batch.x, mean * len(kept), ctx))
            kept = kept & (entropy.detach() < margin)
            mean = mean_of_kept(entropy, kept, ctx)
        staged = None if mean is None else _over_processes(mean, len(kept), ctx)
        running_mean(parts, "entropy_ema").stage(staged)
        if mean is None:
            return zero_loss(logits.detach(), entropy=torch.zeros_like(entropy[0]))
        return Loss.sum(logits.detach(), entropy=mean)

    def uphill(self, parts: Parts, x: Tensor, total: Tensor, ctx: Ctx) -> Tensor:
        """Logits (n, classes) with each weight moved by rho along the gradient of length 1.

        The weights themselves are not edited: what is added is a constant, so the gradient at the moved
        weights is that of the weights.
        """
        backbone, learning = parts["backbone"], norms_on()(parts)
        mine = torch.cat([g.reshape(-1) for g in torch.autograd.grad(total, learning)])
        slope = ctx.gather(mine[None]).sum(0)  # a sum over rows: only its direction counts
        uphill = self.rho * slope / (slope.norm() + 1e-12)
        offsets = torch.split(uphill, [p.numel() for p in learning])
        moved = {id(p): p + o.view_as(p) for p, o in zip(learning, offsets, strict=True)}
        names = {name: moved[id(p)] for name, p in backbone.named_parameters() if id(p) in moved}
        backbone.eval()  # statistics have followed this batch in the first forward
        logits: Tensor = parts["head"](call_with_weights(backbone, names, x))
        return logits

    def recover(self, parts: Parts, batch: Unlabelled, ctx: Ctx) -> None:
        """Start anew if entropies are so low that predictions may have collapsed to one class."""
        ema, start = running_mean(parts, "entropy_ema"), parts["start"]
        assert isinstance(start, Start)
        ema.commit(0.1)
        if ema.seen and ema.mean < self.e_m:
            start.restore(norms_on()(parts))
            ema.reset()

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head as they are now."""
        return Model.of(parts)


def _over_processes(mean: Tensor, rows: int, ctx: Ctx) -> Tensor:
    """The mean over all rows, of what is a mean over the rows of each process's share."""
    own = torch.stack([mean.detach() * rows, mean.new_tensor(float(rows))])
    both: Tensor = ctx.gather(own[None]).sum(0)
    return both[0] / both[1]
