"""Texts of published data, on small files of the published layout."""

import pytest
from tests.data.published_files import written

import headstart as hs
from headstart.core import BadData
from headstart.data.splits import holdout

load = hs.data.load


@pytest.fixture
def root(tmp_path, monkeypatch):
    """The folder of all published data."""
    monkeypatch.setenv("HEADSTART_DATA", str(tmp_path))
    return tmp_path


def rows_of(data):
    """Text, class and part of each row."""
    parts = data.split or [None] * len(data)
    return [(data.texts[row], data.classes[data.labels[row]], parts[row]) for row in range(len(data))]


def test_yelp(root):
    folder = root / "yelp_review_full_csv"
    written(folder / "train.csv", [["5", 'So "good"\\nAgain \\"yes\\", I do'], ["1", "No"]])
    written(folder / "test.csv", [["2", "Hm, \\n well"]])
    assert rows_of(load("yelp-full")) == [
        ('So "good"\nAgain "yes", I do', "5 stars", "train"),
        ("No", "1 star", "train"),
        ("Hm, \n well", "2 stars", "test"),
    ]
    written(root / "yelp_review_polarity_csv" / "train.csv", [["1", "bad"], ["2", "good"]])
    assert rows_of(load("yelp-polarity")) == [("bad", "negative", None), ("good", "positive", None)]
    written(root / "yelp_review_polarity_csv" / "train.csv", [["1", "bad"], ["3", "good"]])
    with pytest.raises(BadData, match=r"train\.csv: row 2 has the class '3'; classes are the numbers 1 to 2"):
        load("yelp-polarity")


def test_sentiment140(root):
    folder = root / "trainingandtestdata"
    rows = [[label, "1", "Mon", "NO_QUERY", "anna", f"caf\xe9, {label}"] for label in "044"]
    written(folder / "training.1600000.processed.noemoticon.csv", rows, "latin-1")
    assert load("sentiment140").split is None
    rows = [[label, "1", "Mon", "q", "bo", f"t {label}"] for label in "420"]
    written(folder / "testdata.manual.2009.06.14.csv", rows, "latin-1")
    data = load("sentiment140")
    assert rows_of(data) == [
        ("caf\xe9, 0", "negative", "train"),
        ("caf\xe9, 4", "positive", "train"),
        ("caf\xe9, 4", "positive", "train"),
        ("t 4", "positive", "test"),
        ("t 0", "negative", "test"),
    ]
    assert [(one.kind, one.count) for one in data.findings] == [("left-out", 1)]


def test_ag_news(root):
    folder = root / "ag_news_csv"
    written(
        folder / "train.csv", [["4", 'The "New" Web', "A dwindling\\band"], ["1", "Vote", "Today\\\nnow"]]
    )
    written(folder / "test.csv", [["2", "Goal", "One"]])
    expected = [
        ('The "New" Web A dwindling band', "Sci/Tech", "train"),
        ("Vote Today now", "World", "train"),
        ("Goal One", "Sports", "test"),
    ]
    assert rows_of(load("ag-news")) == rows_of(load("AG News")) == expected
    (folder / "classes.txt").write_text("W\nS\nB\nT\n")
    assert load("ag-news").classes == ("S", "T", "W")
    written(folder / "test.csv", [["2"]])
    with pytest.raises(BadData, match=r"test\.csv: row 1 has 1 cells; 2 or more"):
        load("ag-news")


def test_trec(root):
    folder = root / "trec"
    folder.mkdir()
    (folder / "train_5500.label").write_bytes(b"DESC:manner How did it grow ?\nHUM:ind Who is Ren\xe9 ?\n")
    (folder / "TREC_10.label").write_bytes(b"DESC:def What is it ?\n")
    coarse = [
        ("How did it grow ?", "DESC", "train"),
        ("Who is Ren\xe9 ?", "HUM", "train"),
        ("What is it ?", "DESC", "test"),
    ]
    assert rows_of(load("trec6")) == rows_of(load("TREC-6")) == coarse
    assert load("trec50").classes == ("DESC:def", "DESC:manner", "HUM:ind")
    (folder / "TREC_10.label").write_text("What is it ?\n")
    with pytest.raises(BadData, match=r"'What is it \?' does not begin with a class"):
        load("trec6")


def book(author, words, header=True):
    """A book of Project Gutenberg with so many words."""
    text = "\n\n".join(f"{author} word {number} ." for number in range(words // 4))
    if not header:
        return text
    begin, end = (
        "*** START OF THE PROJECT GUTENBERG EBOOK X ***",
        "*** END OF THE PROJECT GUTENBERG EBOOK X ***",
    )
    return f"Licence\nAuthor: {author}\n\n{begin}\n{text}\n{end}\nLicence again"


def test_gutenberg(root):
    folder = root / "gutenberg"
    (folder / "Doyle").mkdir(parents=True)
    (folder / "pg1.txt").write_text(book("Jane Austen", 400), "utf-8")
    (folder / "pg2.txt").write_text(book("Jane Austen", 200), "utf-8")
    for number in range(2):
        (folder / "Doyle" / f"{number}.txt").write_bytes(
            (book("x", 200, False) + " caf\xe9").encode("latin-1")
        )
    (folder / "milton-paradise.txt").write_text(book("x", 200, False))
    (folder / "README.txt").write_text("about")
    data = load("gutenberg")
    assert data.classes == ("Doyle", "Jane Austen")
    assert [(one.kind, one.items) for one in data.findings] == [("left-out", ["milton"])]
    assert all("Licence" not in text and "Author" not in text for text in data.texts)
    assert any(text.endswith("caf\xe9") for text in data.texts)
    assert len(data.texts[0].split()) == 100  # 25 paragraphs of 4 words
    assert len(set(data.groups.tolist())) == 4
    train, test = holdout(data.strata, data.groups, fraction=0.5, seed=0)
    assert not set(data.groups[train].tolist()) & set(data.groups[test].tolist())
    everything = hs.data.load_unlabelled("gutenberg")
    assert len(set(everything.groups.tolist())) == 5
    assert "milton-paradise.txt passage 1" in everything.items
    with pytest.raises(BadData, match="two authors need two books each"):
        load(f"gutenberg:{folder / 'Doyle'}")


def test_wordnet(root):
    folder = root / "corpora" / "wordnet"
    folder.mkdir(parents=True)
    (folder / "lexnames").write_text("03\tnoun.Tops\t1\n05\tnoun.animal\t1\n29\tverb.body\t2\n")
    licence = "  1 This software and database is being provided to you\n"
    (folder / "data.noun").write_text(
        licence
        + '00001740 03 n 01 entity 0 003 ~ 00001930 n 0000 | that which is; or not; "it was" | so  \n'
        + "02084071 05 n 03 dog 0 domestic_dog 0 000 | a member of the genus Canis  \n"
    )
    (folder / "data.verb").write_text(licence + "00001740 29 v 01 breathe 0 000 | draw air into the lungs\n")
    data = load("wordnet")
    assert rows_of(data) == [
        ("that which is; or not", "noun.Tops", None),
        ("a member of the genus Canis", "noun.animal", None),
        ("draw air into the lungs", "verb.body", None),
    ]
    assert data.items == ("noun 00001740 entity", "noun 02084071 dog", "verb 00001740 breathe")
    (folder / "data.verb").write_text("00001740 99 v 01 breathe 0 000 | draw air\n")
    with pytest.raises(BadData, match=r"data\.verb: '00001740 99 .*' is no synset"):
        load("wordnet")
