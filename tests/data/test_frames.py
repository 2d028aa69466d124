"""A frame, a CSV and a Parquet file of the same rows are the same data; what can't be used is refused."""

import sys

import numpy as np
import pytest
import torch
from tests.data.painting import class_folders

import headstart.data as data
from headstart.core import BadData, BadInput, Tokens, Unknown
from headstart.data.modality import modalities

pandas = pytest.importorskip("pandas")
arrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

N = 24
COLUMNS = {
    "size": [0.5 * n for n in range(N)],
    "colour": ["red" if n % 3 else "blue" for n in range(N)],
    "patient": [f"P{n // 4}" for n in range(N)],
    "part": ["training" if n < 16 else "test" for n in range(N)],
    "site": [n % 3 for n in range(N)],
    "words": [f"word {n}  " for n in range(N)],
    "files": [f"cat/{n}.png" for n in range(N)],
    "label": ["ill" if n % 2 else "well" for n in range(N)],
}
ROLES = {"group_column": "patient", "split_column": "part", "attribute_column": "site"}


class Interchange:
    """Only the dataframe interchange protocol."""

    def __init__(self, table):
        self._table = table

    def __dataframe__(self, nan_as_null=False, allow_copy=True):
        return self._table.__dataframe__()


class Stream:
    """Only the Arrow C stream."""

    def __init__(self, table):
        self._table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self._table.__arrow_c_stream__(requested_schema)


class Polars:
    """What headstart asks of a polars frame."""

    class Column(list):
        def __init__(self, name, values):
            super().__init__(values)
            self.name, self.dtype = name, self
            self.numbers = isinstance(values[0], int | float)

        def is_integer(self):
            return self.numbers

        is_float = is_temporal = is_integer

        def to_numpy(self):
            return np.asarray(self)

        def to_list(self):
            return list(self)

        def __str__(self):
            return "Float64" if self.numbers else "String"

    def __init__(self, columns):
        self._columns = [self.Column(name, values) for name, values in columns.items()]
        self.columns, self.dtypes = list(columns), [str(column) for column in self._columns]

    def get_columns(self):
        return self._columns


def sources(folder, columns=COLUMNS):
    frame, table = pandas.DataFrame(columns), arrow.table(columns)
    frame.to_csv(folder / "rows.csv", index=False)
    parquet.write_table(table, folder / "rows.parquet")
    found = {
        "csv": folder / "rows.csv",
        "parquet": folder / "rows.parquet",
        "pandas": frame,
        "arrow": table,
        "interchange": Interchange(table),
        "stream": Stream(table),
        "polars-like": Polars(columns),
        "mapping": columns,
    }
    if "polars" in sys.modules or __import__("importlib.util").util.find_spec("polars"):
        found["polars"] = __import__("polars").DataFrame(columns)
    return found


@pytest.fixture(scope="module")
def same(tmp_path_factory):
    return sources(tmp_path_factory.mktemp("same"))


def said(found):
    groups = None if found.groups is None else found.groups.tolist()
    attributes = None if found.attributes is None else found.attributes.tolist()
    labels = found.labels.tolist(), found.classes
    return found.kind, found.digests, labels, groups, found.split, attributes, found.attribute_names


