"""TF-IDF and a linear model: weights by hand, scikit-learn's numbers, and what a fold may know."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from tests import wordy
from tests.methods.ways import probed

import headstart as hs
from headstart.core import BadInput
from headstart.methods.mapping.trees.random_forest import RandomForest
from headstart.methods.mapping.words.tf_idf import TfIdf
from headstart.models import backbone
from headstart.models.words import MOST, WORD, WordEncoder
from headstart.nn.tf_idf_head import TfIdfHead
from headstart.predictor.export import export_model
from headstart.run.recipe import Recipe
from headstart.session.session import Session

TEXTS, LABELS = wordy.reviews(20)


def own():
    return backbone(wordy.Words().eval(), tokenizer=wordy.tokenizer())


def features_of(texts):
    """scikit-learn's own TF-IDF of such texts, with log(1 + count) for the count, as a function of texts."""
    vectors = TfidfVectorizer(token_pattern=WORD, use_idf=False, norm=None).fit(texts)
    counts = vectors.transform(texts)
    idf = 1 + np.log((1 + len(texts)) / (1 + np.diff(counts.tocsc().indptr)))

    def features(some):
        dense = np.log1p(vectors.transform(some).toarray()) * idf
        return dense / np.maximum(np.linalg.norm(dense, axis=1, keepdims=True), 1e-12)

    return features


def test_words_and_counts_by_hand():
    counts = WordEncoder.of(["The film, the FILM!", "a film"])
    assert counts.vocabulary == ("film", "!", ",", "a", "the")
    found = counts(counts.tokens(["the the film", "unseen", "!"]))
    expected = [[math.log(2), 0, 0, 0, math.log(3)], [0] * 5, [0, math.log(2), 0, 0, 0]]
    torch.testing.assert_close(found, torch.tensor(expected))
    assert not counts.learned
    assert counts.raw_columns() is counts


def test_a_text_counts_the_same_beside_a_longer_one():
    counts = WordEncoder.of(TEXTS)
    together = counts(counts.tokens([TEXTS[0], " ".join(TEXTS)]))[0]
    torch.testing.assert_close(together, counts(counts.tokens(TEXTS[:1]))[0])


def test_only_the_most_common_words_are_counted():
    texts = [f"word{number} common" for number in range(MOST)]
    assert WordEncoder.of(texts).width == MOST
    assert WordEncoder.of(texts).vocabulary[:2] == ("common", "word0")


def test_weights_of_words_by_hand():
    """Of 3 rows all, one and none have the word."""
    counts = torch.tensor([[1.0, 0, 0], [2, 0, 0], [1, 3, 0]])
    head = TfIdfHead.fitted(counts, 2)
    assert head.idf.tolist() == pytest.approx([1, 1 + math.log(2), 0])
    features = head.weighted(torch.tensor([[3.0, 0, 9], [0, 0, 1]]))
    torch.testing.assert_close(features, torch.tensor([[1.0, 0, 0], [0, 0, 0]]))


@pytest.mark.parametrize("penalty", [0.1, 1.0])
@pytest.mark.parametrize("classes", [2, 3])
def test_it_is_scikit_learns(penalty, classes):
    labels = [("a", "b", "c")[row % classes] if row % 5 else "a" for row in range(len(TEXTS))]
    model = hs.fit(TfIdf(penalty=penalty), own(), (TEXTS, labels))
    features = features_of(TEXTS)
    regression = LogisticRegression(C=1 / penalty, tol=1e-8, max_iter=5000).fit(features(TEXTS), labels)
    new = [*TEXTS[:7], "superb superb plot", "unheard"]
    np.testing.assert_allclose(model.probabilities(new), regression.predict_proba(features(new)), atol=2e-3)


@pytest.mark.parametrize("columns", [1, 2])
def test_numbers_are_scikit_learns(columns):
    """In the units of the labels: scikit-learn's ridge on labels of mean 0 and deviation 1."""
    y = (
        np.random.default_rng(0).normal(5, 3, (len(TEXTS), columns))
        + 10 * (np.array(LABELS) == "good")[:, None]
    )
    model = hs.fit(TfIdf(penalty=0.5), own(), (TEXTS, y))
    features, new = features_of(TEXTS), [*TEXTS[:7], "superb superb plot", "unheard"]
    ridge = Ridge(alpha=0.5).fit(features(TEXTS), (y - y.mean(0)) / y.std(0))
    expected = ridge.predict(features(new)).reshape(len(new), columns) * y.std(0) + y.mean(0)
    np.testing.assert_allclose(model.values(new), expected, rtol=1e-4)


def test_its_penalty_of_numbers_follows_what_the_words_tell():
    told = np.array([[label == "good"] for label in LABELS]) + 0.25
    drawn = np.random.default_rng(0).permutation(told)
    sure, unsure = (hs.fit(TfIdf(), own(), (TEXTS, y)).values(TEXTS).std() for y in (told, drawn))
    assert sure > 0.45
    assert unsure < 0.1


