"""Temperature scaling of several sets of scores at once."""

import torch
from torch import Tensor

STEPS = 60  # of Newton's method at most; a few are enough
CLOSE = 1e-6  # of the scale


def scaled_losses(scores: Tensor, y: Tensor, low: float = 1e-2, high: float = 1e3) -> Tensor:
    """Log losses (b,) in nats of scores (b, n, classes) for labels y (n,), each set at its best scale.

    The scales are those of `best_scale`, computed for all sets at once: by Newton's steps on the slope,
    which rises in s, and by bisecting log s where such a step would leave the bracket.
    """
    scores = scores.double()
    ahead = scores - scores.gather(2, y[None, :, None].expand(len(scores), -1, 1))
    smoothed = ahead[:, :, torch.bincount(y).nonzero()[:, 0]].mean(2) / (
        len(y) + 1
    )  # labels, as in `best_scale`
    left, end = scores.new_full((len(scores),), low), scores.new_full((len(scores),), high)
    now = torch.ones_like(left)
    for _ in range(STEPS):
        shares = (ahead * now[:, None, None]).softmax(2)
        mean = (shares * ahead).sum(2)
        slope = (mean - smoothed).mean(1)
        bend = ((shares * ahead.square()).sum(2) - mean.square()).mean(1)
        left, end = torch.where(slope > 0, left, now), torch.where(slope > 0, now, end)
        step = now - slope / bend.clamp_min(1e-300)
        inside = (step > left) & (step < end)
        now, before = torch.where(inside, step, (left * end).sqrt()), now
        if bool(((now - before).abs() <= CLOSE * before).all()):
            break
    return (ahead * now[:, None, None]).logsumexp(2).mean(1)
