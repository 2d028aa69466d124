"""Label fixes: a file that says which labels are kept, changed or removed; the data stay as they are."""

import csv
import difflib
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData, BadInput, Unknown

from .dataset import Dataset
from .finding import Finding, finding
from .formulas import quote_formula, unquote_formula
from .labels import Labels
from .table_files import read_table

COLUMNS = ("item", "old_label", "new_label", "action")
ACTIONS = ("keep", "relabel", "remove")
BETWEEN = ";"  # tags, and numbers, in a cell
CLOSE = 1e-9  # relative difference of numbers that are the same: spreadsheets write 15 digits
SAID = {"keep": "confirmed", "relabel": "changed", "remove": "removed", "": "without an action"}


@dataclass(frozen=True)
class LabelFix:
    """What is to be done with the label of a row.

    Attributes:
        item: name of the row, as the data set has it: a file, or "row 12".
        old: its label: a class; several tags or numbers with ";" between them.
        new: the label that it gets, likewise; "" where it gets none.
        action: "keep", "relabel", "remove", or "" for not decided yet.
        where: file and row, for messages.
    """

    item: str
    old: str
    new: str = ""
    action: str = ""
    where: str = "the fix"


def label_cell(label: Any, classes: Sequence[str]) -> str:
    """The label of one row as a cell: "cat", "red;round", "3.2;-1.0"; "" for no tag."""
    if np.ndim(label) == 0:
        return classes[int(label)]
    if np.asarray(label).dtype.kind == "b":
        return BETWEEN.join(name for name, has in zip(classes, label, strict=True) if has)
    return BETWEEN.join(repr(float(value)) for value in label)


