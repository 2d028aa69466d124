"""What other libraries hold data in: sparse matrices, lists of files, data sets of Hugging Face."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tests.data.painting import class_folders, encoded, photo

import headstart.data as data
from headstart.core import BadData, BadInput

PAIRS = [0, 1, 0, 1]


# sparse


def test_small_sparse_matrices_are_arrays():
    sparse = pytest.importorskip("scipy.sparse")
    for kind in (sparse.csr_matrix, sparse.csc_array, sparse.coo_matrix):
        found = data.load((kind(np.eye(4)), PAIRS))
        assert found.array.tolist() == np.eye(4).tolist()
        assert len(data.load_unlabelled(kind(np.eye(4)), found)) == 4
    assert data.load((torch.eye(4).to_sparse(), PAIRS)).array.tolist() == np.eye(4).tolist()


def test_a_large_sparse_matrix_is_refused_with_its_size():
    sparse = pytest.importorskip("scipy.sparse")
    large = sparse.csr_matrix((20_000, 100_000), dtype=np.float64)
    with pytest.raises(BadInput, match=r"20000 x 100000 would take 16\.0 GB.*TruncatedSVD"):
        data.load((large, [0, 1] * 10_000))


# lists


@pytest.mark.parametrize("form", [str, Path])
def test_a_list_of_paths(form, tmp_path):
    class_folders(tmp_path, cat=2, dog=2)
    paths = [form(tmp_path / "cat" / "0.png"), form(tmp_path / "dog" / "1.png")]
    found = data.load((paths, ["cat", "dog"]), groups=[1, 2])
    assert found.kind == "pictures"
    assert found.items == tuple(map(str, paths))
    assert found.classes == ("cat", "dog")
    assert found.picture(1).size == (64, 48)
    with pytest.raises(BadInput, match=r"Row 1 of the paths: there is no file '.*no.png'"):
        data.load(([paths[0], form(tmp_path / "no.png")], [0, 1]))
    with pytest.raises(BadInput, match="2 pictures or paths and 3 labels"):
        data.load((paths, [0, 1, 0]))
    with pytest.raises(BadInput, match="needs labels"):
        data.load(paths)


def photo_at(folder):
    photo().save(folder / "a.png")
    return folder / "a.png"


def test_a_list_that_is_no_list_of_paths(tmp_path):
    with pytest.raises(BadInput, match="Row 1 of the paths is 7, which is no path"):
        data.load(([photo_at(tmp_path), 7], [0, 1]))
    assert data.load((["see a.png", "no path"], [0, 1])).kind == "texts"


def test_lists_of_pictures_of_different_sizes():
    pictures = [photo(40, 30), photo(20, 50)]
    arrays = [np.array(one) for one in pictures]
    for values in (pictures, [encoded(one) for one in pictures], arrays):
        found = data.load((values, [0, 1]))
        assert found.kind == "pictures"
        assert [found.picture(row).size for row in (0, 1)] == [(40, 30), (20, 50)]
        assert np.array_equal(np.array(found.picture(1)), arrays[1])


# Hugging Face


class ClassLabel:
    def __init__(self, names):
        self.names = names


class Value:
    def __init__(self, dtype):
        self.dtype = dtype


class HuggingFace:
    """What headstart asks of a Dataset of `datasets`."""

    def __init__(self, columns, features, arrow=False):
        self._columns, self.features, self._arrow = columns, features, arrow
        self.column_names = list(columns)

    def __len__(self):
        return len(next(iter(self._columns.values())))

    def with_format(self, kind):
        assert kind == "arrow"
        return HuggingFace(self._columns, self.features, arrow=True)

    def __getitem__(self, rows):
        assert self._arrow
        assert rows == slice(None)
        return pytest.importorskip("pyarrow").table(self._columns)


def cells(count, seed=0):
    return [
        {"bytes": encoded(photo(30 + n, 20, seed + n)), "path": f"{n}.png"} for n in range(seed, seed + count)
    ]


def test_pictures_of_a_hugging_face_data_set():
    labels = ClassLabel(["cat", "dog"])
    found = data.load(
        HuggingFace({"image": cells(4), "label": [1, 0, 1, 0], "who": [1, 1, 2, 2]}, {"label": labels}),
        group_column="who",
    )
    assert found.kind == "pictures"
    assert found.classes == ("cat", "dog")
    assert found.labels.tolist() == [1, 0, 1, 0]
    assert found.items[0] == "0.png"
    assert found.picture(2).size == (32, 20)
    assert found.groups.tolist() == [0, 0, 1, 1]


def test_parts_of_a_hugging_face_data_set_are_a_split():
    features = {"text": Value("string"), "label": ClassLabel(["neg", "pos"])}
    parts = {
        "train": HuggingFace({"text": ["a", "b"], "label": [0, 1]}, features),
        "test": HuggingFace({"text": ["c", "d"], "label": [1, 0]}, features),
        "unsupervised": HuggingFace({"text": ["e"], "label": [-1]}, features),
    }
    found = data.load(parts)
    assert found.texts == ["a", "b", "c", "d"]
    assert found.classes == ("neg", "pos")
    assert found.split == ("train", "train", "test", "test")
    assert found.findings[0].items == ["unsupervised"]
    with pytest.raises(BadData, match="data set: no row has a label"):
        data.load(parts["unsupervised"])
    with pytest.raises(BadInput, match=r"split_column='text' can't be used: the parts train, test"):
        data.load(parts, split_column="text")
    with pytest.raises(BadInput, match=r"no column 'label'\. Its columns: 'text', 'fine'"):
        data.load(HuggingFace({"text": ["a", "b"], "fine": [0, 1]}, features))


def test_sounds_of_a_hugging_face_data_set():
    tones = data.load("tones", per_class=1)
    cells = [{"bytes": tones.raw(row), "path": None} for row in range(2)]
    found = data.load(HuggingFace({"audio": cells, "label": ["a", "b"]}, {}))
    assert found.kind == "sounds"
    assert found.raw(1) == tones.raw(1)


def test_a_stream_of_hugging_face_is_refused():
    class Stream:
        column_names, features = ["text"], {"text": Value("string")}

    with pytest.raises(BadInput, match="without streaming=True"):
        data.load(Stream())


def test_pictures_in_a_parquet_file(tmp_path):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    table = arrow.table({"image": cells(4), "label": [1, 0, 1, 0]})
    parquet.write_table(table, tmp_path / "plain.parquet")
    names = '{"info": {"features": {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}}}'
    parquet.write_table(table.replace_schema_metadata({"huggingface": names}), tmp_path / "named.parquet")
    plain, named = (
        data.load(tmp_path / "plain.parquet"),
        data.load(tmp_path / "named.parquet", path_column="image"),
    )
    assert plain.classes == ("0", "1")
    assert named.classes == ("cat", "dog")
    assert plain.digests == named.digests
    assert Image.open(io.BytesIO(named.raw(1))).size == (31, 20)
    for options in ({"label_column": "image"}, {"text_column": "image"}, {"group_column": "image"}):
        with pytest.raises(BadData, match=r"'image'") as error:
            data.load(tmp_path / "plain.parquet", **options)
        assert len(str(error.value)) < 400
    empty = arrow.table({"image": [*cells(3), {"bytes": None, "path": None}], "label": [1, 0, 1, 0]})
    parquet.write_table(empty, tmp_path / "gap.parquet")
    with pytest.raises(BadData, match="row 4 has no file in the column 'image'"):
        data.load(tmp_path / "gap.parquet")


def test_paths_beside_a_parquet_file_without_bytes(tmp_path):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    class_folders(tmp_path, cat=1, dog=1)
    rows = [{"bytes": None, "path": "cat/0.png"}, {"bytes": None, "path": "dog/0.png"}]
    parquet.write_table(arrow.table({"image": rows, "label": ["cat", "dog"]}), tmp_path / "rows.parquet")
    assert data.load(tmp_path / "rows.parquet").picture(1).size == (64, 48)


def test_a_folder_with_metadata(tmp_path):
    for part, count in (("train", 4), ("test", 2)):
        class_folders(tmp_path / part, data=count)
        lines = "".join(f"data/{n}.png,{'ab'[n % 2]},p{n // 2}\n" for n in range(count))
        (tmp_path / part / "metadata.csv").write_text(f"file_name,label,who\n{lines}")
    one = data.load(tmp_path / "train", group_column="who")
    assert one.classes == ("a", "b")
    assert one.items == tuple(f"data/{n}.png" for n in range(4))
    assert one.groups.tolist() == [0, 0, 1, 1]
    both = data.load(tmp_path)
    assert (both.split.count("train"), both.split.count("test")) == (4, 2)
    assert both.picture(5).size == (64, 48)
    assert one.findings == both.findings == ()
    (tmp_path / "test" / "metadata.csv").write_text("file_name,label,who\ndata/1.png,b,p0\n")
    (left,) = data.load(tmp_path).findings
    assert (left.kind, left.items) == ("stray-files", ["test/data/0.png"])
    assert "1 .png of" in left.text
    (tmp_path / "train" / "metadata.csv").write_text("file_name,caption\ndata/0.png,x\n")
    class_folders(tmp_path / "train", more=2)
    assert data.load(tmp_path / "train").classes == ("data", "more")
    with pytest.raises(BadData, match=r"no column 'kind'.*'file_name', 'caption'"):
        data.load(tmp_path / "train", label_column="kind", group_column="caption")
