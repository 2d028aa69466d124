"""Texts with classes: reviews, tweets, news and questions."""

import csv
import io
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from headstart.core import BadData
from headstart.data.columns import Columns
from headstart.data.dataset import Dataset
from headstart.data.finding import finding
from headstart.data.folder import from_folder
from headstart.data.table_files import LONGEST
from headstart.data.text_files import read_text

from .building import Row, class_named, lines_of, of_texts
from .entry import Published

LATIN = "latin-1"
SENTIMENTS = {"0": "negative", "2": "neutral", "4": "positive"}
TWEETS = {"train": "training.1600000.processed.noemoticon.csv", "test": "testdata.manual.2009.06.14.csv"}
QUESTIONS = {"train": "train_5500.label", "test": "TREC_10.label"}


def _imdb(folder: Path, name: str, columns: Columns) -> Dataset:
    return from_folder(folder, name, columns.encoding)


def _csv_parts(
    folder: Path, name: str, columns: Columns, *, classes: Sequence[str], plain: Callable[[str], str]
) -> Dataset:
    """train.csv and test.csv without a line of names: the number of the class from 1, then texts.

    They are joined; `plain` undoes how line breaks and quotes are written in them.
    """
    known = lines_of(folder / "classes.txt") if (folder / "classes.txt").is_file() else classes
    parts = {part: folder / f"{part}.csv" for part in ("train", "test")}
    return of_texts(
        {
            part: [
                Row(class_named(known, row[0], 1, f"{file}: row {number}"), plain(" ".join(row[1:])))
                for number, row in enumerate(_rows(file, columns.encoding or "utf-8", 2), 1)
            ]
            for part, file in parts.items()
            if file.is_file()
        },
        name,
    )


def _unescaped(text: str) -> str:
    r"""A text in which a line break is written as \n, and a quote may have a backslash before it.

    >>> _unescaped(r'Best \"fish\"\nin town')
    'Best "fish"\nin town'
    """
    return text.replace("\\n", "\n").replace('\\"', '"').strip()


def _news(text: str) -> str:
    r"""A text of AG News, in which a backslash stands for a line break.

    >>> _news(r"dwindling\band of ultra-cynics")
    'dwindling band of ultra-cynics'
    """
    return " ".join(text.replace("\\", " ").split())


def _tweets(folder: Path, name: str, columns: Columns) -> Dataset:
    """Six cells a row: sentiment, id, date, query, user, text. Neutral tweets are in the test part alone."""
    parts = {}
    for part, file in ((part, folder / file) for part, file in TWEETS.items()):
        if file.is_file():
            parts[part] = [
                Row(_sentiment(row[0], f"{file}: row {number}"), row[5])
                for number, row in enumerate(_rows(file, columns.encoding or LATIN, 6), 1)
            ]
    trained = {row.label for row in parts["train"]}
    left = [row.text for part in parts.values() for row in part if row.label not in trained]
    kept = {part: [row for row in rows if row.label in trained] for part, rows in parts.items()}
    if not left:
        return of_texts(kept, name)
    text = f"{len(left)} neutral tweets of the test part are left out: no training row is neutral."
    return of_texts(kept, name, [finding("left-out", "note", text, left)])


def _sentiment(number: str, place: str) -> str:
    if number not in SENTIMENTS:
        raise BadData(f"{place} has the sentiment {number!r}; it is 0, 2 or 4.")
    return SENTIMENTS[number]


def _questions(folder: Path, name: str, columns: Columns, *, fine: bool) -> Dataset:
    """A question a line, after its class: "DESC:manner How did serfdom develop ?"."""
    parts = {}
    for part, file in ((part, folder / file) for part, file in QUESTIONS.items()):
        if file.is_file():
            lines = read_text(file, columns.encoding or LATIN).split("\n")
            parts[part] = [_question(line.strip(), fine, file) for line in lines if line.strip()]
    return of_texts(parts, name)


