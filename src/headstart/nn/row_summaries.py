"""What each row looks like inside a model: means and deviations of channels at every normalisation."""

from functools import partial

import torch
from torch import Tensor, nn

from headstart.core import Model

from .norms import is_norm

FEATURES, OUTPUTS = "features", "outputs"


class RowSummaries(nn.Module):
    """A model that returns, row by row, what enters its normalisations, beside its features and outputs.

    Of an input (n, c, ...) of a normalisation, a row gives the mean of each channel over its positions and
    their standard deviation, (n, 2 c); without positions it is the input itself, (n, c). Models of texts
    give features and outputs alone, since texts of a batch are filled up to one length.

    Attributes:
        widths: columns of each part of the last result, by name, in their order.
    """

    def __init__(self, model: Model) -> None:
        super().__init__()
        self.model = model
        self.widths: dict[str, int] = {}

    def forward(self, x: Tensor) -> Tensor:
        """Summaries (n, sum of `widths`), float32, of x (n, ...)."""
        found: dict[str, Tensor] = {}
        backbone, rows = self.model.backbone, len(x)
        texts = getattr(backbone, "tokens", None) is not None
        norms = [(name, m) for name, m in backbone.named_modules() if is_norm(m) and not texts]

        def keep(name: str, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            if inputs[0].ndim > 1 and len(inputs[0]) == rows:
                found[name] = _summary(inputs[0].detach().float(), _channel_axis(module, inputs[0]))

        hooks = [module.register_forward_pre_hook(partial(keep, name)) for name, module in norms]
        try:
            features = backbone(x)
            outputs = self.model.head(features)
        finally:
            for hook in hooks:
                hook.remove()
        found |= {FEATURES: features.float().nan_to_num(), OUTPUTS: outputs.float()}
        self.widths = {name: part.shape[1] for name, part in found.items()}
        return torch.cat(list(found.values()), 1)

    def parts(self, summaries: Tensor) -> dict[str, Tensor]:
        """The parts of a result of the same model, by name."""
        columns = torch.split(summaries, list(self.widths.values()), 1)
        return dict(zip(self.widths, columns, strict=True))


def _channel_axis(norm: nn.Module, x: Tensor) -> int:
    """Where the channels are: last for layer and root-mean-square normalisation, else after the rows."""
    last = isinstance(norm, nn.LayerNorm | nn.RMSNorm) and "2d" not in type(norm).__name__.lower()
    return x.ndim - 1 if last else 1


def _summary(x: Tensor, axis: int) -> Tensor:
    if x.ndim == 2:
        return x
    deviation, mean = torch.std_mean(x.movedim(axis, 1).flatten(2), 2, correction=0)
    return torch.cat([mean, deviation], 1)
