"""What classifier and regressor share: a method, its settings as parameters, and the fit."""

import copy
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from headstart.core import HeadstartError, Method, Unknown, make
from headstart.data.labels import Labels
from headstart.data.samples import Texts
from headstart.models.trained_head import HeadChoice
from headstart.predictor.predictor import Predictor
from headstart.predictor.training import Training
from headstart.run.recipe import Recipe
from headstart.session.inputs import hand_on_head
from headstart.session.scoring import as_predictions
from headstart.session.session import FitOptions, Session
from headstart.sklearn.raw_samples import dataset_of
from headstart.sklearn.weights import differing, taken

from .estimator import Estimator, Floats

NESTED = ("method", "recipe")  # parameters whose settings are parameters, too


class Learner(Estimator):
    """Any method on any backbone; the settings of the method and the recipe are parameters, too."""

    method: str | Method[Any]
    recipe: Recipe | None
    cache: str | Path | None
    head: HeadChoice
    random_state: Any

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

    def _learn(
        self,
        X: Any,  # noqa: N803
        labels: Labels,
        names: tuple[str, ...],
        weights: Floats | None = None,
    ) -> None:
        """Carry out the method on checked samples (n, ...), their labels, see `Dataset`, and weights (n,)."""
        if weights is not None:  # a row that counts nothing is as good as not there, for any method
            rows = np.flatnonzero(weights)
            X, labels, weights = taken(X, rows), labels[rows], differing(weights[rows])  # noqa: N806
        self._learn_standard(X, weights)
        data = dataset_of(self._standard(X), labels, names)
        mapping = hand_on_head(self._mapping(data), data, self.head)
        session = Session(
            mapping,
            data,
            cache=None if self.cache is None else Path(self.cache),
            augment=data.modality.augment,
        )
        method = make(self.method) if isinstance(self.method, str) else self.method
        rows = np.arange(len(data))
        fitted = session.fit(method, rows, self._recipe(), options=FitOptions(weights))
        notes = list(dict.fromkeys([*mapping.notes, *fitted.notes]))
        training = Training(method.label, method.title, len(data), fitted.curve, notes)
        self.predictor_ = Predictor(
            fitted.model, names, mapping.preprocess, label_kind=data.label_kind, training=training
        )
        # in float64 a row has the same answer alone and in a batch, to the last digits
        self._head = copy.deepcopy(fitted.model.head).double() if self.backbone is None else None

    def _answers(self, X: Any) -> Floats:  # noqa: N803
        """Probabilities or numbers (n, k) for samples."""
        check_is_fitted(self)
        X = self._samples(X, reset=False)  # noqa: N806
        if self._head is None:
            ask = (
                self.predictor_.values
                if self.predictor_.label_kind == "numbers"
                else self.predictor_.probabilities
            )
            return ask(X.texts if isinstance(X, Texts) else X, self.batch)
        with torch.inference_mode():
            outputs: Tensor = self._head(torch.from_numpy(self._standard(X)))
        return as_predictions(outputs, self.predictor_.label_kind)

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
