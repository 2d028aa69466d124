"""The scikit-learn face: a transformer and a classifier that go into pipelines and searches.

scikit-learn is imported here and nowhere else.
"""

import copy
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from headstart.core import BadData, BadInput, HeadstartError, Method, MissingPackage, Unknown, make
from headstart.data.augment import Augment
from headstart.data.dataset import Dataset
from headstart.models.backbone import AnyBackbone, backbone
from headstart.models.fast import fast
from headstart.run.recipe import Recipe
from headstart.study.inputs import suited
from headstart.study.predictor import Predictor
from headstart.study.raw import channels_last, dataset_of, shape_of, unwrapped
from headstart.study.session import Session
from headstart.study.settings import Settings

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin
    from sklearn.utils import check_consistent_length, check_random_state, column_or_1d
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise MissingPackage("scikit-learn", "headstart.sklearn", "sklearn") from error

NESTED = ("method", "recipe")  # parameters whose settings are parameters, too
Floats = NDArray[np.float64]


class _Estimator(BaseEstimator):  # type: ignore[misc]
    """What both share: a backbone, and how samples are taken."""

    backbone: str | nn.Module | None
    weights: str | Path | None
    size: int | None
    batch: int

    def _samples(self, X: Any, y: Any = "no_validation", *, reset: bool) -> Any:  # noqa: N803
        """Checked: a table as scikit-learn checks it, pictures and other arrays as they are."""
        if self.backbone is not None:
            X = channels_last(unwrapped(X))  # noqa: N806
            if isinstance(X, list) or X.ndim != 2:
                return self._alike(X, y, reset)
        return validate_data(self, X, y, dtype=np.float64, reset=reset)

    def _alike(self, X: Any, y: Any, reset: bool) -> Any:  # noqa: N803
        """What is no table: files and pictures of any size, or an array of samples of the shape of `fit`."""
        shape = shape_of(X)
        if reset:
            self._shape = shape
        elif shape != self._shape:
            raise BadInput(f"The samples have the shape {shape}, but those of fit had {self._shape}.")
        if isinstance(y, str):
            return X
        check_consistent_length(X, y)
        return X, column_or_1d(y)

    def _mapping(self, data: Dataset) -> AnyBackbone:
        """The backbone as it suits the samples; for None, what standardises a table is done before."""
        if self.backbone is None or isinstance(self.backbone, nn.Module):
            given: nn.Module = nn.Identity() if self.backbone is None else self.backbone
            array = None if data.is_images else data.array
            like = None if array is None else torch.tensor(array[:2], dtype=torch.float32)
            made = backbone(given, example=None if isinstance(given, AnyBackbone) else like)
        else:
            made = backbone(self.backbone, weights=self.weights)
        return suited(made, data, Settings(size=self.size))

    def _standard(self, X: Any) -> Any:  # noqa: N803
        """Columns of mean 0 and variance 1 on the rows that it was fitted to, where there is no backbone."""
        return (X - self.mean_) / self.scale_ if self.backbone is None else X

    def _learn_standard(self, X: Any) -> None:  # noqa: N803
        if self.backbone is None:
            self.mean_ = X.mean(0)
            spread = X.std(0)
            self.scale_ = np.where(spread > 0, spread, 1.0)


class Features(ClassNamePrefixFeaturesOutMixin, TransformerMixin, _Estimator):  # type: ignore[misc]
    """Samples become the features of a frozen backbone.

    Attributes:
        backbone: a name, a module of yours, or what `hs.models.backbone` gave; never changed. None takes
            tables and brings their columns to mean 0 and variance 1.
        weights: for a name, a local file or "random".
        size: height and width of pictures in pixels; None: the backbone's own, or theirs if smaller.
        batch: samples that are computed together.
        backbone_: after `fit`, the one that is used; None for tables.
    """

    def __init__(
        self,
        backbone: str | nn.Module | None = None,
        *,
        weights: str | Path | None = None,
        size: int | None = None,
        batch: int = 64,
    ) -> None:
        self.backbone = backbone
        self.weights = weights
        self.size = size
        self.batch = batch

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: N803
        """Make the backbone, at the size that suits the samples; labels are not looked at."""
        X = self._samples(X, reset=True)  # noqa: N806
        self._learn_standard(X)
        self.backbone_ = None if self.backbone is None else self._mapping(dataset_of(X)).eval()
        self._n_features_out = X.shape[1] if self.backbone_ is None else self.backbone_.width
        return self

    def transform(self, X: Any) -> Floats:  # noqa: N803
        """Features (n, width) in float64."""
        check_is_fitted(self)
        X = self._samples(X, reset=False)  # noqa: N806
        if self.backbone_ is None:
            standard: Floats = self._standard(X)
            return standard
        session, encoder = Session(self.backbone_, dataset_of(X)), fast(self.backbone_)
        rows = np.arange(len(X))
        with torch.inference_mode():
            some = [
                encoder(session.samples(rows[at : at + self.batch])) for at in range(0, len(X), self.batch)
            ]
        found: Floats = torch.cat(some).double().numpy()
        return found


