"""A column of texts beside numbers and names: its words are columns, fixed at training."""

import json
import math

import numpy as np
import pytest
from tests.data.csv_files import write

import headstart as hs
from headstart.core import BadData, BadInput, Schema, Unknown
from headstart.data.records import about_columns
from headstart.data.schemas import encoded, schema_of
from headstart.data.table_rows import rows_of

NEUTRAL = ["a", "story", "of", "people", "who", "go", "to", "town", "and", "come", "back", "one", "evening"]
WORDS = {"good": ["lovely", "great", "warm"], "bad": ["dull", "slow", "grey"]}


def films(count, seed=0):
    """The label is "yes" if the text is good and the number is positive: either alone says half."""
    rng = np.random.default_rng(seed)
    texts, numbers, labels = [], rng.normal(size=count), []
    for number in numbers:
        mood = ("good", "bad")[rng.integers(2)]
        words = [*rng.choice(NEUTRAL, 6), *rng.choice(WORDS[mood], 2)]
        texts.append(" ".join(rng.permutation(words)))
        labels.append("yes" if mood == "good" and number > 0 else "no")
    return {
        "review": texts,
        "length": numbers.tolist(),
        "city": ["rome", "oslo"] * (count // 2),
        "label": labels,
    }


def balanced(model, rows):
    """Mean of the shares of both classes that are classified correctly."""
    said = np.array([row.label for row in model.predict({k: v for k, v in rows.items() if k != "label"})])
    true = np.array(rows["label"])
    return np.mean([(said[true == name] == name).mean() for name in ("yes", "no")])


def test_both_are_learned_from():
    rows, new = films(300), films(600, seed=1)
    scores = {}
    for name, options in {
        "both": {"text_column": "review", "beside": ["length"]},
        "all": {"text_column": "review", "beside": ["*"]},
        "text": {"text_column": "review", "beside": ["city"]},
    }.items():
        model = hs.fit(hs.methods.LogisticProbe(), "table", hs.data.load(rows, **options))
        scores[name] = balanced(model, new)
    number, new_number = ({name: part[name] for name in ("length", "label")} for part in (rows, new))
    model = hs.fit(hs.methods.LogisticProbe(), "table", hs.data.load(number))
    scores["number"] = balanced(model, new_number)
    assert min(scores["both"], scores["all"]) > max(scores["text"], scores["number"]) + 0.1


def test_words_by_hand():
    """Of 4 texts, `a` is in 3 and `b` in 2: weights 1 + log(5 / 4) and 1 + log(5 / 3); `c` is in one."""
    rows = {"t": ["a b", "a", "b A!", "c", ""], "x": [1.0, 2.0, 3.0, 4.0, 5.0], "label": [*"pqpqp"]}
    table = hs.data.load(rows, text_column="t", beside=["x"]).table
    assert table.kinds == ("text", "numeric")
    schema = schema_of(table)
    gap, a, b, _ = schema.columns
    assert (gap.part, gap.missing, a.part, b.part) == ("", True, "b", "a") or (a.part, b.part) == ("a", "b")
    weights = {one.part: one.weight for one in (a, b)}
    assert weights == pytest.approx({"a": 1 + math.log(5 / 4), "b": 1 + math.log(5 / 3)})
    values = encoded(table, schema).values
    length = math.hypot(*weights.values())
    assert values[0, 1:3].tolist() == pytest.approx([weights[one.part] / length for one in (a, b)])
    assert values[1, 1:3].tolist() == [1.0 * (one.part == "a") for one in (a, b)]
    assert values[3, 1:3].tolist() == values[4, 1:3].tolist() == [0, 0]
    assert np.isnan(values[:, 0]).tolist() == [False] * 4 + [True]
    assert schema == Schema.from_settings(json.loads(json.dumps(schema.settings())))
    new = encoded(rows_of({"t": [None, "never seen", "B b"], "x": [0, 0, 0]}, schema), schema)
    assert new.unseen == {}
    assert new.values[2, 1:3].tolist() == pytest.approx([1.0 * (one.part == "b") for one in (a, b)])


def test_only_training_rows_make_words():
    rows = films(20)
    rows["review"][-2:] = ["zebra zebra", "zebra again"]
    table = hs.data.load(rows, text_column="review", beside=["length"]).table
    assert "zebra" in {column.part for column in schema_of(table).columns}
    assert "zebra" not in {column.part for column in schema_of(table, np.arange(18)).columns}


def test_a_word_called_as_a_part_of_a_date_is_a_number():
    rows = {"t": ["month day", "month", "hour", "month hour"], "x": [1.0, 2.0, 3.0, 4.0], "label": [*"pqpq"]}
    schema = schema_of(hs.data.load(rows, text_column="t", beside=["x"]).table)
    assert not any(column.named for column in schema.columns)


def test_it_is_the_same_from_a_file_and_other_columns_are_passed(tmp_path):
    rows = films(40)
    file = write(tmp_path / "films.csv", rows)
    options = {"text_column": "review", "beside": ["length"]}
    data, frame = hs.data.load(file, **options), hs.data.load(rows, **options)
    assert data.table.names == ("review", "length")
    assert data.content == frame.content
    schema = schema_of(data.table)
    full = encoded(rows_of(file, schema), schema).values
    np.testing.assert_array_equal(full, encoded(frame.table, schema).values)
    assert len(hs.data.load_unlabelled(file, data).table.names) == 2
    assert "looks-like-texts" not in [one.kind for one in about_columns(data.table)]
    assert hs.data.check(data).dataset.kind == "tables"


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"beside": ["length"]}, BadInput, r"beside=\['length'\] goes with text_column,"),
        ({"text_column": "review", "beside": ["lenght"]}, Unknown, "'lenght'. Did you mean 'length'"),
        ({"text_column": "reviews", "beside": ["length"]}, Unknown, "'reviews'. Did you mean 'review'"),
        ({"text_column": "review", "beside": ["label"]}, BadInput, r"beside=\['label'\] can't be used"),
        ({"text_column": "review", "beside": ["review"]}, BadInput, r"beside=\['review'\] can't be used"),
        ({"text_column": "review", "beside": "length"}, BadInput, r"write \['length'\]"),
    ],
)
def test_what_is_refused(options, error, says):
    with pytest.raises(error, match=says):
        hs.data.load(films(20), **options)