def _question(line: str, fine: bool, file: Path) -> Row:
    label, _, question = line.partition(" ")
    coarse, colon, _ = label.partition(":")
    if not colon or not question:
        raise BadData(f"{file}: {line[:40]!r} does not begin with a class such as DESC:manner.")
    return Row(label if fine else coarse, question.strip())


def _rows(file: Path, encoding: str, least: int) -> list[list[str]]:
    """The rows of a CSV file with `least` cells or more."""
    limit = csv.field_size_limit(LONGEST)
    try:
        rows = [row for row in csv.reader(io.StringIO(read_text(file, encoding), newline="")) if row]
    except csv.Error as error:
        raise BadData(f"{file} can't be read as CSV: {error}.") from error
    finally:
        csv.field_size_limit(limit)
    for number, row in enumerate(rows, 1):
        if len(row) < least:
            raise BadData(f"{file}: row {number} has {len(row)} cells; {least} or more are published.")
    return rows


_STARS = ("1 star", "2 stars", "3 stars", "4 stars", "5 stars")
_SECTIONS = ("World", "Sports", "Business", "Sci/Tech")
_ZHANG = "https://s3.amazonaws.com/fast-ai-nlp"
_TREC = "https://cogcomp.seas.upenn.edu/Data/QA/QC"
_CODED = ("encoding",)

ENTRIES = (
    Published(
        name="imdb",
        content="50,000 film reviews, negative or positive; half are the test part",
        folders=("aclImdb",),
        files=("train/neg/", "train/pos/"),
        read=_imdb,
        options=_CODED,
        urls=("https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",),
    ),
    Published(
        name="yelp-full",
        content="700,000 reviews of 1 to 5 stars; 50,000 are the test part",
        folders=("yelp_review_full_csv",),
        files=("train.csv",),
        read=partial(_csv_parts, classes=_STARS, plain=_unescaped),
        options=_CODED,
        urls=(f"{_ZHANG}/yelp_review_full_csv.tgz",),
    ),
    Published(
        name="yelp-polarity",
        content="598,000 reviews, negative or positive; 38,000 are the test part",
        folders=("yelp_review_polarity_csv",),
        files=("train.csv",),
        read=partial(_csv_parts, classes=("negative", "positive"), plain=_unescaped),
        options=_CODED,
        urls=(f"{_ZHANG}/yelp_review_polarity_csv.tgz",),
    ),
    Published(
        name="sentiment140",
        content="1,600,000 tweets, negative or positive by their smileys; 359 read by people are the test",
        folders=("sentiment140", "trainingandtestdata"),
        files=(TWEETS["train"],),
        read=_tweets,
        options=_CODED,
        urls=("https://cs.stanford.edu/people/alecmgo/trainingandtestdata.zip",),
    ),
    Published(
        name="ag-news",
        content="127,600 titles and descriptions of news in 4 sections; 7,600 are the test part",
        folders=("ag_news_csv",),
        files=("train.csv",),
        read=partial(_csv_parts, classes=_SECTIONS, plain=_news),
        options=_CODED,
        urls=(f"{_ZHANG}/ag_news_csv.tgz",),
    ),
    Published(
        name="trec6",
        content="5,952 questions by the kind of their answer, 6 classes; 500 are the test part",
        folders=("trec", "TREC"),
        files=(QUESTIONS["train"],),
        read=partial(_questions, fine=False),
        options=_CODED,
        urls=(f"{_TREC}/{QUESTIONS['train']}", f"{_TREC}/{QUESTIONS['test']}"),
    ),
    Published(
        name="trec50",
        content="the questions of trec6 in their finer classes, such as DESC:manner",
        folders=("trec", "TREC"),
        files=(QUESTIONS["train"],),
        read=partial(_questions, fine=True),
        options=_CODED,
        urls=(f"{_TREC}/{QUESTIONS['train']}", f"{_TREC}/{QUESTIONS['test']}"),
    ),
)
