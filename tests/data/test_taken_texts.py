"""A column of long texts that nobody named is learned from as texts, and that is said."""

import pytest

import headstart as hs
from headstart.data.columns import Columns
from headstart.data.new_texts import new_texts

WORDS = ["the film was good", "a dull and slow story", "acting that moves", "I left before the end of it"]
REVIEWS = [f"{WORDS[n % 4]}, and number {n} of the reviews was no better than that" for n in range(12)]
NAMES = [f"Smith, Mr. John the {n}th" for n in range(12)]
LABELS = ["good", "bad"] * 6


@pytest.fixture
def csv(tmp_path):
    def write(**columns):
        rows = zip(*columns.values(), strict=True)
        lines = [",".join(columns), *(",".join(f'"{cell}"' for cell in row) for row in rows)]
        path = tmp_path / "rows.csv"
        path.write_text("\n".join(lines) + "\n")
        return path

    return write


def said(data):
    return [one.text for one in data.findings if one.kind == "text-column"]


def test_texts_beside_labels_and_ids_are_texts(csv):
    columns = {"id": range(12), "review": REVIEWS, "label": LABELS}
    for source in (csv(**columns), {name: list(cells) for name, cells in columns.items()}):
        data = hs.data.load(source)
        assert (data.kind, list(data.texts)) == ("texts", REVIEWS)
        assert "'review' holds texts, which are learned from; text_column=... takes another" in said(data)[0]


def test_a_date_beside_them_makes_no_table(csv):
    """Posts have a day; a table of it would read their words without the pretrained network."""
    data = hs.data.load(
        csv(id=range(12), day=[f"{n + 1}.3.2026" for n in range(12)], post=REVIEWS, label=LABELS)
    )
    assert (data.kind, list(data.texts)) == ("texts", REVIEWS)
    assert [one.items for one in data.findings if one.kind == "passed-over"] == [["day"]]


def test_of_several_columns_the_longest_texts_are_taken(csv):
    data = hs.data.load(csv(title=NAMES, review=REVIEWS, label=LABELS))
    assert list(data.texts) == REVIEWS
    assert [one.items for one in data.findings if one.kind == "passed-over"] == [["title"]]


def test_long_texts_beside_numbers_are_a_part_of_the_table(csv):
    path = csv(review=REVIEWS, stars=[n % 3 for n in range(12)], label=LABELS)
    data = hs.data.load(path)
    assert data.table.kinds == ("text", "numeric")
    assert "together with the other columns. The texts alone: text_column='review'" in said(data)[0]
    assert hs.data.load(path, text_column="review").kind == "texts"
    without = hs.data.load(path, categorical=["review"])
    assert (without.table.kinds, said(without)) == (("categorical", "numeric"), [])


def test_names_beside_numbers_are_no_texts(csv):
    data = hs.data.load(csv(name=NAMES, age=[n % 5 for n in range(12)], label=LABELS))
    assert (data.table.kinds, said(data)) == (("categorical", "numeric"), [])


def test_few_or_equal_texts_are_not_taken(csv):
    few = {"review": REVIEWS[:8], "n": [1, 2] * 4, "label": LABELS[:8]}
    assert hs.data.load(csv(**few)).kind == "tables"
    equal = {"review": REVIEWS[:2] * 6, "n": [1, 2, 3] * 4, "label": LABELS}
    assert "text" not in hs.data.load(csv(**equal)).table.kinds


def test_new_texts_are_found_in_the_same_column(csv):
    path = csv(id=[1, 2], review=REVIEWS[:2], label=LABELS[:2])
    assert [text for _, text in new_texts(path, Columns())] == REVIEWS[:2]


def test_rows_without_a_text_and_texts_that_come_again_are_free_texts_still(csv):
    gaps = ["" if n % 3 == 0 else text for n, text in enumerate(REVIEWS * 2)]
    again = [REVIEWS[n * 7 // 12] for n in range(12)]
    for cells in (gaps, again):
        n = len(cells)
        data = hs.data.load(
            csv(review=cells, stars=[k % 3 for k in range(n)], label=["good", "bad"] * (n // 2))
        )
        assert data.table.kinds == ("text", "numeric")


STREETS = ["Main Street", "Oak Avenue", "Park Road"]
NO_TEXTS = {
    "addresses": [f"{n} {STREETS[n % 3]}, Apt {n}, Springfield, IL 627{n:02}, U.S." for n in range(12)],
    "lists of numbers": [" ".join(f"{n * k / 7:.3f}" for k in range(12)) for n in range(1, 13)],
    "file names": [f"/home/anna/My Documents/photos of {n}/IMG_{n:05}.jpg" for n in range(12)],
    "dates": [f"{n + 1} March 2026" for n in range(12)],
    "categories": ["a person who works for a company that sells cars", "someone else who does not work"] * 6,
    "ids": [f"customer-{n:08}-with-a-long-name-that-has-no-spaces-at-all" for n in range(12)],
}


@pytest.mark.parametrize("what", NO_TEXTS)
def test_what_is_long_and_yet_no_free_text(csv, what):
    data = hs.data.load(csv(what=NO_TEXTS[what], age=[n % 5 for n in range(12)], label=LABELS))
    assert (data.kind, "text" in data.table.kinds, said(data)) == ("tables", False, [])
