"""Labelled data as a fitted model takes them: rows by its reader, labels by its names."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from headstart.core import BadData, BadInput, LabelKind, Schema
from headstart.data.check import Look, dependent_rows, readable_rows
from headstart.data.dataset import Dataset
from headstart.data.frames import are_tables, settled
from headstart.data.label_fixes import LabelFix, fix_labels
from headstart.data.labels import Labels
from headstart.data.load import load
from headstart.data.naming import class_numbers, of_known_names, some
from headstart.data.table_files import SUFFIXES, read_table
from headstart.data.table_rows import rows_of
from headstart.data.tables import Table
from headstart.data.unseen import GapWarning
from headstart.data.window import with_window
from headstart.predictor.predictor import Predictor
from headstart.runtime.predicts import UnseenWarning
from headstart.session.inputs import fit_to_data
from headstart.studies.evaluate.run_split import with_run_split

TASKS: dict[LabelKind, str] = {
    "classes": "classification",
    "tags": "multilabel",
    "numbers": "regression",
}
UNNAMED = "target"  # the column of labels (n,) of an array


@dataclass(frozen=True)
class EvaluationData:
    """Rows for a model, with their labels in the model's order, and notes on them."""

    dataset: Dataset
    notes: list[str]


def read_data(
    given: Any,
    predictor: Predictor,
    columns: Mapping[str, Any],
    allow_unseen: bool,
    part: Literal["train", "test"] = "test",
    fixes: Sequence[LabelFix] = (),
) -> EvaluationData:
    """Load labelled rows for a model, and group those that depend on each other.

    Args:
        given: whatever `hs.data.load` takes, or what it gave.
        predictor: whose reader, kind of label and names they must fit.
        columns: of files, as `hs.data.load` takes them.
        allow_unseen: of tables, see `Predictor.predict`.
        part: of data that have a split, which rows are taken.
        fixes: of labels, carried out first.

    Raises:
        BadData: rows of another kind, or labels that are none of the model's; the text names them.
        BadInput: the labels are of another kind.
    """
    data = labelled(given, predictor, columns)
    data = fix_labels(data, fixes) if fixes else data
    data = data if data.split else with_run_split(data, predictor)
    data = data if predictor.preprocess is None else with_window(data, predictor.preprocess.window)
    data = replace(data, classes=predictor.classes, labels=labels_by_name(data, predictor))
    if predictor.schema is not None:  # the model knows its columns: how others would take them is no note
        data = replace(data, findings=tuple(one for one in data.findings if one.kind != "text-column"))
    notes = [finding.text for finding in data.findings]
    looks: list[Look] | None = None  # of the rows of `data`; a table was read whole
    if predictor.schema is not None:
        table = _by_schema(given, data, predictor, predictor.schema, columns)
        if data.places is not None and len(table) > len(data):
            table = table.take(data.places)
        data, more = _as_table(table, data, predictor, allow_unseen)
    else:
        _refuse_other_kind(data, predictor)
        data, looks, more = readable_rows(data)
    notes += more
    if data.split is not None:
        rows = [row for row, name in enumerate(data.split) if (name == "test") == (part == "test")]
        notes.append(f"Only the {len(rows)} rows of the {part} part are evaluated; {len(data)} are there.")
        data, looks = data.subset(rows), [looks[row] for row in rows] if looks else None
    return EvaluationData(replace(data, groups=dependent_rows(data, looks)), notes)


def _refuse_other_kind(data: Dataset, predictor: Predictor) -> None:
    if data.kind != predictor.modality.kind:
        raise BadData(
            f"The model takes {predictor.modality.description}, and {data.name} holds "
            f"{data.modality.description}."
        )
    if predictor.reader is None:
        fit_to_data(predictor.model.backbone, data)  # type: ignore[arg-type]  # which looks at the shape


def labelled(given: Any, predictor: Predictor, columns: Mapping[str, Any]) -> Dataset:
    """Load rows with the kind of labels that a model predicts."""
    kind = predictor.label_kind
    if isinstance(given, Dataset):
        data = given
    else:
        if kind == "numbers" and columns.get("label_column", "label") == "label":
            columns = {**columns, "label_column": _own_columns(given, predictor, columns)}
        with of_known_names():
            data = load(given, **{"task": TASKS[kind], **columns})
    if data.label_kind != kind:
        raise BadInput(f"The model predicts {kind}, and {data.name} has {data.label_kind} as labels.")
    return data


