"""Texts and data frames in scikit-learn: in pipelines, cross-validation and searches."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

import headstart as hs
from headstart.core import BadData, BadInput
from headstart.models import backbone
from headstart.runtime.predicts import UnseenWarning
from headstart.sklearn import Features, TransferClassifier, TransferRegressor
from tests import wordy
from tests.study.test_tables import HEAD, rows

TEXTS, LABELS = wordy.reviews(40)
FRAME = pd.DataFrame(list(rows(150)), columns=HEAD)
FRAME = FRAME.assign(size=pd.to_numeric(FRAME["size"]), noise=pd.to_numeric(FRAME["noise"]))
KIND = FRAME.pop("label")


@pytest.fixture(scope="module")
def reader():
    return backbone(wordy.Words().eval(), tokenizer=wordy.tokenizer())


def test_texts_are_answered_as_fit_answers_them(reader):
    found = TransferClassifier(reader, "ridge-probe", random_state=3).fit(TEXTS, LABELS)
    direct = hs.fit(hs.methods.RidgeProbe(), reader, (TEXTS, LABELS), hs.Recipe(seed=3))
    np.testing.assert_allclose(found.predict_proba(TEXTS), direct.probabilities(TEXTS), atol=1e-6)
    assert found.predict(TEXTS[:3]).tolist() == [one.label for one in direct.predict(TEXTS[:3])]


@pytest.mark.parametrize(
    "given",
    [list, np.array, pd.Series, lambda texts: pd.DataFrame({"text": texts}), lambda t: np.array(t)[:, None]],
)
def test_texts_in_any_form_have_the_same_features(reader, given):
    plain = Features(reader, batch=7).fit_transform(TEXTS)
    assert plain.shape == (len(TEXTS), 32)
    np.testing.assert_allclose(
        Features(reader, batch=80).fit(given(TEXTS)).transform(given(TEXTS)), plain, atol=1e-5
    )


def test_texts_in_pipelines_and_searches(reader):
    pipeline = make_pipeline(Features(reader), LogisticRegression(max_iter=1000))
    alone = [Features(reader).fit_transform([text])[0] for text in TEXTS[:3]]
    np.testing.assert_allclose(Features(reader).fit(TEXTS).transform(TEXTS[:3]), alone, atol=1e-5)
    assert cross_val_score(pipeline, TEXTS, LABELS, cv=3).mean() > 0.55
    grid = {"method": ["ridge-probe", "knn:k=3"]}
    search = GridSearchCV(TransferClassifier(reader, random_state=0), grid, cv=3).fit(TEXTS, LABELS)
    assert search.best_score_ > 0.55
    both = clone(search.best_estimator_).fit(TEXTS, LABELS)
    assert both.predict(TEXTS).tolist() == pickle.loads(pickle.dumps(both)).predict(TEXTS).tolist()


def test_a_frame_with_names_and_gaps_is_learned_as_hs_fit_learns_it():
    found = TransferClassifier("table", "ridge-probe", random_state=3).fit(FRAME, KIND)
    direct = hs.fit(hs.methods.RidgeProbe(), "table", (FRAME, KIND.to_numpy()), hs.Recipe(seed=3))
    np.testing.assert_allclose(found.predict_proba(FRAME), direct.probabilities(FRAME), atol=1e-6)
    assert found.score(FRAME, KIND) > 0.8
    assert found.feature_names_in_.tolist() == HEAD[:4]
    shuffled = FRAME[["noise", "flat", "colour", "size"]]
    assert found.predict(shuffled).tolist() == found.predict(FRAME).tolist()  # by name, not by place
    one = FRAME.iloc[[0]].assign(colour="violet")
    with pytest.warns(UnseenWarning, match="'violet' is a name in 'colour' that no training row had"):
        assert found.predict(one).shape == (1,)


def test_frames_in_pipelines_and_searches():
    pipeline = make_pipeline(Features("table"), LogisticRegression(max_iter=1000))
    assert cross_val_score(pipeline, FRAME, KIND, cv=3).mean() > 0.8
    grid = {"method": ["ridge-probe", "nearest-centroid"], "backbone": ["table"]}
    search = GridSearchCV(TransferClassifier("table", random_state=0), grid, cv=3).fit(FRAME, KIND)
    assert search.best_score_ > 0.8
    columns = make_column_transformer((Features("table"), ["size", "colour"]))
    assert make_pipeline(columns, LogisticRegression()).fit(FRAME, KIND).score(FRAME, KIND) > 0.8


def test_the_scale_of_a_frame_is_that_of_the_rows_of_fit():
    """Mean 0 and deviation 1 of numbers on them, and only there; gaps count as the median."""
    made = Features("table").fit(FRAME[:100])
    names = [column.name for column in made.backbone_.schema.columns]
    place = [name for name in names if made.backbone_.schema.kinds[name] == "numeric"].index("noise")
    np.testing.assert_allclose(made.transform(FRAME[:100])[:, place].mean(), 0, atol=1e-6)
    np.testing.assert_allclose(made.transform(FRAME[:100])[:, place].std(), 1, atol=1e-6)
    assert abs(made.transform(FRAME[100:])[:, place].mean()) > 1e-3
    assert np.isfinite(made.transform(FRAME)).all()


def test_numbers_from_texts_and_frames(reader):
    lengths = np.array([float(len(text)) for text in TEXTS])
    assert TransferRegressor(reader, random_state=0).fit(TEXTS, lengths).predict(TEXTS).shape == (len(TEXTS),)
    size = FRAME["size"].fillna(0).to_numpy()
    assert TransferRegressor("table", random_state=0).fit(FRAME, size).score(FRAME, size) > 0.9


def test_what_is_refused(reader):
    fitted = TransferClassifier(reader, "ridge-probe", random_state=0).fit(TEXTS, LABELS)
    with pytest.raises(BadData, match="Sample 1 is an empty text"):
        fitted.predict(["fine", " "])
    with pytest.raises(BadInput, match="sample 1 is a int"):
        fitted.predict(["fine", 3])
    with pytest.raises(BadInput, match="one column of texts, but there are 4"):
        Features(reader).fit(FRAME)
    with pytest.raises(BadInput, match="list of texts, not str"):
        fitted.predict("a fine film")
    with pytest.raises(BadData, match="no samples"):
        Features(reader).fit([])
    with pytest.raises(BadData, match="'colour'"):
        Features("table").fit(FRAME).transform(FRAME.drop(columns="colour"))
    with pytest.raises(BadInput, match="tables, such as a data frame, not list"):
        Features("table").fit(["a", "b"])
