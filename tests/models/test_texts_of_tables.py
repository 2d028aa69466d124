"""Texts of a table that a backbone reads: its features stand beside those of the other columns."""

import numpy as np
import pytest
import torch
from tests.wordy import Words, reviews, tokenizer

import headstart as hs
from headstart.core import BadData, Schema
from headstart.data.schemas import encoded, schema_of
from headstart.models import backbone, minilm
from headstart.models.tables import TableEncoder
from headstart.session.inputs import build_backbone, default_backbone
from headstart.session.table_backbone import by_training_part


@pytest.fixture(scope="module")
def texts():
    return backbone(Words(), tokenizer=tokenizer())


@pytest.fixture(scope="module")
def data():
    """Texts of a film and its length, of which one row has no text; the label is that of the text."""
    said, labels = reviews(12)
    said[3] = ""
    rows = {"review": said, "length": [float(n % 7) for n in range(24)], "label": labels}
    return hs.data.load(rows, text_column="review", beside=["length"])


def rows_of(data, mapping):
    return torch.from_numpy(encoded(data.table, mapping.schema).values)


def test_features_are_those_of_the_columns_and_then_of_the_texts(texts, data):
    mapping = build_backbone(data, texts)
    columns = build_backbone(data, "table")
    found = mapping(rows_of(data, mapping)).detach()
    assert (mapping.name, mapping.width) == ("Words+table", columns.width + texts.width)
    torch.testing.assert_close(found[:, : columns.width], columns(rows_of(data, columns)).detach())
    said = [data.table.words["review"][int(code)] for code in data.table.values[[0, 7], 0]]
    alone = torch.cat([texts(texts.tokens([one])) for one in said]).detach()
    torch.testing.assert_close(found[[0, 7], columns.width :], alone, rtol=1e-4, atol=1e-5)
    assert not found[3, columns.width :].any()  # no text
    assert found.isfinite().all()


def test_what_stands_in_several_rows_is_read_once_unless_something_is_learned(texts, data):
    mapping = build_backbone(data, texts)
    encode, rows = mapping.inner.encode, rows_of(data, mapping)[[0, 7, 0, 3, 7, 0]]
    read = []
    hook = encode.texts.register_forward_pre_hook(lambda _, given: read.append(len(given[0])))
    try:
        learning = encode(rows)
        with torch.inference_mode():
            found = encode(rows)
            encode(rows[:2])
    finally:
        hook.remove()
    assert read == [6, 3, 2]  # the row without a text is one
    torch.testing.assert_close(found, learning.detach(), rtol=1e-4, atol=1e-5)


def test_as_many_ids_as_the_longest_training_text(texts, data):
    table = data.table
    short = np.argsort([len(text.split()) for text in table.words["review"]])[:5]
    rows = np.flatnonzero(np.isin(table.values[:, 0], short))
    longest = max(len(table.words["review"][place].split()) for place in short) + 2  # [CLS] and [SEP]
    schema = schema_of(table, rows, texts.tokens)
    assert sum(column.token > 0 for column in schema.columns) == longest
    assert encoded(table, schema).values.shape == (24, len(schema.columns))  # longer ones are cut
    assert Schema.from_settings(schema.settings(), texts.tokens.tokenizer) == schema


def test_what_knows_nothing_sees_nothing_of_the_texts_backbone(texts, data):
    mapping = build_backbone(data, texts)
    bare, fresh = mapping.raw_columns(), mapping.untrained(1)
    x = rows_of(data, mapping)
    assert bare.width == mapping.width - texts.width
    assert mapping.learned
    assert not bare.learned
    given = dict(mapping.texts.named_parameters())
    assert all(not torch.equal(given[name], one) for name, one in fresh.texts.named_parameters())
    assert not torch.equal(fresh(x)[0, bare.width :], mapping(x)[0, bare.width :])
    torch.testing.assert_close(bare(x), mapping.inner.encode(x)[:, : bare.width])


def test_it_is_fitted_anew_by_the_training_part_with_the_same_texts_backbone(texts, data):
    mapping = build_backbone(data, texts)
    made = by_training_part(mapping, data.subset(np.arange(10)))
    assert made.texts is mapping.texts
    assert len(made.schema.columns) < len(mapping.schema.columns)


def test_saved_and_opened_it_predicts_the_same_also_words_that_no_training_row_had(texts, data, tmp_path):
    model = hs.fit(hs.methods.LogisticProbe(), texts, data)
    model.save(tmp_path / "model")
    again = hs.open(tmp_path / "model", backbone=Words())
    new = {"review": ["scene scene", None], "length": [2.0, 3.0]}
    assert [one.probabilities for one in again.predict(new)] == [
        one.probabilities for one in model.predict(new)
    ]
    unknown = {"review": ["zebra", "okapi"], "length": [2.0, 3.0]}
    assert len(again.predict(unknown)) == 2
    assert again.explain(new, train=data)[0].parts[0].name == "review"
    file = hs.models.save_encoder(model.model, tmp_path / "encoder.safetensors")
    assert file


def test_a_table_with_texts_is_read_by_minilm_where_it_is_installed(data, monkeypatch):
    assert default_backbone(data) == "minilm+table"
    plain = hs.data.load({"a": [1.0, 2.0, 5.0, 6.0], "label": [*"pqpq"]})
    assert default_backbone(plain) == "table"
    with pytest.raises(BadData, match="is a table, which the backbone minilm\\+table does not take"):
        build_backbone(plain, "minilm+table")
    monkeypatch.setattr(minilm, "PACKAGE", "not-there-at-all")
    assert default_backbone(data) == "table"
    mapping = build_backbone(data, "table")
    assert isinstance(mapping, TableEncoder)
    assert mapping.texts is None
    assert "words are counted. The backbone 'minilm' needs the package 'not-there" in mapping.notes[0]
