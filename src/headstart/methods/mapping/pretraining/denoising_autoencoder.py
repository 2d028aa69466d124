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
class DenoisingAutoencoder(AutoencoderSettings[Seeded]):
    """Pre-train an encoder to predict a sample from a corrupted one.

    Attributes:
        share: of the cells of a table's row that are replaced by those of other rows, in (0, 1).
        noise: standard deviation of the noise that is added to normalised pictures, > 0.
    """

    about = About("denoising-autoencoder", "start", "mapping", Seeded, "doi:10.1145/1390156.1390294")
    share: float = 0.2
    noise: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("share", 0 < self.share < 1, "in (0, 1)")
        self.check("noise", 0 < self.noise < float("inf"), "> 0; without noise take autoencoder")

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The encoder, its code and the decoder."""
        return autoencoder_parts(self, backbone, task)

    def moves(self) -> tuple[Descend[Seeded]]:
        """One descent on all three."""
        return (Descend(self.loss, on=learning("code", "decoder")),)

    def loss(self, parts: Parts, batch: Seeded, ctx: Ctx) -> Loss:
        """The error of all observed parts, predicted from the corrupted sample."""
        x, decoder = inputs_of(parts, batch.x), decoder_of(parts)
        seen = decoder.corrupted(x, batch.seed, self.share, self.noise)
        code = parts["code"](parts["backbone"](seen))
        return Loss.sum(reconstruction=decoder.loss(decoder(code), x))

    def predictor(self, parts: Parts) -> Model:
        """Encoder and head."""
        return Model.of(parts)
