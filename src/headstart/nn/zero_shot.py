"""Classes described by embeddings of texts instead of rows: zero-shot classification (arXiv:2103.00020)."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import normalize

from .centroid_head import CentroidHead


def class_embeddings(prompts: Sequence[Tensor]) -> Tensor:
    """Embeddings (classes, d) of unit length: each prompt's is normalised, then their mean of each class.

    Args:
        prompts: of each class the embeddings (prompts, d) of its prompts, at least one; of any length.
    """
    return torch.stack([normalize(normalize(each, dim=1).mean(0), dim=0) for each in prompts])


def zero_shot_head(embeddings: Tensor, scale: float, bias: Tensor | None = None) -> CentroidHead:
    """A head whose logits are scaled cosines: scale * cos(features, class) + bias.

    Args:
        embeddings: (classes, d) of unit length.
        scale: 1 / temperature, > 0.
        bias: (classes,) of the logits; None: 0.
    """
    head = CentroidHead(embeddings.shape[1], len(embeddings))
    with torch.no_grad():
        head.centroids.copy_(embeddings)
        head.scale.fill_(scale)
        if bias is not None:
            head.bias.copy_(bias)
    return head


def content_free_bias(logits: Tensor) -> Tensor:
    """What is added to logits so that inputs without content are of every class alike, (classes,).

    Contextual calibration (Zhao et al. 2021, arXiv:2102.09690) with a diagonal matrix: less the log of the
    mean probability that the classes have for such inputs.

    Args:
        logits: (n, classes) of n >= 1 inputs without content, such as "N/A" and an empty text.
    """
    return -logits.double().softmax(1).mean(0).log().to(logits.dtype)


def balancing_bias(logits: Tensor, steps: int = 200) -> Tensor:
    """What is added to logits so that the mean probability of every class is the same, (classes,).

    Right where the classes are equally frequent in the rows, which need no labels: the marginal of the
    predictions is matched to a uniform prior (Saerens et al. 2002, doi:10.1162/089976602753284446, reversed;
    Zhou et al. 2024, arXiv:2309.17249, take its first step).

    Args:
        logits: (n, classes) of n rows.
        steps: of the fixed-point iteration.
    """
    wide = logits.double()
    bias = wide.new_zeros(wide.shape[1])
    for _ in range(steps):
        shares = (wide + bias).softmax(1).mean(0).clamp(min=1e-12)
        bias = bias - (shares * len(shares)).log()
    return (bias - bias.mean()).to(logits.dtype)


def most_alike(embeddings: Tensor, above: float) -> list[tuple[int, int, float]]:
    """Pairs of classes whose cosine is at least `above`, the most similar first: (one, other, cosine).

    Args:
        embeddings: (classes, d) of unit length.
        above: in [-1, 1].
    """
    cosines = embeddings.double() @ embeddings.double().T
    one, other = torch.triu_indices(len(cosines), len(cosines), offset=1)
    order = cosines[one, other].argsort(descending=True)
    pairs = [(int(one[i]), int(other[i]), float(cosines[one[i], other[i]])) for i in order.tolist()]
    return [pair for pair in pairs if pair[2] >= above]
