"""Decoders of autoencoders: all of a sample from a code of a few numbers."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from headstart.core import Backbone, BadInput, Task, Tokens
from headstart.core.draws import normals, reseeded
from headstart.core.schema import Schema
from headstart.nn.front import normalised
from headstart.nn.translators import is_picture
from headstart.nn.views.cells import drawn_cells

from .cell_targets import CellTargets, schema_of_rows
from .imputer import hidden_parts, mean_of_hidden, perceptron
from .pixels import PixelDecoder

PLACES = 7  # most places along a side of the map that a picture's code becomes


class WholeDecoder(nn.Module):
    """Predicts all parts of samples from codes (n, latent).

    Attributes:
        chance: the loss of predictions that see nothing of a sample; None: not known.
    """

    chance: float | None = None

    def inputs(self, backbone: Backbone, x: Tensor) -> Tensor:
        """Samples (n, ...) as they are corrupted and predicted."""
        return x

    def forward(self, code: Tensor) -> Tensor:
        """Predictions of codes (n, latent)."""
        raise NotImplementedError

    def loss(self, predicted: Tensor, x: Tensor) -> Tensor:
        """() the mean over the observed parts of a row, then over rows."""
        raise NotImplementedError

    def parts(self, x: Tensor) -> Tensor:
        """The number (n,) of observed parts of each row, at least 1."""
        raise NotImplementedError

    def corrupted(self, x: Tensor, seed: Tensor, share: float, noise: float) -> Tensor:
        """Samples with a `share` of their parts replaced, or with `noise` added, by seeds (n,)."""
        raise NotImplementedError


class CellDecoder(WholeDecoder):
    """Predicts the cells of rows (n, columns)."""

    rows: Tensor  # (rows, columns), which cells are drawn from

    def __init__(self, backbone: Backbone, columns: Tensor, latent: int, hidden: int) -> None:
        """For rows like those of `columns` (rows, columns), by one layer of `hidden` units.

        Raises:
            BadInput: all columns are constant.
        """
        super().__init__()
        schema = getattr(backbone, "schema", None)
        self.targets = CellTargets(schema if isinstance(schema, Schema) else schema_of_rows(columns))
        self.register_buffer("rows", columns.clone())
        self.layers = perceptron(latent, hidden, self.targets.outputs)
        self.chance = self.targets.chance(columns)

    def forward(self, code: Tensor) -> Tensor:
        """Predictions (n, outputs), see `CellTargets`."""
        found: Tensor = self.layers(code)
        return found

    def loss(self, predicted: Tensor, x: Tensor) -> Tensor:
        """() of the observed cells."""
        return mean_of_hidden(self.targets.losses(predicted, x), self.targets.there(x))

    def parts(self, x: Tensor) -> Tensor:
        """The number (n,) of observed cells."""
        return self.targets.there(x).sum(1).clamp(min=1)

    def corrupted(self, x: Tensor, seed: Tensor, share: float, noise: float) -> Tensor:
        """Rows of which a share of the cells are those of other rows."""
        places = self.targets.places
        swapped = hidden_parts(reseeded(seed, 2), share, self.targets.there(x))
        drawn = drawn_cells(self.rows, seed)[:, places]
        return x.index_copy(1, places, torch.where(swapped, drawn.to(x.dtype), x[:, places]))


class PictureDecoder(WholeDecoder):
    """Predicts the pixels of pictures (n, channels, height, width)."""

    def __init__(self, shape: Sequence[int], latent: int, hidden: int) -> None:
        """For pictures of a shape (channels, height, width), by maps of `hidden` channels."""
        super().__init__()
        self.sides = tuple(max(1, min(PLACES, side // 2)) for side in shape[1:])
        self.enter = nn.Linear(latent, hidden * self.sides[0] * self.sides[1])
        self.layers = PixelDecoder(torch.zeros(1, hidden, *self.sides), shape, hidden)

    def inputs(self, backbone: Backbone, x: Tensor) -> Tensor:
        """Normalised pictures."""
        return normalised(backbone, x)

    def forward(self, code: Tensor) -> Tensor:
        """Pictures (n, channels, height, width)."""
        start = torch.relu(self.enter(code)).view(len(code), -1, *self.sides)
        found: Tensor = self.layers(start)
        return found

    def loss(self, predicted: Tensor, x: Tensor) -> Tensor:
        """() the mean squared error of pixels."""
        return (predicted - x).square().mean()

    def parts(self, x: Tensor) -> Tensor:
        """The number (n,) of pixels times channels."""
        return torch.full((len(x),), x[0].numel(), device=x.device)

    def corrupted(self, x: Tensor, seed: Tensor, share: float, noise: float) -> Tensor:
        """Pictures with Gaussian noise of a standard deviation, in normalised units."""
        drawn = normals(reseeded(seed, 1), x[0].numel())
        return x + noise * drawn.view_as(x).to(x.dtype)


def whole_decoder(backbone: Backbone, task: Task, latent: int, hidden: int) -> WholeDecoder:
    """The decoder for the samples that a backbone reads.

    Raises:
        BadInput: there is none.
    """
    reads_texts = isinstance(getattr(backbone, "tokens", None), Tokens)
    if task.columns is not None and not reads_texts:
        return CellDecoder(backbone, task.columns, latent, hidden)
    if is_picture(task.shape) and not reads_texts:
        return PictureDecoder(task.shape, latent, hidden)
    what = "texts" if reads_texts else f"samples of shape {task.shape}"
    raise BadInput(
        f"An autoencoder predicts rows of a table or pictures, and these are {what}. Take another method, "
        "such as masked-imputation for texts."
    )


def kl_to_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL divergence (n,) of normal distributions (n, latent) from the standard one, in nats.

    It is the sum of (mean^2 + variance - log variance - 1) / 2 (Kingma and Welling, arXiv:1312.6114).
    """
    return (mean.square() + log_variance.exp() - log_variance - 1).sum(1) / 2
