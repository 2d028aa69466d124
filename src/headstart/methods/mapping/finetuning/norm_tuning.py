import re
from dataclasses import dataclass
from typing import final

from torch import nn

from headstart.core import About, Labelled
from headstart.methods.mapping._tuning import Selected

NORMS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)
NAMED = re.compile(r"(batch|layer|group|instance|rms)_?norm", re.IGNORECASE)  # of other libraries


@final
@dataclass(frozen=True, kw_only=True)
class NormTuning(Selected):
    """Train only the scales and shifts of the backbone's normalisations, and the head.

    Attributes:
        backbone_lr: factor on the learning rate for scales and shifts, > 0.
        norm: "frozen" keeps the statistics of batch normalisations; "train" lets them follow the data.
            Their scales and shifts learn either way.
    """

    about = About("norm-tuning", "start", "mapping", Labelled, "arXiv:1810.10703")
    backbone_lr: float = 1.0

    def learns(self, _name: str, module: nn.Module) -> bool:
        """Whether a normalisation owns it: batch, layer, group, instance or root mean square."""
        return isinstance(module, NORMS) or NAMED.search(type(module).__name__) is not None
