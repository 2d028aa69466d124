"""What autoencoders have in common: settings, parts, and the loss of a code."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from headstart.core import B, Backbone, Parts, Task
from headstart.methods.mapping.pretraining._self_supervised import SelfSupervised, encoder_parts
from headstart.nn.imputation.whole import WholeDecoder, whole_decoder


@dataclass(frozen=True, kw_only=True)
class AutoencoderSettings(SelfSupervised[B]):
    """Settings of autoencoders.

    Attributes:
        latent: numbers of the code that all of a sample is predicted from, >= 1.
        decoder: width of the decoder, >= 1.
    """

    latent: int = 32
    decoder: int = 128

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check("latent", self.latent >= 1, ">= 1")
        self.check("decoder", self.decoder >= 1, ">= 1")

    def chance_in(self, parts: Parts, rows: int) -> float | None:
        """Of cells: that of the best constant for each column."""
        return decoder_of(parts).chance


def autoencoder_parts(
    settings: AutoencoderSettings[Any], backbone: Backbone, task: Task, **others: nn.Module
) -> Parts:
    """The encoder, its code, the decoder, and other parts by name."""
    code = nn.Linear(backbone.width, settings.latent)
    made = encoder_parts(settings, backbone, task, code=code, **others)
    encoder: nn.Module = made["backbone"]
    assert isinstance(encoder, Backbone)
    made["decoder"] = whole_decoder(encoder, task, settings.latent, settings.decoder)
    return made


def decoder_of(parts: Parts) -> WholeDecoder:
    """The decoder out of the parts."""
    found = parts["decoder"]
    assert isinstance(found, WholeDecoder)
    return found


def inputs_of(parts: Parts, x: Tensor) -> Tensor:
    """Samples (n, ...) as the decoder predicts them."""
    backbone = parts["backbone"]
    assert isinstance(backbone, Backbone)
    return decoder_of(parts).inputs(backbone, x)
