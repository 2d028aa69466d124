from dataclasses import dataclass
from typing import final

from torch import nn

from headstart.core import About, Backbone, Ctx, Descend, Loss, Model, Parts, Seeded, Task
from headstart.core.draws import normals
from headstart.methods.mapping.pretraining._autoencoders import (
    AutoencoderSettings,
    autoencoder_parts,
    decoder_of,
    inputs_of,
)
from headstart.methods.mapping.pretraining._self_supervised import learning
from headstart.nn.imputation.whole import kl_to_normal


@final
@dataclass(frozen=True, kw_only=True)
class VariationalAutoencoder(AutoencoderSettings[Seeded]):
    """Pre-train an encoder by an autoencoder whose codes are drawn, near a standard normal distribution.

    The loss is the negative evidence lower bound for each part of a sample, up to a constant; the decoder's
    distribution of a number has the variance 1/2.

    Attributes:
        beta: weight of the divergence of codes from the normal distribution, >= 0 (1: the bound itself).
        noise: factor on the deviation that codes are drawn with, >= 0; 0 takes their means.
    """

    about = About("variational-autoencoder", "start", "mapping", Seeded, "arXiv:1312.6114")
    beta: float = 1.0
    noise: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("beta", 0 <= self.beta < float("inf"), ">= 0")
        self.check("noise", 0 <= self.noise < float("inf"), ">= 0")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The encoder, the means and the deviations of its codes, and the decoder."""
        made = autoencoder_parts(self, backbone, task)
        made["log_variance"] = nn.Linear(backbone.width, self.latent)
        return made

    def moves(self) -> tuple[Descend[Seeded]]:
        """One descent on all of them."""
        return (Descend(self.loss, on=learning("code", "decoder", "log_variance")),)

    def loss(self, parts: Parts, batch: Seeded, ctx: Ctx) -> Loss:
        """The error of all observed parts, and the divergence of the codes for each of these."""
        x, decoder = inputs_of(parts, batch.x), decoder_of(parts)
        features = parts["backbone"](x)
        mean, log_variance = parts["code"](features), parts["log_variance"](features)
        drawn = normals(batch.seed, self.latent).to(mean)
        code = mean + self.noise * (log_variance / 2).exp() * drawn
        divergence = (kl_to_normal(mean, log_variance) / decoder.parts(x)).mean()
        reconstruction = decoder.loss(decoder(code), x)
        return Loss.sum(reconstruction=reconstruction, divergence=self.beta * divergence)

    def predictor(self, parts: Parts) -> Model:
        """Encoder and head."""
        return Model.of(parts)
