"""A class-conditional variational autoencoder."""

from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor, nn

from headstart.core import Ctx, Descend, Loss, On, Parts, SeededLabelled
from headstart.core.draws import normals, reseeded
from headstart.generators.generative_model import GenerativeModel
from headstart.losses.generative import gaussian_nats
from headstart.nn.generative.coders import MapDecoder, MapEncoder, RowCoder
from headstart.nn.imputation.whole import kl_to_normal

ROUNDS = 10  # of encoding and decoding, to fill in what is missing


@final
@dataclass(frozen=True, kw_only=True)
class VariationalAutoencoder(GenerativeModel):
    """An encoder and a decoder that know the class; the decoder's deviation is learned (arXiv:2006.13202).

    Attributes:
        latent: numbers of the code, >= 1.
        beta: factor on the Kullback-Leibler divergence of the code, > 0; 1 is the evidence lower bound.
        noise: of the samples, in units of the learned deviation, >= 0; 0: the decoder's mean.
        width: channels of the maps; perceptrons have four times as many units. A multiple of 8.
    """

    name: ClassVar[str] = "vae"
    title: ClassVar[str] = "Variational autoencoder"
    paper: ClassVar[str] = "arXiv:1312.6114"

    latent: int = 16
    beta: float = 1.0
    noise: float = 0.0
    width: int = 32

    def __post_init__(self) -> None:
        self.check("latent", self.latent >= 1, "a whole number >= 1")
        self.check("beta", self.beta > 0, "> 0")
        self.check("noise", self.noise >= 0, ">= 0")
        self.check("width", self.width >= 8 and self.width % 8 == 0, "a multiple of 8")

    def parts(self, shape: tuple[int, ...], classes: int) -> Parts:
        """An encoder to means and log variances of the code, a decoder, and its log deviation."""
        if len(shape) == 3:
            sides = shape[0], shape[1], shape[2]
            encoder: nn.Module = MapEncoder(sides, 2 * self.latent, classes, self.width)
            decoder: nn.Module = MapDecoder(sides, self.latent, classes, self.width)
        else:
            encoder = RowCoder(shape[0], 2 * self.latent, classes, 4 * self.width)
            decoder = RowCoder(self.latent, shape[0], classes, 4 * self.width)
        return Parts({"encoder": encoder, "decoder": decoder, "deviation": Deviation()})

    def moves(self) -> tuple[Descend[SeededLabelled]]:
        """One descent on all of them."""
        return (Descend(self.loss, on=(On("encoder"), On("decoder"), On("deviation", weight_decay=0.0))),)

    def loss(self, parts: Parts, batch: SeededLabelled, ctx: Ctx) -> Loss:
        """The negative evidence lower bound, a number of each sample."""
        assert batch.seed is not None
        mean, log_variance = parts["encoder"](batch.x, batch.y).chunk(2, 1)
        noise = normals(reseeded(batch.seed, 0), self.latent).to(mean.dtype)
        said = parts["decoder"](mean + noise * (0.5 * log_variance).exp(), batch.y)
        many = batch.x[0].numel()
        nats = gaussian_nats(said, batch.x, _log_deviation(parts))
        divergence = self.beta * kl_to_normal(mean, log_variance)
        return Loss.sum(reconstruction=nats.mean() / many, divergence=divergence.mean() / many)

    def draw(self, parts: Parts, shape: tuple[int, ...], y: Tensor, seed: Tensor) -> Tensor:
        """Decode codes from the standard normal distribution."""
        said: Tensor = parts["decoder"](normals(reseeded(seed, 0), self.latent), y)
        return self._noisy(parts, said, seed)

    def fill(self, parts: Parts, x: Tensor, known: Tensor, y: Tensor, seed: Tensor) -> Tensor:
        """Encode and decode in turn, from a sample on, where what is known stays (arXiv:1401.4082)."""
        now = torch.where(known, x, self.draw(parts, tuple(x.shape[1:]), y, seed))
        for number in range(ROUNDS):
            mean, log_variance = parts["encoder"](now, y).chunk(2, 1)
            code = mean + normals(reseeded(seed, 2 + number), self.latent) * (0.5 * log_variance).exp()
            now = torch.where(known, x, parts["decoder"](code, y))
        return torch.where(known, x, self._noisy(parts, now, seed))

    def _noisy(self, parts: Parts, said: Tensor, seed: Tensor) -> Tensor:
        if not self.noise:
            return said
        noise = normals(reseeded(seed, 1), said[0].numel()).view_as(said)
        return said + self.noise * _log_deviation(parts).exp() * noise


def _log_deviation(parts: Parts) -> Tensor:
    found: Tensor = parts["deviation"].log  # type: ignore[assignment]
    return found


class Deviation(nn.Module):
    """One learned deviation, as its logarithm."""

    def __init__(self) -> None:
        super().__init__()
        self.log = nn.Parameter(torch.zeros(()))
