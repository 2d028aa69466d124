"""Normalisations whose statistics are those of the rows in hand, for networks that learn a task of few."""

from torch import nn

TRACKING = (nn.modules.batchnorm._BatchNorm, nn.modules.instancenorm._InstanceNorm)


def forget_running_statistics(network: nn.Module) -> None:
    """Let all normalisations of a network take the statistics of the rows in hand, in either mode.

    They neither keep nor read running statistics afterwards, so that a forward changes nothing; their weights
    stay. The network itself is changed: pass a copy.
    """
    for module in network.modules():
        if isinstance(module, TRACKING):
            module.track_running_stats = False
            module.running_mean = module.running_var = module.num_batches_tracked = None


def takes_batch_statistics(network: nn.Module) -> bool:
    """Whether what a network gives for a row depends on the rows beside it, in evaluation mode."""
    norms = (module for module in network.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm))
    return any(norm.running_mean is None for norm in norms)