def test_a_table_is_the_same_wherever_it_comes_from(same):
    found = {name: said(data.load(source, **ROLES)) for name, source in same.items()}
    assert all(one == found["csv"] for one in found.values())
    kind, _, labels, groups, split, attributes, names = found["csv"]
    assert kind == "tables"
    assert labels == ([1, 0] * 12, ("ill", "well"))
    assert groups == [n // 4 for n in range(N)]
    assert split == ("train",) * 16 + ("test",) * 8
    assert (attributes, names) == ([n % 3 for n in range(N)], ("0", "1", "2"))
    for source in same.values():
        assert data.load(source, **ROLES).table.names == ("size", "colour", "words", "files")


def test_texts_are_the_same_wherever_they_come_from(same):
    found = {name: said(data.load(source, text_column="words", **ROLES)) for name, source in same.items()}
    assert all(one == found["csv"] for one in found.values())
    assert data.load(same["pandas"], text_column="words").texts[3] == "word 3"


def test_a_column_called_text_is_texts_in_a_frame_too(tmp_path):
    columns = {"text": ["a b", "", "c"], "label": [1, 0, 1], "other": [1, 2, 3]}
    assert {data.load(one).kind for one in sources(tmp_path, columns).values()} == {"texts"}
    assert {data.load(one).classes for one in sources(tmp_path, columns).values()} == {("0", "1")}


def test_paths_of_a_frame_are_relative_to_the_working_folder(same, tmp_path, monkeypatch):
    class_folders(tmp_path, cat=2)
    monkeypatch.chdir(tmp_path)
    for name in ("pandas", "stream"):
        found = data.load(same[name], path_column="files", group_column="patient")
        assert found.kind == "pictures"
        assert found.picture(1).size == (64, 48)


def test_an_absent_column_is_named_by_every_source(same):
    for option in ("label_column", "group_column", "split_column", "text_column", "path_column"):
        for source in same.values():
            with pytest.raises((BadData, BadInput), match=rf"no column 'nope'.*{option}"):
                data.load(source, **{option: "nope"})
    for source in same.values():
        with pytest.raises(Unknown, match="No column of attributes is called 'nope'"):
            data.load(source, attribute_column="nope")
        with pytest.raises(Unknown, match="No column is called 'nope'"):
            data.load(source, categorical=["nope"])


@pytest.mark.parametrize("column", ["patient", "part"])
def test_a_gap_in_groups_or_splits_is_named_by_its_row(tmp_path, column):
    columns = COLUMNS | {column: [*COLUMNS[column][:-1], None]}
    option = {"patient": "group_column", "part": "split_column"}[column]
    for name, source in sources(tmp_path, columns).items():
        row = N if name in ("csv", "parquet") else N - 1
        with pytest.raises(BadData, match=rf"row {row} has nothing in the column '{column}'"):
            data.load(source, **{option: column})


OPTIONS = [
    {"label_column": "kind"},
    {"path_column": "p"},
    {"text_column": "t"},
    {"group_column": "g"},
    {"split_column": "s"},
    {"attribute_column": "a"},
    {"categorical": ["c"]},
]


@pytest.mark.parametrize("options", OPTIONS, ids=lambda one: next(iter(one)))
def test_what_has_no_columns_refuses_their_names(options, tmp_path):
    class_folders(tmp_path / "photos", cat=2, dog=2)
    np.savez(tmp_path / "a.npz", x=np.eye(4), y=[0, 1, 0, 1])
    dataset = torch.utils.data.TensorDataset(torch.eye(4), torch.tensor([0, 1, 0, 1]))
    ((option, value),) = options.items()
    pairs = (np.eye(4), [0, 1, 0, 1]), (["a", "b"], [0, 1])
    for source in (*pairs, tmp_path / "photos", tmp_path / "a.npz", "digits", dataset):
        with pytest.raises(BadInput, match=rf"{option}=.*can't be used") as error:
            data.load(source, **options)
        assert repr(value) in str(error.value)


def test_columns_and_arguments_for_the_same_exclude_each_other(same):
    with pytest.raises(BadInput, match="groups= or group_column='patient'"):
        data.load(same["pandas"], groups=[0] * N, group_column="patient")
    with pytest.raises(BadInput, match="attribute= or attribute_column='site'"):
        data.load(same["csv"], attribute=[0] * N, attribute_column="site")
    with pytest.raises(BadInput, match=r"label_column='site' can't be used: labels are given besides"):
        data.load((same["pandas"], COLUMNS["label"]), label_column="site")
    with pytest.raises(BadInput, match=r"categorical=\['size'\] can't be used.*files or texts"):
        data.load(same["csv"], text_column="words", categorical=["size"])
    with pytest.raises(BadInput, match="per_class is 0"):
        data.load("digits", per_class=0)


@pytest.mark.parametrize("option", [name for one in OPTIONS for name in one if name != "categorical"])
def test_a_name_that_is_no_text_is_refused(same, option):
    with pytest.raises(BadInput, match=rf"{option}=4 is no text.*{option}='4'"):
        data.load(same["pandas"], **{option: 4})


def test_labels_beside_a_frame_go_with_its_columns(same):
    rest = {name: values for name, values in COLUMNS.items() if name != "label"}
    found = data.load((pandas.DataFrame(rest), COLUMNS["label"]), **ROLES)
    assert said(found) == said(data.load(same["csv"], **ROLES))


def test_new_rows_of_any_frame_are_taken_as_unlabelled_data(same):
    source = data.load(same["csv"], **ROLES)
    for name, rows in same.items():
        found = data.load_unlabelled(rows, source, group_column="patient", split_column="part")
        assert found.digests == source.digests, name


def test_a_stream_that_ends_once_it_is_read(same):
    reader = same["arrow"].to_reader()
    assert said(data.load(reader, **ROLES)) == said(data.load(same["csv"], **ROLES))


def test_declared_categories_are_names_in_a_frame_and_in_parquet(tmp_path):
    frame = pandas.DataFrame({"code": pandas.Categorical([1, 2, 3, 1]), "label": list("abab")})
    frame.to_parquet(tmp_path / "rows.parquet")
    for source in (frame, tmp_path / "rows.parquet", arrow.Table.from_pandas(frame)):
        assert data.load(source).table.words == {"code": ("1", "2", "3")}


def test_two_columns_of_one_name_are_refused_in_arrow_too():
    table = arrow.table([arrow.array([1, 2]), arrow.array([1, 2])], names=["a", "a"])
    with pytest.raises(BadData, match="two columns called 'a'"):
        data.load((table, [0, 1]))


def test_a_model_of_texts_takes_a_column_not_a_table(same):
    for name in ("pandas", "arrow", "mapping"):
        with pytest.raises(BadInput, match=r"takes texts, not a table.*table\['text'\]"):
            modalities()["texts"].inputs(same[name], Tokens(""))


def test_a_frame_that_is_not_computed_yet_says_what_to_do():
    class LazyFrame:
        columns, dtypes = ["x", "label"], ["Float64", "String"]

        def collect(self):
            raise AssertionError

    for read in (data.load, data.load_unlabelled):
        with pytest.raises(BadInput, match=r"LazyFrame is not computed yet.*collect\(\)"):
            read(LazyFrame())
