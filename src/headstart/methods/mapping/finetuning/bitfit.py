from dataclasses import dataclass
from typing import final

from torch import nn

from headstart.core import About, Labelled
from headstart.methods.mapping._tuning import Selected


@final
@dataclass(frozen=True, kw_only=True)
class BitFit(Selected):
    """Train only the biases of the backbone, and the head.

    Attributes:
        backbone_lr: factor on the learning rate for the biases, > 0.
        norm: "frozen" keeps the statistics of batch normalisations; "train" lets them follow the data.
            Their biases learn either way.
    """

    about = About("bitfit", "start", "mapping", Labelled, "arXiv:2106.10199", display_name="BitFit")
    backbone_lr: float = 1.0

    def learns(self, name: str, _module: nn.Module) -> bool:
        """A bias, such as "fc.bias", "attn.in_proj_bias" or "rnn.bias_hh_l0"."""
        return "bias" in name.rpartition(".")[2]
