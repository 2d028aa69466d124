from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from headstart.core import About, Backbone, Ctx, Descend, Do, Loss, Model, Parts, Task, Unlabelled

from ._eta import EMA, EtaSettings, commit_mean, eta_loss, eta_parts
from ._norm_entropy import norms_on, predict_stream


class Anchor(nn.Module):
    """Where parameters started, laid end to end, and how much each mattered to the source.

    Attributes:
        start: (p,) values at the start.
        fisher: (p,) mean squared gradients on samples of the source; 0 where there were none.
    """

    start: Tensor
    fisher: Tensor

    def __init__(self, parameters: Iterable[nn.Parameter]) -> None:
        super().__init__()
        flat = torch.cat([parameter.detach().reshape(-1) for parameter in parameters])
        self.register_buffer("start", flat)
        self.register_buffer("fisher", torch.zeros_like(flat))

    def forward(self, parameters: Iterable[nn.Parameter]) -> Tensor:
        """Sum of fisher * (w - start)^2, ()."""
        flat = torch.cat([parameter.reshape(-1) for parameter in parameters])
        return (self.fisher * (flat - self.start).square()).sum()


@final
@dataclass(frozen=True, kw_only=True)
class Eata(EtaSettings):
    """TENT on low-entropy and non-redundant samples, with a penalty on forgetting the source.

    Without samples of the source there is no penalty: that is ETA.

    Attributes:
        fisher_alpha: weight of the anchor, >= 0.
    """

    about = About(
        "eata",
        "mapping",
        "inputs",
        Unlabelled,
        "arXiv:2204.02610",
        per_sample_loss=False,
        batch_statistics=True,
        selects_parameters=True,
        label_kinds=("classes",),
        display_name="EATA: sure and new rows",
    )
    fisher_alpha: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("fisher_alpha", 0 <= self.fisher_alpha < float("inf"), "a number >= 0")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """Those of ETA, and the anchor."""
        parts = eta_parts(self, backbone, task)
        return Parts({**parts, "anchor": Anchor(norms_on()(parts))})

    def moves(self) -> tuple[Any, ...]:
        """One descent on the normalisations; then the running mean follows."""
        return (Descend(self.loss, on=(norms_on(),)), Do(commit_mean, changes=(EMA,)))

    def fit_source_statistics(self, parts: Parts, batches: Iterable[Tensor]) -> None:
        """Measure what matters to the source, on batches of its samples (n, ...), without labels.

        The Fisher information is the squared gradient of the cross-entropy against the model's own
        answers, batch by batch, averaged over batches; so it shrinks as batches grow.
        """
        anchor = parts["anchor"]
        assert isinstance(anchor, Anchor)
        learning, total, count = norms_on()(parts), torch.zeros_like(anchor.fisher), 0
        before = {name: value.clone() for name, value in parts["backbone"].named_buffers()}
        wanted = [(p, p.requires_grad) for p in parts.parameters()]
        for parameter in parts.parameters():
            parameter.requires_grad_(False)
        for parameter in learning:
            parameter.requires_grad_(True)
        for x in batches:
            with torch.enable_grad():
                logits = predict_stream(parts, x).float()
                found = torch.autograd.grad(cross_entropy(logits, logits.argmax(1)), learning)
            total += torch.cat([gradient.reshape(-1) for gradient in found]).square()
            count += 1
        for parameter, want in wanted:
            parameter.requires_grad_(want)
        for name, value in parts["backbone"].named_buffers():
            value.copy_(before[name])  # statistics are those of the stream, not of these samples
        anchor.fisher.copy_(total / max(count, 1))

    def loss(self, parts: Parts, batch: Unlabelled, ctx: Ctx) -> Loss:
        """As for ETA, and fisher_alpha sum fisher (w - w0)^2."""
        loss, anchor = eta_loss(self, parts, batch, ctx), parts["anchor"]
        assert isinstance(anchor, Anchor)
        if not self.fisher_alpha or loss.total.is_leaf or not bool(anchor.fisher.any()):
            return loss
        term = self.fisher_alpha * anchor(norms_on()(parts))
        return replace(loss, total=loss.total + term, terms={**loss.terms, "anchor": term})

    def predictor(self, parts: Parts) -> Model:
        """Backbone and head as they are now."""
        return Model.of(parts)
