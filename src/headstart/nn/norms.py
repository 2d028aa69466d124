"""Detection of normalisation layers."""

import re

from torch import nn

NORMS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)
NAMED = re.compile(r"(batch|layer|group|instance|rms)_?norm", re.IGNORECASE)  # of other libraries


def is_norm(module: nn.Module) -> bool:
    """Whether a module is a normalisation: batch, layer, group, instance or RMS, of any library."""
    return isinstance(module, NORMS) or NAMED.search(type(module).__name__) is not None