class TransferClassifier(ClassifierMixin, _Estimator):  # type: ignore[misc]
    """Any method of headstart on any backbone, as a classifier.

    The settings of the method and the recipe are parameters, too, such as `method__penalty` and
    `recipe__steps`, so that a grid search can go over them.

    Attributes:
        backbone: a name, a module of yours, or what `hs.models.backbone` gave; never changed. None takes
            tables and brings their columns to mean 0 and variance 1.
        method: a name with settings after a colon, such as "knn:k=5", or a method of `hs.methods`.
        weights: for a name, a local file or "random".
        size: height and width of pictures in pixels; None: the backbone's own, or theirs if smaller.
        recipe: how to descend; None: 100 steps of 32 rows. Its seed is replaced by `random_state`.
        batch: samples that are computed together in `predict`.
        cache: folder for what frozen parts give; folds and candidates of a search then share features
            of the same rows. None keeps nothing.
        random_state: of all that is random; None draws another one at each fit.
        classes_: after `fit`, the labels (k,) in ascending order.
        predictor_: after `fit`, what answers; its `model` is the backbone and head.
    """

    def __init__(  # noqa: PLR0913  # an option is an argument
        self,
        backbone: str | nn.Module | None = None,
        method: str | Method[Any] = "logistic-probe",
        *,
        weights: str | Path | None = None,
        size: int | None = None,
        recipe: Recipe | None = None,
        batch: int = 64,
        cache: str | Path | None = None,
        random_state: Any = None,
    ) -> None:
        self.backbone = backbone
        self.method = method
        self.weights = weights
        self.size = size
        self.recipe = recipe
        self.batch = batch
        self.cache = cache
        self.random_state = random_state

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name; `deep` adds the settings of method and recipe."""
        found: dict[str, Any] = super().get_params(deep=False)
        for name in NESTED if deep else ():
            given = _opened(name, found[name])
            if is_dataclass(given):
                found |= {f"{name}__{one.name}": getattr(given, one.name) for one in fields(given)}
        return found

    def set_params(self, **params: Any) -> Self:
        """Set parameters; settings of a method or recipe make another one of it."""
        inner = {
            key: params.pop(key) for key in list(params) if key.partition("__")[0] in NESTED and "__" in key
        }
        super().set_params(**params)
        for name in NESTED:
            mine = {
                key.partition("__")[2]: value for key, value in inner.items() if key.startswith(f"{name}__")
            }
            if mine:
                setattr(self, name, _with(name, getattr(self, name), mine))
        return self

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803
        """Carry out the method on samples X and labels y (n,)."""
        X, y = self._samples(X, y, reset=True)  # noqa: N806
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise BadData(
                f"TransferClassifier needs samples of two classes or more, but has 1 class: {self.classes_}."
            )
        self._learn_standard(X)
        data = dataset_of(self._standard(X), codes.astype(np.int64), tuple(map(str, self.classes_)))
        mapping = self._mapping(data)
        session = Session(
            mapping,
            data,
            cache=None if self.cache is None else Path(self.cache),
            augment=Augment() if data.is_images else None,
        )
        method = make(self.method) if isinstance(self.method, str) else self.method
        fitted = session.fit(method, np.arange(len(data)), self._recipe())
        self.predictor_ = Predictor(fitted.model, data.classes, mapping.preprocess)
        # in float64 a row has the same answer alone and in a batch, to the last digits
        self._head = copy.deepcopy(fitted.model.head).double() if self.backbone is None else None
        return self

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """The most probable class (n,) of each sample."""
        shares = self.predict_proba(X)
        found: NDArray[Any] = self.classes_[shares.argmax(1)]
        return found

    def predict_proba(self, X: Any) -> Floats:  # noqa: N803
        """Probabilities (n, k), columns in the order of `classes_`."""
        check_is_fitted(self)
        X = self._samples(X, reset=False)  # noqa: N806
        if self._head is None:
            return self.predictor_.probabilities(X, self.batch)
        with torch.inference_mode():
            logits: Tensor = self._head(torch.from_numpy(self._standard(X)))
        found: Floats = logits.softmax(1).numpy()
        return found

    def _recipe(self) -> Recipe:
        seed = self.random_state
        if not isinstance(seed, int | np.integer):
            seed = check_random_state(seed).randint(2**31 - 1)
        return replace(self.recipe or Recipe(views=None), seed=int(seed))


def _opened(name: str, value: Any) -> Any:
    """The dataclass whose settings are parameters; None if there is none."""
    if name == "method" and isinstance(value, str):
        try:
            return make(value)
        except HeadstartError:  # it will be said by `fit`
            return None
    return value


def _with(name: str, value: Any, settings: dict[str, Any]) -> Any:
    """The method or recipe with other settings."""
    given: Any = make(value) if isinstance(value, str) else value or Recipe(views=None)
    known = [one.name for one in fields(given)]
    for setting in settings:
        if setting not in known:
            raise Unknown(f"setting of the {name}", setting, known)
    return replace(given, **settings)
