"""Read cells and genes from .h5ad files of any AnnData version, without anndata."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.core import BadData, MissingPackage
from headstart.core.schema import ColumnKind

from .columns import absent_column
from .tables import LARGEST, Table

PLACES = (
    "layers/counts",
    "layers/raw_counts",
    "layers/raw",
    "raw/X",
    "raw.X",
    "X",
)  # in order of preference for raw counts

LONGEST = 1e15  # integers above it are written as floats

NUMERIC: ColumnKind = "numeric"

Floats = NDArray[np.float32]


def table_in(file: Path, name: str, passed: Sequence[str | None] = (), counts: bool | None = None) -> Table:
    """Read the expression matrix of cells by genes as a table.

    Raw counts are preferred: of `layers/counts`, `raw/X` and `X` the first that holds only
    integers >= 0. Otherwise the first of them without negative numbers is used unchanged,
    usually the logarithm of normalised counts; `counts` = False skips raw counts.

    Raises:
        BadData: it is not an .h5ad file, has no readable matrix, or does not fit into memory.
        MissingPackage: h5py is not there.
    """
    with _opened(file) as root:
        found = [place for place in PLACES if place in root]
        if not found:
            raise BadData(f"{file} has none of {', '.join(PLACES)}. Write it with AnnData.")
        place, values, raw = _best(root, found, file, counts is not False)
        genes = _index(root, "raw.var" if place == "raw.X" else "raw/var" if place == "raw/X" else "var")
    if len(genes) != values.shape[1]:
        raise BadData(f"{file}: {place} has {values.shape[1]} columns, but there are {len(genes)} genes.")
    said = "raw counts" if raw else "taken as it is: these are no raw counts"
    return Table(
        name=name,
        names=_apart(genes),
        kinds=tuple(NUMERIC for _ in genes),
        values=values,
        passed=tuple(one for one in passed if one is not None),
        counts=raw,
        alike=True,
        notes=(f"Expression from {place}, {said}.",),
    )


def annotation(file: Path, column: str) -> list[str]:
    """Annotation of each cell in a column of `obs`; "" where missing.

    Raises:
        BadData: there is no such column; the text names the available ones.
        MissingPackage: h5py is not there.
    """
    with _opened(file) as root:
        if "obs" not in root:
            raise BadData(f"{file} says nothing of its cells: it has no obs.")
        obs = root["obs"]
        known = [*obs.dtype.names] if hasattr(obs, "dtype") else [key for key in obs if key[:2] != "__"]
        if column not in known:
            raise BadData(absent_column(str(file), column, known, "label", of=" in obs"))
        return _texts(root, obs, column)


def items_in(file: Path) -> tuple[str, ...]:
    """The names of the cells."""
    with _opened(file) as root:
        return tuple(_index(root, "obs"))


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    try:
        import h5py
    except ImportError as error:
        raise MissingPackage("h5py", "Reading .h5ad files", "tables") from error
    try:
        with h5py.File(file, "r") as root:
            yield root
    except (OSError, KeyError, RuntimeError) as error:
        raise BadData(f"{file} can't be read as .h5ad: {error}. Write it again with AnnData.") from error


def _best(root: Any, places: list[str], file: Path, counts: bool) -> tuple[str, Floats, bool]:
    """The place of the expression matrix, the matrix, and whether it is raw counts."""
    spare: tuple[str, Floats] | None = None
    for place in places:
        values = _dense(root[place], f"{file}: {place}")
        if values.size and (values >= 0).all():
            if np.array_equal(values, np.rint(values)):
                if counts:
                    return place, values, True
                continue
            spare = spare or (place, values)
        elif place == places[-1] and spare is None:
            spare = place, values
    if spare is None or not spare[1].size:
        raise BadData(f"{file} holds no cells or no genes{'' if counts else ', or raw counts alone'}.")
    wrong = np.argwhere(~np.isfinite(spare[1]))
    if len(wrong):
        row, gene = wrong[0].tolist()
        raise BadData(f"{file}: {spare[0]} is {spare[1][row, gene]} in row {row}, column {gene}.")
    return *spare, False


def _dense(node: Any, what: str) -> Floats:
    """Read a matrix (cells, genes) that is dense, or sparse by rows or columns."""
    if hasattr(node, "shape"):
        _check_size(node.shape, what)
        return np.asarray(node[...], dtype=np.float32)
    kind = _plain(node.attrs.get("encoding-type", node.attrs.get("h5sparse_format", "")))
    if not kind.startswith(("csr", "csc")):
        raise BadData(f"{what} is of the kind {kind!r}; dense, csr and csc can be read.")
    shape = tuple(int(side) for side in node.attrs.get("shape", node.attrs.get("h5sparse_shape", ())))
    _check_size(shape, what)
    starts, inner = node["indptr"][...], node["indices"][...]
    outer = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    found: Floats = np.zeros(shape, dtype=np.float32)
    index = (outer, inner) if kind.startswith("csr") else (inner, outer)
    try:
        np.add.at(found, index, node["data"][...].astype(np.float32))
    except (IndexError, ValueError) as error:
        raise BadData(f"{what} is damaged: {error}. Write the file again.") from error
    return found


def _check_size(shape: tuple[int, ...], what: str) -> None:
    if len(shape) != 2:
        raise BadData(f"{what} has the shape {shape}; cells x genes is needed.")
    if shape[0] * shape[1] * 4 > LARGEST:
        raise BadData(
            f"{what} has {shape[0]} x {shape[1]} numbers, more than {LARGEST / 1e9:.0f} GB. Keep the "
            "genes that vary most, such as 2000 of them."
        )


def _index(root: Any, name: str) -> list[str]:
    """The names of the rows of a table in the file."""
    if name not in root:
        raise BadData(f"{root.filename} has no {name}. Write it with AnnData.")
    node = root[name]
    if hasattr(node, "dtype"):  # before AnnData 0.7
        key = "index" if "index" in node.dtype.names else node.dtype.names[0]
        return [_plain(value) for value in node[key]]
    return [_plain(value) for value in node[_plain(node.attrs.get("_index", "_index"))][...]]


def _texts(root: Any, obs: Any, column: str) -> list[str]:
    if hasattr(obs, "dtype"):  # before AnnData 0.7: codes in the table, names beside it
        codes, names = obs[column], f"uns/{column}_categories"
        return _named(codes, root[names][...]) if names in root else [_plain(code) for code in codes]
    node = obs[column]
    if not hasattr(node, "dtype"):
        if "codes" in node:
            return _named(node["codes"][...], node["categories"][...])
        values, gone = node["values"][...], node["mask"][...]  # numbers or strings with missing values
        return ["" if no else _plain(value) for value, no in zip(values, gone, strict=True)]
    if "categories" in node.attrs:  # AnnData 0.7
        return _named(node[...], root[node.attrs["categories"]][...])
    return [_plain(value) for value in node[...]]


def _named(codes: Any, names: Any) -> list[str]:
    words = [_plain(name) for name in names]
    return [words[int(code)] if code >= 0 else "" for code in codes]


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float | np.floating):
        whole = float(value).is_integer() and abs(float(value)) < LONGEST
        return "" if value != value else str(int(value)) if whole else str(value)
    return str(value)


def _apart(genes: list[str]) -> tuple[str, ...]:
    """Make names unique by a number: "A", "A-1", as AnnData does."""
    taken, again, found = set(genes), dict.fromkeys(genes, 0), []
    seen: set[str] = set()
    for gene in genes:
        name = gene
        while name in seen or (name != gene and name in taken):
            again[gene] += 1
            name = f"{gene}-{again[gene]}"
        seen.add(name)
        found.append(name)
    return tuple(found)
