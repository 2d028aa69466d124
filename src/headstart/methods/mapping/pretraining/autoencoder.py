from dataclasses import dataclass
from typing import final

from headstart.core import About, Backbone, Ctx, Descend, Loss, Model, Parts, Seeded, Task
from headstart.methods.mapping.pretraining._autoencoders import (
    AutoencoderSettings,
    autoencoder_parts,
    decoder_of,
    inputs_of,
)
from headstart.methods.mapping.pretraining._self_supervised import learning


@final
@dataclass(frozen=True, kw_only=True)
class Autoencoder(AutoencoderSettings[Seeded]):
    """Pre-train an encoder to keep what a sample can be predicted from, in a code of a few numbers."""

    about = About("autoencoder", "start", "mapping", Seeded, "doi:10.1126/science.1127647")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The encoder, its code and the decoder."""
        return autoencoder_parts(self, backbone, task)

    def moves(self) -> tuple[Descend[Seeded]]:
        """One descent on all three."""
        return (Descend(self.loss, on=learning("code", "decoder")),)

    def loss(self, parts: Parts, batch: Seeded, ctx: Ctx) -> Loss:
        """The error of all observed parts."""
        x, decoder = inputs_of(parts, batch.x), decoder_of(parts)
        code = parts["code"](parts["backbone"](x))
        return Loss.sum(reconstruction=decoder.loss(decoder(code), x))

    def predictor(self, parts: Parts) -> Model:
        """Encoder and head."""
        return Model.of(parts)
