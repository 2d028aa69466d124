"""How little predictions of embeddings point where these do."""

from torch import Tensor
from torch.nn.functional import cosine_similarity


def negative_cosine(predicted: Tensor, target: Tensor) -> Tensor:
    """Minus the mean cosine () of predictions (n, d) and targets (n, d), which get no gradient."""
    return -cosine_similarity(predicted.float(), target.detach().float(), dim=1).mean()
