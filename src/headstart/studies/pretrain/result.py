"""What `pretrain` returns: its record, and the encoder ready to use."""

from dataclasses import dataclass
from pathlib import Path

from headstart.models.backbone import AnyBackbone
from headstart.studies._shown import ShownResult
from headstart.studies.pretrain import Pretraining


@dataclass(frozen=True, repr=False)
class PretrainedEncoder(ShownResult):
    """What `pretrain` returns.

    Attributes:
        folder: with `encoder.safetensors`, `pretrain.json` and `pretrain.html`; every `backbone` takes it.
        result: the record.
        encoder: the backbone, for `hs.adapt(data, encoder)` and all else.
    """

    folder: Path
    result: Pretraining
    encoder: AnyBackbone