def test_tags_are_scikit_learns():
    x = torch.rand(40, 6, generator=torch.Generator().manual_seed(0))
    tags = torch.stack([x[:, 0] > x[:, 1], x[:, 2] > 0.7, torch.zeros(40, dtype=torch.bool)], 1)
    model = probed(TfIdf(penalty=0.5), x, tags, 3)
    rows = torch.nn.functional.normalize(x * (1 + math.log(41 / 41)))
    for tag in range(2):
        regression = LogisticRegression(C=2.0, tol=1e-8).fit(rows.numpy(), tags[:, tag].numpy())
        expected = regression.predict_proba(rows.numpy())[:, 1]
        np.testing.assert_allclose(model(x)[:, tag].sigmoid().detach(), expected, atol=2e-3)
    torch.testing.assert_close(
        model(x)[:, 2].sigmoid().detach(), torch.full((40,), 0.5 / 41).double().float(), rtol=0.02, atol=0
    )


def test_its_penalty_follows_what_the_words_tell():
    drawn = np.random.default_rng(0).permutation(LABELS).tolist()
    sure, unsure = (
        hs.fit(TfIdf(), own(), (TEXTS, labels)).probabilities(TEXTS) for labels in (LABELS, drawn)
    )
    assert sure.max(1).mean() > 0.9
    assert unsure.max(1).mean() < 0.65


def test_words_of_other_rows_have_no_part_in_a_fit():
    """Its words are those of all texts of a session, but a fit on some rows knows nothing of the others'."""
    data = hs.data.load((TEXTS + ["quite another plot"] * 9, LABELS + ["bad"] * 9))
    rows = np.arange(len(TEXTS))
    some = Session(own(), data.subset(rows)).fit(TfIdf(), rows, Recipe(steps=1))
    every = Session(own(), data).fit(TfIdf(), rows, Recipe(steps=1))
    assert some.model.backbone.width < every.model.backbone.width
    read = [each.model.backbone.tokens(["a superb and quite another film"]) for each in (some, every)]
    found = [each.model.eval()(ids).softmax(1) for each, ids in zip((some, every), read, strict=True)]
    torch.testing.assert_close(*found, rtol=0, atol=1e-4)


def test_classes_of_one_row_and_without_rows():
    x, y = torch.eye(4), torch.tensor([0, 1, 0, 1])
    assert (probed(TfIdf(), x, y, 3)(x).argmax(1) == y).all()
    assert (probed(TfIdf(), x, torch.ones(4, dtype=torch.int64), 3)(x).argmax(1) == 1).all()
    assert probed(TfIdf(), x[:1], y[:1], 2)(x).isfinite().all()


@pytest.mark.slow
def test_it_is_saved_without_pickle_and_exported(tmp_path):
    model = hs.fit(TfIdf(), own(), (TEXTS, LABELS))
    model.save(tmp_path / "model")
    assert {path.suffix for path in (tmp_path / "model").iterdir()} == {".json", ".md", ".safetensors"}
    opened = hs.open(tmp_path / "model")
    np.testing.assert_array_equal(opened.probabilities(TEXTS), model.probabilities(TEXTS))
    assert isinstance(opened.model.backbone, WordEncoder)
    assert opened.predict("a superb film")[0].label == "good"
    assert export_model(opened, tmp_path / "model.onnx") < 1e-5


def test_a_model_of_words_is_gone_on_with(tmp_path):
    model = hs.fit(TfIdf(), own(), (TEXTS, LABELS))
    again = hs.fit(hs.methods.RidgeProbe(), model, (TEXTS, LABELS))
    assert again.model.backbone.vocabulary == model.model.backbone.vocabulary
    assert isinstance(again.model.backbone.untrained(0), WordEncoder)


def test_trees_learn_from_words_too():
    model = hs.fit(RandomForest(trees=20), own(), (TEXTS, LABELS))
    assert [one.label for one in model.predict(["superb", "dreadful"])] == ["good", "bad"]


@pytest.mark.parametrize("penalty", [0.0, -1.0, math.inf, math.nan])
def test_a_bad_penalty_is_named(penalty):
    with pytest.raises(BadInput, match=f"tf-idf: penalty is {penalty!r}"):
        TfIdf(penalty=penalty)


ROWS = pd.DataFrame({"age": np.arange(40.0) % 7, "review": TEXTS, "label": LABELS})


@pytest.mark.parametrize(
    ("frame", "columns", "named"),
    [
        (ROWS.drop(columns="review"), {}, r"a table \('age'\)\. Take another method.*text_column="),
        (
            ROWS,
            {"text_column": "review", "beside": ["age"]},
            r"a table \('age', 'review'\).*The words in 'review' are columns",
        ),
    ],
    ids=["numbers", "texts beside numbers"],
)
def test_a_table_is_refused_by_name_before_anything_is_trained(frame, columns, named, tmp_path):
    data = hs.data.load(frame, **columns)
    with pytest.raises(BadInput, match=f"tf-idf learns from the words of texts, and the data are {named}"):
        hs.fit(TfIdf(), "table", data)
    with pytest.raises(BadInput, match=named):
        hs.adapt("table", data, methods=("tf-idf",), out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
