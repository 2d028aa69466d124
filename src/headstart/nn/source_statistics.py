"""What tells rows of the kind that a model was trained on from others: statistics of its training rows."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from .row_summaries import FEATURES, OUTPUTS

FEWEST, FOLDS = 40, 5  # rows; parts of the cross-fitting
MOST_VALUES = 2**22  # of the mean features of all classes; beyond, nothing is kept
USUAL = 0.9  # share of the training rows that count as usual
ALONE = 9  # rows from which on a class has limits of its own: the least whose 0.9 quantile is one of them
DRAWS = 512  # of features without classes
FLOOR = 0.1  # of a deviation, in mean deviations of its layer: a channel that hardly moves


def too_many(classes: int, width: int) -> bool:
    """Whether the mean features of all classes are more numbers than are kept."""
    return classes * width > MOST_VALUES


class SourceStatistics:
    """Statistics of training rows inside a model: which rows are unusual, and how far answers are off.

    Of each row and layer the *energy* is the mean over channels of its squared, standardised summary (see
    `RowSummaries`). The log-energies of all layers have a mean and a covariance over training rows; a row is
    unusual if its squared Mahalanobis distance is beyond the 0.9 quantile of the training rows of the class
    that the model predicts for it, so that another mixture of classes alone makes no row unusual.

    The *distance* of a row is the log of the mean squared, standardised deviation of its features from the
    centre of the class predicted; its *margin* is that from the centre of the runner-up less its distance.
    Quantiles, distances and margins of training rows are cross-fitted.

    Attributes:
        tensors: all there is, by name, float32, to be saved.
    """

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self.tensors = dict(tensors)

    @classmethod
    def fit(cls, parts: Mapping[str, Tensor]) -> "SourceStatistics | None":
        """Of summaries of training rows by layer, each (n, ...), with those called features and outputs.

        None if there are fewer than 40 rows or two classes, or more than 4 million means of features.
        """
        outputs = parts[OUTPUTS]
        many = too_many(outputs.shape[1], parts[FEATURES].shape[1])
        if len(outputs) < FEWEST or outputs.shape[1] < 2 or many:
            return None
        layers = {name: part for name, part in parts.items() if name != OUTPUTS}
        predicted = outputs.argmax(1)
        scores, distances, margins = (torch.zeros(len(outputs)) for _ in range(3))
        fold = torch.arange(len(outputs)) % FOLDS
        for number in range(FOLDS):
            held, rest = fold == number, fold != number
            fitted = cls(_moments({n: p[rest] for n, p in layers.items()}, predicted[rest], outputs.shape[1]))
            scores[held] = fitted._scores({n: p[held] for n, p in layers.items()})
            distances[held], margins[held] = fitted.distances(parts[FEATURES][held], outputs[held])
        tensors = _moments(layers, predicted, outputs.shape[1])
        usual = _usual(scores)
        mine = [scores[predicted == number] for number in range(outputs.shape[1])]
        tensors["limits"] = torch.stack([_usual(some) if len(some) >= ALONE else usual for some in mine])
        tensors |= {"distance": distances.mean(), "margin": margins.mean()}
        return cls({**tensors, "classless": cls(tensors)._classless_margin()})

    @property
    def distance(self) -> float:
        """The mean distance of training rows."""
        return float(self.tensors["distance"])

    @property
    def margin(self) -> float:
        """The mean margin of training rows."""
        return float(self.tensors["margin"])

    @property
    def shares(self) -> Tensor | None:
        """Shares (classes,) of the classes predicted for training rows; None if an older version fitted."""
        return self.tensors.get("shares")

    @property
    def classless(self) -> float:
        """The mean margin of features without classes, whose channels have the moments of training rows."""
        return float(self.tensors["classless"])

    def unusual(self, parts: Mapping[str, Tensor]) -> Tensor:
        """Whether rows are unusual, (n,) bool, by summaries as for `fit`."""
        # what is no number is unusual
        return ~(self._scores(parts) <= self.tensors["limits"][parts[OUTPUTS].argmax(1)])

    def distances(self, features: Tensor, outputs: Tensor) -> tuple[Tensor, Tensor]:
        """Distances and margins, each (n,), of features (n, width) with logits (n, classes)."""
        ranked = outputs.topk(2, 1).indices
        own, other = (self._deviations(features, ranked[:, place]).log() for place in (0, 1))
        return own, other - own

    def centred(self, features: Tensor, outputs: Tensor) -> Tensor:
        """The features (n, width) of a dozen rows or more without what they have moved by together."""
        return features - (features - self.tensors["centres"][outputs.argmax(1)]).mean(0)

    def _classless_margin(self) -> Tensor:
        """The mean margin of 512 draws, each channel Gaussian with its mean and variance over all classes."""
        centres, shares = self.tensors["centres"], self.tensors["shares"]
        mean = shares @ centres
        variance = self.tensors["within"].square() + shares @ (centres - mean).square()
        draw = torch.randn(DRAWS, len(mean), generator=torch.Generator().manual_seed(0))
        features = mean + variance.sqrt() * draw
        every = torch.arange(len(centres))
        outputs = -torch.stack([self._deviations(features, one.expand(DRAWS)) for one in every], 1)
        return self.distances(self.centred(features, outputs), outputs)[1].mean()

    def _scores(self, parts: Mapping[str, Tensor]) -> Tensor:
        """Squared Mahalanobis distances (n,) of log-energies."""
        names = sorted(name.removeprefix("mean/") for name in self.tensors if name.startswith("mean/"))
        off = torch.stack([self._energy(name, parts[name]) for name in names], 1) - self.tensors["energy"]
        return ((off @ self.tensors["precision"]) * off).sum(1)

    def _energy(self, name: str, part: Tensor) -> Tensor:
        return _energy(part, self.tensors[f"mean/{name}"], self.tensors[f"deviation/{name}"])

    def _deviations(self, features: Tensor, classes: Tensor) -> Tensor:
        z = (features - self.tensors["centres"][classes]) / self.tensors["within"]
        return z.square().mean(1).clamp_min(1e-12)


def _moments(layers: Mapping[str, Tensor], predicted: Tensor, classes: int) -> dict[str, Tensor]:
    """Means and deviations of channels, of log-energies, and of features by predicted class."""
    tensors: dict[str, Tensor] = {}
    energies = []
    for name, part in sorted(layers.items()):  # files are read in this order
        mean, deviation = part.mean(0), _floored(part.std(0))
        energies.append(_energy(part, mean, deviation))
        tensors |= {f"mean/{name}": mean, f"deviation/{name}": deviation}
    energy = torch.stack(energies, 1)
    spread = torch.cov(energy.T).reshape(energy.shape[1], energy.shape[1])
    shrunk = spread + torch.diag(0.1 * spread.diag() + 1e-6)
    features = layers[FEATURES]
    # a class of few rows leans on all rows, which count as one of its own
    counts = torch.bincount(predicted, minlength=classes)[:, None]
    sums = torch.zeros(classes, features.shape[1]).index_add_(0, predicted, features)
    centres = (sums + features.mean(0)) / (counts + 1)
    within = _floored((features - centres[predicted]).square().mean(0).sqrt())
    more = {"energy": energy.mean(0), "precision": torch.linalg.inv(shrunk).contiguous(), "centres": centres}
    shares = (counts[:, 0] + 1) / (len(predicted) + classes)
    return {**tensors, **more, "within": within, "shares": shares}


def _energy(part: Tensor, mean: Tensor, deviation: Tensor) -> Tensor:
    return ((part - mean) / deviation).square().mean(1).clamp_min(1e-12).log()


def _floored(deviation: Tensor) -> Tensor:
    return deviation.clamp_min(FLOOR * float(deviation.mean()) + 1e-12)


def _usual(values: Tensor) -> Tensor:
    """The quantile of split conformal prediction: the ceil(0.9 (n + 1))-th of n values, or the last."""
    return values.sort().values[min(math.ceil(USUAL * (len(values) + 1)), len(values)) - 1]
