"""Fitted estimators of scikit-learn as teachers of tables, arrays and texts."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import BadInput, LabelKind, MissingPackage
from headstart.data.dataset import Dataset

LEAST = 1e-6  # a probability below it counts as this: the logarithm of 0 is no number


def is_estimator(given: Any) -> bool:
    """Whether it predicts as estimators of scikit-learn do."""
    return hasattr(given, "fit") and hasattr(given, "predict")


def kind_of_estimator(given: Any, data: Dataset) -> tuple[LabelKind, tuple[str, ...]]:
    """What a fitted estimator predicts, and the names of its outputs.

    Raises:
        BadInput: it is not fitted, or predicts several things at a time.
    """
    classes = getattr(given, "classes_", None)
    if classes is None:
        if hasattr(given, "predict_proba") or getattr(given, "_estimator_type", "") == "classifier":
            raise BadInput(f"The teacher {type(given).__name__} is not fitted: call its fit first.")
        return "numbers", tuple(data.classes)
    if isinstance(classes, list):
        raise BadInput(
            f"The teacher {type(given).__name__} predicts {len(classes)} labels at a time. Give an array of "
            "its logits of all rows instead."
        )
    named = np.asarray(classes)
    numbered = not {str(each) for each in named} & set(data.classes) and np.issubdtype(
        named.dtype, np.integer
    )
    if numbered and len(named) <= len(data.classes) and named.min() >= 0 and named.max() < len(data.classes):
        return "classes", tuple(data.classes[place] for place in named)  # numbers of the classes
    return "classes", tuple(str(each) for each in named)


def estimated(given: Any, data: Dataset) -> Tensor:
    """The outputs (rows, k) float32 of an estimator for all rows of the data.

    Of classes they are logarithms of probabilities, so that their softmax gives these; without
    `predict_proba` all probability is on the predicted class. A probability is at least 1e-6.

    Raises:
        BadInput: it can't take the rows of the data.
    """
    rows = _rows(given, data)
    try:
        if getattr(given, "classes_", None) is None:
            found = np.asarray(given.predict(rows), dtype=np.float64).reshape(len(data), -1)
        elif hasattr(given, "predict_proba"):
            found = np.log(np.clip(given.predict_proba(rows), LEAST, 1.0))
        else:
            same = np.asarray(given.predict(rows))[:, None] == np.asarray(given.classes_)[None]
            found = np.log(np.where(same, 1.0, LEAST))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadInput(
            f"The teacher {type(given).__name__} can't take the rows of {data.name}: {error}. Fit it on rows "
            "like these, or give an array of its logits of all rows."
        ) from error
    return torch.from_numpy(found.astype(np.float32))


def _rows(given: Any, data: Dataset) -> Any:
    """All rows as the estimator was fitted on them: an array, texts, or a frame by its columns' names."""
    if data.array is not None and data.kind == "numbers":
        array = np.asarray(data.array)
        return array.reshape(len(array), -1) if array.ndim > 2 else array
    if data.texts is not None:
        return list(data.texts)
    if data.table is None:
        raise BadInput(
            f"The teacher {type(given).__name__} is an estimator, and {data.name} holds "
            f"{data.modality.description}: estimators take arrays, tables and texts. Give a predictor."
        )
    names = getattr(given, "feature_names_in_", None)
    return _array(given, data) if names is None else _frame(given, data, [str(name) for name in names])


def _array(given: Any, data: Dataset) -> NDArray[np.float64]:
    assert data.table is not None
    words = [name for name in data.table.names if name in data.table.words]
    if words:
        raise BadInput(
            f"The teacher {type(given).__name__} was fitted on an array, and the columns "
            f"{', '.join(words[:5])} of {data.name} hold names. Fit it on a data frame, whose columns "
            "it knows by name."
        )
    return np.asarray(data.table.values, dtype=np.float64)


def _frame(given: Any, data: Dataset, names: list[str]) -> Any:
    table = data.table
    assert table is not None
    if missing := [name for name in names if name not in table.names]:
        raise BadInput(
            f"The teacher {type(given).__name__} wants the columns {', '.join(missing[:5])}, which "
            f"{data.name} has not. It has {', '.join(table.names[:12])}."
        )
    try:
        import pandas
    except ImportError as error:
        raise MissingPackage("pandas", "A teacher that was fitted on a data frame", "tables") from error
    cells = {name: [table.row(row)[name] for row in range(len(table))] for name in names}
    return pandas.DataFrame(cells)
