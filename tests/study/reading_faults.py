"""Faults of reading features and of choosing how samples are read, for tests/test_faults.py."""

from tests.faults import Fault

READING = (
    Fault(
        "studies/adapt/reading.py",
        "if not losses or time.perf_counter() < self.end:",
        "if True:",
        "sizes are compared although the time for it is over",
        "study/test_reading.py time_is_over",
    ),
    Fault(
        "session/activation_caches.py",
        "self.show(done / (self.rows * max(cache.views, 1)))",
        "self.show(1.0)",
        "the bar is full before the first rows are read",
        "run/test_shares.py recorded_features",
    ),
    Fault(
        "studies/adapt/reading.py",
        "if not _is_worse(each, losses[best])][-1]",
        "if not _is_worse(each, losses[best])][0]",
        "the costliest of the sizes that serve as well is taken",
        "study/test_reading.py cheapest",
    ),
    Fault(
        "studies/adapt/reading.py",
        "    return mean > error\n",
        "    return mean > 1e9\n",
        "the smallest size is taken whatever is lost",
        "study/test_reading.py details_matter",
    ),
    Fault(
        "studies/adapt/readouts.py",
        "own = features[FeatureSource()]\n    joined",
        "own = features[FeatureSource()]\n    return iter([('output', Readout())])\n    joined",
        "blocks are never read",
        "study/test_reading.py block_that_knows",
    ),
    Fault(
        "models/layout.py",
        "x.masked_fill(~there[..., None], -torch.inf).amax(1)",
        "x.amax(1)",
        "padding has the largest features",
        "models/test_readout.py without_padding",
    ),
    Fault(
        "models/wrapped.py",
        "found[each.block](how=each.pooling) / each.scale",
        "found[each.block](how=each.pooling)",
        "the block with the largest numbers drowns the others",
        "models/test_readout.py scales",
    ),
    Fault(
        "models/backbone.py",
        "made.readout = readout and Readout.from_settings(readout)",
        "made.readout = None",
        "a saved model reads elsewhere than it was tested",
        "models/test_readout.py json or saved",
    ),
    Fault(
        "session/activation_caches.py",
        'boundary = f"{replay.boundary} {readout}" if readout else replay.boundary',
        "boundary = replay.boundary",
        "features of one readout are taken for those of another",
        "study/test_reading.py cache",
    ),
    Fault(
        "solvers/held_out_losses.py",
        "[unit * factor for factor in RIDGE_GRID], groups)",
        "[unit * factor for factor in RIDGE_GRID])",
        "a row is predicted with the help of its copy",
        "solvers/test_held_out_losses.py classes",
    ),
)
