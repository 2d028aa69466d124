"""Kinds of label: one class, a set of tags, or real numbers; inferred from the dtype of the label array."""

from typing import Any, Literal, get_args

from headstart.core.errors import BadData

LabelKind = Literal["classes", "tags", "numbers"]
LABEL_KINDS: tuple[LabelKind, ...] = get_args(LabelKind)
TASKS: dict[str, LabelKind] = {"classification": "classes", "multilabel": "tags", "regression": "numbers"}


def label_kind_of(labels: Any) -> LabelKind:
    """Infer the kind of a label array or tensor of n rows from its dtype.

    Args:
        labels: int64 (n,): the class of each row; bool (n, k): which of k tags each has; floats (n, k):
            k numbers for each.

    Raises:
        BadData: the labels have another dtype or shape.
    """
    dtype, axes = labels.dtype, labels.ndim
    named = str(dtype).removeprefix("torch.")
    if named == "int64" and axes == 1:
        return "classes"
    if named == "bool" and axes == 2:
        return "tags"
    floats = getattr(dtype, "is_floating_point", False) or getattr(dtype, "kind", "") == "f"
    if floats and axes == 2:
        return "numbers"
    raise BadData(
        f"Labels are whole numbers (n,), bool (n, tags) or floats (n, columns), not {dtype} of shape "
        f"{tuple(labels.shape)}."
    )