def test_arrays_and_folders_have_none(tmp_path):
    with pytest.raises(BadInput, match=r"beside=\['x'\] can't be used: an array has no columns"):
        hs.data.load((np.zeros((4, 2)), [0, 1, 0, 1]), beside=["x"])


def test_what_is_passed_over_beside_texts_is_said():
    rows = films(20) | {"id": list(range(20)), "person": ["p", "q"] * 10}
    (found,) = hs.data.load(rows, text_column="review", group_column="person").findings
    assert (found.kind, found.severity, found.items) == ("passed-over", "note", ["length", "city"])
    assert "too: beside=['length']." in found.text
    assert hs.data.load({"text": rows["review"], "label": rows["label"]}).findings == ()
    assert hs.data.load(rows, text_column="review", beside=["length"]).findings == ()


def test_texts_without_a_word_that_was_learned_are_refused():
    model = hs.fit(
        hs.methods.LogisticProbe(), "table", hs.data.load(films(60), text_column="review", beside=["length"])
    )
    new = {"length": [0.5, 1.0], "review": [1, 2]}
    with pytest.raises(BadData, match=r"2 of 2 rows .* in 'review' that no training row had, such as '1'"):
        model.predict(new)
    assert len(model.predict(new, allow_unseen=True)) == 2
    assert len(model.predict({**new, "review": ["1", "a lovely one"]})) == 2
    assert len(model.predict({**new, "review": [None, None]})) == 2
