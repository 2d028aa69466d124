"""Texts as they are published: a file each, JSON lines, CSV without names, in other encodings."""

import csv
import json

import pytest
from tests.data.painting import class_folders

import headstart.data as data
from headstart.core import BadData, BadInput


def imdb(folder):
    """The layout of the Large Movie Review Dataset."""
    for part, count in (("train", 3), ("test", 2)):
        for label in ("neg", "pos"):
            (folder / part / label).mkdir(parents=True)
            for number in range(count):
                (folder / part / label / f"{number}_7.txt").write_text(f"{part} {label} {number}\n", "utf-8")
        (folder / part / f"urls_{label}.txt").write_text("http://...")
        (folder / part / "labeledBow.feat").write_text("9 0:9")
    (folder / "train" / "unsup").mkdir()
    (folder / "train" / "unsup" / "0_0.txt").write_text("no label")
    (folder / "README").write_text("Large Movie Review Dataset v1.0")
    (folder / "imdb.vocab").write_text("the")
    return folder


def test_imdb_as_it_is_published(tmp_path):
    found = data.load(imdb(tmp_path / "aclImdb"))
    assert found.kind == "texts"
    assert found.classes == ("neg", "pos")
    assert (found.split.count("train"), found.split.count("test")) == (6, 4)
    assert found.items[0] == "test/neg/0_7.txt"
    assert found.texts[0] == "test neg 0"
    kinds = {one.kind: one for one in found.findings}
    assert kinds["left-out"].items == ["train/unsup/"]
    assert "labeledBow.feat" in kinds["stray-files"].items
    train = data.load(tmp_path / "aclImdb" / "test")
    assert train.classes == ("neg", "pos")
    assert len(data.load_unlabelled(tmp_path / "aclImdb" / "train" / "pos", found)) == 3


def test_text_files_beside_pictures_are_no_samples(tmp_path):
    class_folders(tmp_path, cat=1, dog=1)
    for number in range(5):
        (tmp_path / "cat" / f"{number}.txt").write_text("about it")
    assert data.load(tmp_path).kind == "pictures"
    with pytest.raises(BadInput, match=r"encoding='latin-1' can't be used: .* has no \.txt files"):
        data.load(tmp_path, encoding="latin-1")


def test_text_files_in_another_encoding(tmp_path):
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        (tmp_path / label / "1.txt").write_bytes("café".encode("latin-1"))
    with pytest.raises(BadData, match=r"1\.txt can't be read in UTF-8.*with encoding, such"):
        data.load(tmp_path)
    assert data.load(tmp_path, encoding="latin-1").texts == ["café", "café"]
    with pytest.raises(BadInput, match="encoding='latin-l' is unknown"):
        data.load(tmp_path, encoding="latin-l")


def test_sentiment140_as_it_is_published(tmp_path):
    file = tmp_path / "training.csv"
    with file.open("w", newline="", encoding="latin-1") as stream:
        rows = [["04"[n % 2], str(n), "Mon", "NO_QUERY", "anna", f"caf\xe9, tea; {n}"] for n in range(4)]
        csv.writer(stream, quoting=csv.QUOTE_ALL).writerows(rows)
    options = {"columns": "label,id,date,query,user,text", "encoding": "latin-1"}
    found = data.load(file, **options)
    assert found.kind == "texts"
    assert found.classes == ("0", "4")
    assert found.texts[1] == "café, tea; 1"
    assert len(found) == 4
    assert data.load(file, **options, group_column="user").groups.tolist() == [0] * 4
    assert data.load_unlabelled(file, found, **options).texts == tuple(found.texts)


def test_ag_news_as_it_is_published(tmp_path):
    file = tmp_path / "train.csv"
    file.write_text('"3","Wall St., Bears","Short-sellers; a \\ band"\n"1","Oil","Up"\n')
    found = data.load(file, columns=["label", "title", "text"])
    assert found.classes == ("1", "3")
    assert found.texts[1] == "Up"


def test_names_of_columns_that_do_not_fit(tmp_path):
    file = tmp_path / "train.csv"
    file.write_text("1,a b\n2,c d\n")
    with pytest.raises(BadData, match="row 1 has 2 cells, columns has 3"):
        data.load(file, columns="label,title,text")
    for names in ("label,label", "label,", [], ["label", 3]):
        with pytest.raises(BadInput, match="give each column a name of its own"):
            data.load(file, columns=names)
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(
        pytest.importorskip("pyarrow").table({"x": [1], "label": ["a"]}), tmp_path / "a.parquet"
    )
    for options in ({"columns": "x,label"}, {"encoding": "latin-1"}):
        (option,) = options
        with pytest.raises(BadInput, match=f"{option}=.* can't be used"):
            data.load(tmp_path / "a.parquet", **options)
        with pytest.raises(BadInput, match=f"{option}=.* can't be used"):
            data.load((["a", "b"], [0, 1]), **options)


def test_json_lines(tmp_path):
    rows = [{"text": "a\nb", "label": "x"}, {"text": "c", "label": "y", "site": 2}]
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    found = data.load(file)
    assert found.texts == ("a\nb", "c") or found.texts == ["a\nb", "c"]
    assert found.classes == ("x", "y")
    table = tmp_path / "table.ndjson"
    table.write_text("".join(json.dumps({"size": n / 2, "label": n % 2 > 0}) + "\n" for n in range(6)))
    assert data.load(table).table.kinds == ("numeric",)
    assert data.load(table).classes == ("False", "True")
    file.write_text("\n".join(map(json.dumps, rows[::-1])))
    with pytest.raises(BadData, match="row 2 has nothing in the column 'site'"):
        data.load(file, group_column="site")
    file.write_text('{"text": "a"}\n{"text"\n')
    with pytest.raises(BadData, match="line 2 is not JSON"):
        data.load(file)
    file.write_text("[1, 2]\n")
    with pytest.raises(BadData, match="line 1 is no object"):
        data.load(file)
    file.write_text("\n")
    with pytest.raises(BadData, match="is empty"):
        data.load(file)


def test_cells_of_any_length(tmp_path):
    file, limit = tmp_path / "long.csv", csv.field_size_limit()
    file.write_text(f"text,label\n{'word ' * 60_000},x\nb,y\n")
    assert len(data.load(file).texts[0]) == 299_999
    assert csv.field_size_limit() == limit


def test_a_json_file_is_a_list_of_objects_or_has_one_a_line(tmp_path):
    rows = [{"text": f"caf\xe9 {n}", "label": "ab"[n % 2]} for n in range(4)]
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    for text in (json.dumps(rows, ensure_ascii=False), json.dumps(rows, indent=1), lines):
        (tmp_path / "rows.json").write_text(text, "utf-8")
        assert list(data.load(tmp_path / "rows.json").texts) == [row["text"] for row in rows]
    (tmp_path / "rows.json").write_bytes(json.dumps(rows, ensure_ascii=False).encode("latin-1"))
    assert data.load(tmp_path / "rows.json", encoding="latin-1").texts[1] == "caf\xe9 1"
    for text, says in (("[1, 2]", "line 1 is no object"), ("[{]", "is not JSON"), ("[]", "is empty")):
        (tmp_path / "rows.json").write_text(text)
        with pytest.raises(BadData, match=says):
            data.load(tmp_path / "rows.json")
