"""Views that are the samples themselves."""

from torch import Tensor

from headstart.nn.views.views import Views


class SameViews(Views):
    """Samples as they are: their views differ by the network's dropout alone (SimCSE, arXiv:2104.08821)."""

    def forward(self, x: Tensor, seed: Tensor) -> Tensor:
        """The same x (n, ...)."""
        return x