def as_csv(fixes: Iterable[LabelFix]) -> str:
    """The fixes as the text of a CSV file; a quote keeps spreadsheets from running formulas."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    rows = ((fix.item, fix.old, fix.new, fix.action) for fix in fixes)
    writer.writerows(map(quote_formula, row) for row in rows)
    return text.getvalue()


def read_label_fixes(file: str | Path) -> list[LabelFix]:
    """Read label fixes from a table with the columns item, old_label, new_label and action.

    Raises:
        BadInput: there is no such file, or it is no table.
        BadData: a column is missing, or an action is none of keep, relabel and remove.
    """
    path = Path(file).expanduser()
    if not path.is_file():
        raise BadInput(
            f"There is no file of label fixes {str(file)!r}. headstart labels RUN --out FILE writes one."
        )
    table = read_table(path)
    if lacking := [name for name in COLUMNS if name not in table]:
        raise BadData(
            f"{path} lacks the column {lacking[0]!r} of label fixes; it has {', '.join(map(repr, table))}. "
            f"Write {','.join(COLUMNS)}, as headstart labels RUN --out FILE does."
        )
    cells = zip(*(table[name] for name in COLUMNS), strict=True)
    texts = [["" if cell is None else unquote_formula(str(cell).strip()) for cell in row] for row in cells]
    fixes = [
        LabelFix(item, old, new, action, f"{path}, row {number}")
        for number, (item, old, new, action) in enumerate(texts, 1)
    ]
    for fix in fixes:
        if fix.action not in ("", *ACTIONS):
            raise BadData(
                f"{fix.where}: the action for {fix.item!r} is {fix.action!r}. Write keep, relabel or remove, "
                "or nothing to leave it undecided."
            )
    return fixes


Fixes = str | Path | Iterable["str | Path | LabelFix"]


def all_fixes(fixes: Fixes | None) -> list[LabelFix]:
    """The fixes of a file, of several, or as they are; see `read_label_fixes` for errors."""
    several = (fixes,) if isinstance(fixes, str | Path) else fixes or ()
    return [fix for one in several for fix in ([one] if isinstance(one, LabelFix) else read_label_fixes(one))]


def fix_labels(data: Dataset, fixes: Fixes) -> Dataset:
    """The data with other labels, and without the rows that are to be removed; `data` stay as they are.

    A fix is for all rows of its name that have its old label. One whose rows have the new label already
    counts as confirmed, so that the same fixes can be given once the data are set right. Classes that lose
    all of their rows are dropped. What was done is a finding of the result.

    Args:
        data: labelled rows.
        fixes: a file, see `read_label_fixes`, or several, or fixes, which are carried out in order.

    Raises:
        BadInput: see `read_label_fixes`.
        BadData: the data have no such row, its label is neither the old nor the new one, the new label is
            none of theirs, or no row is left.
    """
    given = all_fixes(fixes)
    places: dict[str, list[int]] = {}
    for row, item in enumerate(data.items):
        places.setdefault(item, []).append(row)
    labels, kept = data.labels.copy(), np.ones(len(data), dtype=np.bool_)
    done = Counter(_carry_out(fix, _rows_of(fix, places, data), data, labels, kept) for fix in given)
    if not kept.any():
        raise BadData(f"The label fixes remove all {len(data)} rows of {data.name}. Keep some.")
    fixed = _without_emptied_classes(replace(data, labels=labels).subset(np.flatnonzero(kept)), data.labels)
    return replace(fixed, findings=(*data.findings, _about(given, done)))


def _carry_out(
    fix: LabelFix, rows: Sequence[int], data: Dataset, labels: Labels, kept: NDArray[np.bool_]
) -> str:
    """Change the labels or what is kept of them; returns the action that was done."""
    if not fix.action:
        return ""
    old, new = _parsed(fix.old, fix, data), None
    if fix.action == "relabel":
        new = _parsed(fix.new, fix, data)
    left = [row for row in rows if kept[row]]
    meant = [row for row in left if _same(labels[row], old)]
    if not meant and new is not None and left and all(_same(labels[row], new) for row in left):
        return "keep"
    if not meant:
        raise BadData(_changed(fix, [label_cell(labels[row], data.classes) for row in left]))
    if new is not None:
        labels[meant] = new
    elif fix.action == "remove":
        kept[meant] = False
    return fix.action


def _about(fixes: Sequence[LabelFix], done: Counter[str]) -> Finding:
    """What was done, with the rows that are no longer what they were."""
    files = dict.fromkeys(Path(fix.where.rpartition(", row ")[0]).name for fix in fixes)
    source = f" from {' and '.join(files)}" if all(files) else ""
    counts = ", ".join(f"{done[action]} {words}" for action, words in SAID.items() if done[action])
    said = [
        f"{fix.item}: {'removed' if fix.action == 'remove' else f'{fix.old} → {fix.new}'}"
        for fix in fixes
        if fix.action in ("relabel", "remove")
    ]
    return finding("label-fixes", "note", f"Label fixes{source}: {counts or 'none'}.", said)


def _rows_of(fix: LabelFix, places: dict[str, list[int]], data: Dataset) -> list[int]:
    if fix.item in places or not fix.action:
        return places.get(fix.item, [])
    near = difflib.get_close_matches(fix.item, list(places), n=1, cutoff=0.6)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise BadData(
        f"{fix.where}: {data.name} has no row {fix.item!r}; its rows are called as {data.items[0]!r}.{hint} "
        "Take the line out of the file, or give the data that the fixes were made for."
    )


def _parsed(cell: str, fix: LabelFix, data: Dataset) -> Any:
    """The label that a cell says, in the form that the data have."""
    names = data.classes
    if data.label_kind == "classes":
        if cell not in names:
            raise BadData(f"{fix.where}: {fix.item!r}: {Unknown('class', cell, names)}")
        return names.index(cell)
    words = [word.strip() for word in cell.split(BETWEEN) if word.strip()]
    if data.label_kind == "tags":
        if unknown := [word for word in words if word not in names]:
            raise BadData(f"{fix.where}: {fix.item!r}: {Unknown('tag', unknown[0], names)}")
        return np.array([name in words for name in names])
    try:
        values = np.array([float(word) for word in words])
    except ValueError:
        values = np.zeros(0)
    if len(values) != len(names) or not np.isfinite(values).all():
        many = "a number" if len(names) == 1 else f"{len(names)} numbers with {BETWEEN!r} between them"
        raise BadData(f"{fix.where}: {fix.item!r}: the label {cell!r} is not {many}.")
    return values


def _same(label: Any, other: Any) -> bool:
    return bool(np.allclose(label, other, rtol=CLOSE, atol=0))


def _changed(fix: LabelFix, labels: Sequence[str]) -> str:
    now = " and ".join(map(repr, dict.fromkeys(labels))) or "removed by a fix before"
    return (
        f"{fix.where}: the label of {fix.item!r} was {fix.old!r} when the fix was made, and is {now} now. "
        "Write the label that it has as old_label, or take the line out of the file."
    )


def _without_emptied_classes(data: Dataset, before: Labels) -> Dataset:
    """The data without the classes that had rows before and have none now."""
    if data.label_kind != "classes":
        return data
    counts, had = (np.bincount(each, minlength=len(data.classes)) for each in (data.labels, before))
    kept = np.flatnonzero((counts > 0) | (had == 0))
    labels: Labels = np.searchsorted(kept, data.labels).astype(np.int64)
    return replace(data, classes=tuple(data.classes[place] for place in kept), labels=labels)