def _own_columns(given: Any, predictor: Predictor, columns: Mapping[str, Any]) -> Any:
    """The label columns of a table by the names of the model's numbers, where it has all of them."""
    cells = _columns(given, columns)
    return list(predictor.classes) if cells is not None and set(predictor.classes) <= set(cells) else "label"


def _columns(given: Any, columns: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """All columns of a file or frame; None if it is neither."""
    if isinstance(given, tuple) and len(given) == 2:
        given = given[0]
    if isinstance(given, str | Path):
        path = Path(given).expanduser()
        if path.suffix.lower() not in SUFFIXES or not path.is_file():
            return None
        names = columns.get("columns") or ()
        several = [name.strip() for name in names.split(",")] if isinstance(names, str) else names
        return dict(read_table(path, several, columns.get("encoding"), columns.get("sheet")))
    if not are_tables(given):
        return None
    from headstart.data.tables import columns_of

    return columns_of(settled(given))


# --- labels


def labels_by_name(data: Dataset, predictor: Predictor) -> Labels:
    """The labels as the model numbers its classes, tags or columns; matched by name, never by position.

    Raises:
        BadData: names that the model lacks, or columns of numbers that the data lack; they are named.
    """
    if data.label_kind == "classes":
        present = np.unique(data.labels)
        place = np.zeros(len(data.classes), np.int64)
        place[present] = class_numbers([data.classes[c] for c in present], predictor.classes, data.name)
        return place[data.labels]
    mine = list(data.classes)
    if data.label_kind == "numbers" and mine == [UNNAMED] and len(predictor.classes) == 1:
        return data.labels  # an array (n,) without a name
    if data.label_kind == "tags":
        mine = [mine[tag] for tag in np.flatnonzero(data.labels.any(axis=0)).tolist()]
    _refuse_others(mine, data, predictor)
    found = np.zeros((len(data), len(predictor.classes)), data.labels.dtype)
    for column, name in enumerate(predictor.classes):
        if name in data.classes:
            found[:, column] = data.labels[:, data.classes.index(name)]
    return found


def _refuse_others(names: Sequence[str], data: Dataset, predictor: Predictor) -> None:
    extra = [name for name in names if name not in predictor.classes]
    lacking = [name for name in predictor.classes if name not in names and data.label_kind == "numbers"]
    if not extra and not lacking:
        return
    things = "tags" if data.label_kind == "tags" else "columns of numbers"
    said = [f"has the {things} {some(extra)}, which the model lacks"] if extra else []
    said += [f"lacks the {things} {some(lacking)}, which the model predicts"] if lacking else []
    raise BadData(
        f"{data.name} {' and '.join(said)}; the model has {some(predictor.classes)}. Labels are matched by "
        "name, never by position: name the columns as the model does."
    )


# --- rows


def _as_table(
    table: Table, data: Dataset, predictor: Predictor, allow_unseen: bool
) -> tuple[Dataset, list[str]]:
    """The data with the rows read by the model's schema, and how many have names that no training row had."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        predictor.samples(table, allow_unseen=allow_unseen)
    data = replace(data, samples=table)
    said = (UnseenWarning, GapWarning)
    return data, [str(each.message) for each in caught if issubclass(each.category, said)]


def _by_schema(
    given: Any, data: Dataset, predictor: Predictor, schema: Schema, columns: Mapping[str, Any]
) -> Table:
    if isinstance(given, str | Path) and Path(given).suffix.lower() == ".h5ad":
        return rows_of(given, schema)
    if (cells := _columns(given, columns)) is not None:
        labels = () if predictor.label_kind == "classes" else predictor.classes
        roles = ("label_column", "group_column", "split_column")
        spare = {*labels, *(name for role in roles for name in _names(columns, role))} - {*schema.names}
        return rows_of({name: cells[name] for name in cells if name not in spare}, schema)
    if data.table is not None:
        return data.table
    if data.array is not None and not data.is_images:
        return rows_of(np.asarray(data.array), schema)
    raise BadData(f"The model takes tables, and {data.name} holds {data.modality.description}.")


def _names(columns: Mapping[str, Any], role: str) -> Sequence[str]:
    given = columns.get(role) or ("label" if role == "label_column" else ())
    return [given, *map(str.strip, given.split(","))] if isinstance(given, str) else list(given)
