"""Texts of Project Gutenberg by author, and the definitions of WordNet by their field."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from headstart.core import BadData
from headstart.data.columns import Columns
from headstart.data.dataset import Dataset
from headstart.data.finding import finding
from headstart.data.folder_files import files_below
from headstart.data.naming import grouped
from headstart.data.samples import Texts
from headstart.data.text_files import UTF8, read_text

from .building import Row, lines_of, of_texts
from .entry import Published

WORDS = 100  # least number of words of a passage, but for the last of a book
_BEGIN = re.compile(r"^\*\*\* ?START OF (?:THE|THIS) PROJECT GUTENBERG.*$", re.MULTILINE)
_END = re.compile(r"^\*\*\* ?END OF (?:THE|THIS) PROJECT GUTENBERG.*$", re.MULTILINE)
_AUTHOR = re.compile(r"^Author:[ \t]*(\S.*?)\s*$", re.MULTILINE)


class _Book(NamedTuple):
    author: str
    file: str
    passages: list[str]


def _gutenberg(folder: Path, name: str, columns: Columns) -> Dataset:
    """Passages of books by their author; a book is a group. Authors with one book are left out."""
    books = _books(folder, columns)
    often = Counter(book.author for book in books)
    single = [book.author for book in books if often[book.author] == 1]
    kept = [book for book in books if often[book.author] > 1]
    if len({book.author for book in kept}) < 2:
        raise BadData(
            f"{folder} has books of {', '.join(sorted(often)[:5])}. To tell authors apart by books that were "
            "not learned from, two authors need two books each."
        )
    rows = [Row(book.author, passage) for book in kept for passage in book.passages]
    items = [f"{book.file} passage {n}" for book in kept for n in range(1, len(book.passages) + 1)]
    text = f"Left out, as there is one book of each and none to test by: {', '.join(single[:5])}."
    findings = [finding("left-out", "note", text, single)] if single else []
    data = of_texts({"train": rows}, name, findings, items)
    return replace(data, groups=grouped(book.file for book in kept for _ in book.passages))


def _all_passages(folder: Path, name: str, columns: Columns) -> Dataset:
    """Passages of all books, without labels; a book is a group."""
    books = _books(folder, columns)
    texts = Texts([passage for book in books for passage in book.passages])
    items = tuple(f"{book.file} passage {n}" for book in books for n in range(1, len(book.passages) + 1))
    groups = grouped(book.file for book in books for _ in book.passages)
    return Dataset(name, ("unlabelled",), np.zeros(len(texts), np.int64), items, texts, groups)


def _books(folder: Path, columns: Columns) -> list[_Book]:
    paths = [path for path in files_below(folder) if path.suffix.lower() == ".txt"]
    return [_book(path, folder, columns.encoding) for path in paths if path.stem.upper() != "README"]


def _book(path: Path, folder: Path, encoding: str | None) -> _Book:
    text = _read(path, encoding).replace("\r\n", "\n")
    begin, end = _BEGIN.search(text), _END.search(text)
    author = _AUTHOR.search(text[: begin.start()] if begin else "")
    body = text[begin.end() if begin else 0 : end.start() if end else len(text)]
    return _Book(
        author[1] if author else _of_name(path, folder),
        path.relative_to(folder).as_posix(),
        list(_passages(body)),
    )


def _read(path: Path, encoding: str | None) -> str:
    """A text in UTF-8, or else in Latin-1, as older files are."""
    if encoding is not None:
        return read_text(path, encoding)
    try:
        return read_text(path, UTF8)
    except BadData:
        return read_text(path, "latin-1")


def _of_name(path: Path, folder: Path) -> str:
    """The author by the folder of a book, or by its name, as "austen-emma.txt"."""
    return path.parent.name if path.parent != folder else path.stem.partition("-")[0]


def _passages(text: str) -> Iterator[str]:
    """Paragraphs, joined to passages of 100 words or more."""
    words: list[str] = []
    for paragraph in text.split("\n\n"):
        words += paragraph.split()
        if len(words) >= WORDS:
            yield " ".join(words)
            words = []
    if words:
        yield " ".join(words)


def _wordnet(folder: Path, name: str, _columns: Columns) -> Dataset:
    """Definitions of synsets by their lexicographer file, such as noun.animal; examples are left out."""
    fields = {cells[0]: cells[1] for line in lines_of(folder / "lexnames") if len(cells := line.split()) > 1}
    rows, items = [], []
    for part in ("noun", "verb", "adj", "adv"):
        for line in _synsets(folder / f"data.{part}"):
            head, bar, gloss = line.partition(" | ")
            cells = head.split()
            if not bar or len(cells) < 5 or cells[1] not in fields:
                raise BadData(f"{folder}/data.{part}: {line[:40]!r} is no synset of WordNet 3.")
            rows.append(Row(fields[cells[1]], gloss.partition('; "')[0].strip()))
            items.append(f"{part} {cells[0]} {cells[4]}")
    return of_texts({"train": rows}, name, items=items)


def _synsets(file: Path) -> Iterator[str]:
    """The lines of a data file; those of the licence begin with spaces."""
    if file.is_file():
        lines = read_text(file, "utf-8").split("\n")
        yield from (line for line in lines if line.strip() and not line.startswith(" "))


ENTRIES = (
    Published(
        name="gutenberg",
        content="passages of about 100 words out of books, by their author; a book is a group",
        folders=("gutenberg", "corpora/gutenberg", "nltk_data/corpora/gutenberg"),
        files=("**/*.txt",),
        read=_gutenberg,
        read_unlabelled=_all_passages,
        options=("encoding",),
        urls=("https://raw.githubusercontent.com/nltk/nltk_data/gh-pages/packages/corpora/gutenberg.zip",),
    ),
    Published(
        name="wordnet",
        content="117,659 definitions (WordNet 3.0) in 45 fields, such as noun.animal",
        folders=("wordnet", "dict", "WordNet-3.0/dict", "corpora/wordnet", "nltk_data/corpora/wordnet"),
        files=("data.noun", "lexnames"),
        read=_wordnet,
        urls=("https://raw.githubusercontent.com/nltk/nltk_data/gh-pages/packages/corpora/wordnet.zip",),
    ),
)
