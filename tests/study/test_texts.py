"""Texts through the main job, with a backbone of thirty words."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tests import wordy
from tests.study import tiny

import headstart as hs
from headstart.core import BadData, BadInput, Mismatch
from headstart.data.word_counts import WordCounts
from headstart.methods.mapping.finetuning.fine_tune import FineTune
from headstart.methods.outputs.probing.ridge_probe import RidgeProbe
from headstart.models import backbone
from headstart.predictor.export import export_model
from headstart.predictor.predictor import BATCH_TOLERANCE, Predictor
from headstart.run.recipe import Recipe
from headstart.session.inputs import default_backbone, fit_to_data
from headstart.session.session import Session
from headstart.studies import build_page
from headstart.studies.adapt import AdaptSettings
from headstart.studies.adapt.evaluation import probe_layers
from headstart.studies.adapt.kept_examples import keep_examples
from headstart.studies.adapt.usual_methods import usual_methods

TEXTS, LABELS = wordy.reviews(30)
OPTIONS = {"methods": ("logistic-probe", "ridge-probe", "fine-tune"), **tiny.QUICK}


def own():
    return backbone(wordy.Words().eval(), tokenizer=wordy.tokenizer())


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("texts") / "run"
    long = " ".join(["dull"] * 40)
    done = hs.adapt(own(), ([*TEXTS, "", long], [*LABELS, "bad", "bad"]), out=out, size=20, **OPTIONS)
    build_page(out)
    return done


def test_the_whole_job(run):
    result, folder = run.result, run.folder
    assert result.kind == "texts"
    assert result.preprocess["limit"] == 20
    assert result.tested[0].scores["accuracy"].value >= 0.8
    assert [one.name for one in result.tested][2:] == ["word-counts", "majority-class"]
    found = {finding.kind: finding for finding in result.check.findings}
    assert found["empty"].items == ["row 60"]
    assert found["too-long"].count == 1
    assert found["too-long"].text.startswith("1 text is longer than 20 tokens")
    assert [layer.block for layer in result.layers] == ["model.table", "model.mix.0", "model.mix.1"]
    assert sorted(path.name for path in (folder / "model").iterdir()) == [
        "README.md",
        "config.json",
        "model.safetensors",
        "statistics.safetensors",
        "tokenizer.json",
        "training.json",
    ]
    assert "text-classification" in (folder / "model/README.md").read_text("utf-8")
    assert 'model.predict(["A text of yours."])' in (folder / "model/README.md").read_text("utf-8")
    page = (folder / "report.html").read_text("utf-8")
    assert "longer than 20 tokens" in page
    assert "over counts of words" in page


def test_it_ends_in_the_same_bytes(run, tmp_path):
    long = " ".join(["dull"] * 40)
    data = ([*TEXTS, "", long], [*LABELS, "bad", "bad"])
    again = hs.adapt(own(), data, out=tmp_path / "run", size=20, **OPTIONS)
    assert again.result == run.result
    ours, theirs = (one.folder / "model/model.safetensors" for one in (again, run))
    assert ours.read_bytes() == theirs.read_bytes()


def test_a_stream_of_texts_can_tell_what_is_of_the_training_rows_kind(run, tmp_path):
    """A budget with room for no row at all still measures the 40 rows that statistics need."""
    model = hs.open(run.folder, backbone=wordy.Words()).model
    train = hs.data.load((TEXTS, LABELS))
    model.source_statistics = None
    job = SimpleNamespace(settings=AdaptSettings(budget=20.0), folder=SimpleNamespace(path=tmp_path))
    keep_examples(job, model, train, read=1.0)
    s = hs.stream("lame", Predictor(model, train.classes, None))
    assert s.can_adapt
    s(TEXTS[:40])
    assert s.batches_by["unjudged"] == 0


def test_a_saved_model_answers(run):
    model = hs.open(run.folder, backbone=wordy.Words())
    assert model.tokens.limit == 20
    assert model.predict(["a superb film", "this was awful"])[0].label == "good"
    assert model.predict(["this was awful"])[0].label == "bad"
    together = model.probabilities(TEXTS)
    alone = np.concatenate([model.probabilities([text]) for text in TEXTS])
    assert np.abs(together - alone).max() < BATCH_TOLERANCE
    assert np.abs(model.probabilities(np.array(TEXTS), batch=1) - alone).max() < BATCH_TOLERANCE
    assert (together.argmax(1) == np.array([label == "good" for label in LABELS])).mean() > 0.8
    with pytest.raises(BadData, match="Item 1 is an empty text"):
        model.predict(["a", " "])
    with pytest.raises(BadInput, match="takes texts; item 0 is a int"):
        model.predict([3])
    assert [answer.label for answer in model.predict("this was awful")] == ["bad"]


def test_another_tokenizer_in_the_folder_is_noticed(run, tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    for file in (run.folder / "model").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / "tokenizer.json").write_text(wordy.tokenizer(special=False).to_str(), "utf-8")
    with pytest.raises(BadInput, match="not the one that the model was made with"):
        hs.open(folder, backbone=wordy.Words())
    (folder / "tokenizer.json").unlink()
    with pytest.raises(BadInput, match="can't be read"):
        hs.open(folder, backbone=wordy.Words())


def test_mistakes_are_shown_in_words(tmp_path):
    rng = np.random.default_rng(1)
    texts = [f"<b>{text}</b> & more" for text in TEXTS] + ["plot " * 300, "scene " * 300]
    labels = [("good", "bad")[number] for number in rng.integers(0, 2, len(texts))]
    done = hs.adapt(own(), (texts, labels), out=tmp_path / "run", **{**OPTIONS, "methods": ("ridge-probe",)})
    found = done.result.mistakes
    assert found
    for mistake in found:
        whole = texts[int(mistake.item.removeprefix("row "))]
        assert mistake.picture == ""
        assert whole.startswith(mistake.text.removesuffix("…"))
        assert mistake.text == whole or len(mistake.text) <= 601
    page = build_page(done.folder).read_text("utf-8")
    assert '<blockquote class="words"' in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page


def test_whole_backbones_and_parts_of_them_are_recorded(tmp_path):
    data = hs.data.load((TEXTS, LABELS))
    session = Session(own(), data, cache=tmp_path)
    rows = np.arange(len(data))
    probe = session.fit(RidgeProbe(), rows, Recipe())
    assert probe.replay is not None
    assert probe.replay.boundary == ""
    tuned = session.fit(FineTune(last=1), rows, Recipe(steps=3, batch=8, views=0))
    assert tuned.replay is not None
    assert tuned.replay.tokens
    plain = Session(own(), data).fit(RidgeProbe(), rows, Recipe())
    assert torch.allclose(probe.logits(rows), plain.logits(rows), atol=1e-4)


def test_layers_do_not_depend_on_the_order(tmp_path):
    data = hs.data.load((TEXTS, LABELS))
    mixed = np.random.default_rng(0).permutation(len(data))
    one, two = (probe_layers(Session(own(), part), np.arange(60)) for part in (data, data.subset(mixed)))
    assert [(layer.block, layer.score) for layer in one] == [(layer.block, layer.score) for layer in two]
    session = Session(own(), data)
    lengths = [len(text.split()) for text in TEXTS]
    assert [lengths[row] for row in session.quickest(np.arange(60))] == sorted(lengths)


def test_counts_of_words():
    words = WordCounts.of(["good good film", "bad film", "good Film!", "only once"])
    # film is in 3 of 4 texts, good in 2; what is in one text does not count
    film, good = 1 + np.log(5 / 4), 1 + np.log(5 / 3)
    assert words.weights == pytest.approx({"film": film, "good": good})
    raw = np.array([[film * np.log(2), good * np.log(3)], [0, good * np.log(2)], [0, 0]])
    wanted = raw / np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-12)
    found = words(["film good good", "Good", "nothing of this"])
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    assert WordCounts.of(["one", "two"])(["one"]).shape == (1, 1)


def test_the_wrong_kind_of_data_is_named(base):
    texts, digits = hs.data.load((TEXTS, LABELS)), hs.data.load("digits")
    with pytest.raises(BadData, match=r"takes pictures, but texts holds texts\. Give 'minilm'"):
        fit_to_data(base, texts)
    with pytest.raises(BadData, match="takes texts, but digits holds pictures"):
        fit_to_data(own(), digits)
    with pytest.raises(BadData, match="takes texts, but arrays holds arrays of numbers"):
        fit_to_data(own(), hs.data.load((np.zeros((4, 3)), [0, 1, 0, 1])))
    with pytest.raises(BadData, match=r"Words was given no tokenizer.*backbone\(module, tokenizer="):
        hs.fit(RidgeProbe(), wordy.Words(), texts)
    assert default_backbone(texts) == "minilm"
    assert default_backbone(digits) == "efficientnet_lite0"


def test_fit_takes_texts_and_weights_are_checked(run, tmp_path):
    model = hs.fit(RidgeProbe(), own(), (TEXTS, LABELS))
    assert model.predict(["a superb film"])[0].label == "good"
    with pytest.raises(Mismatch):
        hs.open(run.folder, backbone=wordy.Words(width=8))


@pytest.mark.slow
def test_an_onnx_file_takes_texts_of_any_length(run, tmp_path):
    import onnxruntime

    model = hs.open(run.folder, backbone=wordy.Words())
    assert export_model(model, tmp_path / "texts.onnx") < 1e-4
    session = onnxruntime.InferenceSession(str(tmp_path / "texts.onnx"), providers=["CPUExecutionProvider"])
    for some in (TEXTS[:1], TEXTS[3:9], ["very " * 15]):
        found = session.run(None, {"x": model.samples(some).numpy()})[0]
        np.testing.assert_allclose(found, model.probabilities(some), atol=1e-5)


def test_the_record_says_how_texts_are_read(run):
    config = json.loads((run.folder / "model/config.json").read_text("utf-8"))
    assert config["backbone"]["tokens"]["limit"] == 20
    assert len((run.folder / "model/config.json").read_text("utf-8")) < 2000  # not the tokenizer itself


def test_a_standardised_probe_is_tried_on_texts_and_balanced_ones_where_classes_count_the_same():
    data = hs.data.load((TEXTS, LABELS))
    plain = ["logistic-probe", "logistic-probe:standardise=True"]
    balanced = [
        "logistic-probe:class_weight=balanced",
        "logistic-probe:standardise=True,class_weight=balanced",
    ]
    for equal, wanted in ((False, plain), (True, plain + balanced)):
        labels = [method.label for method in usual_methods(data, (), equal)]
        assert [label for label in labels if label.startswith("logistic")] == wanted


@pytest.mark.slow
def test_classes_of_unequal_size_are_learned_by_a_balanced_probe(tmp_path):
    rows = [i for i, label in enumerate(LABELS) if label == "good"] + [
        i for i, label in enumerate(LABELS) if label == "bad"
    ][:8]
    data = [TEXTS[i] for i in rows], [LABELS[i] for i in rows]
    done = hs.adapt(own(), data, out=tmp_path / "run", curve=False, budget=60, folds=2, reading="own")
    assert done.result.metric == "balanced_accuracy"
    tried = {one.name for one in done.result.candidates if one.folds == 2}
    assert "logistic-probe:standardise=True,class_weight=balanced" in tried


@pytest.fixture(scope="module")
def unheard(tmp_path_factory):
    """A run on texts whose labels are told by words that the backbone has never seen."""
    texts = [text + (" zeta" if row % 2 else " omega") for row, text in enumerate(TEXTS)]
    data = texts, ["odd" if row % 2 else "even" for row in range(len(TEXTS))]
    out = tmp_path_factory.mktemp("unheard") / "run"
    options = {"methods": ("ridge-probe", "tf-idf"), "folds": 2, "curve": False, "epochs": 1}
    return hs.adapt(own(), data, out=out, **options), data, options


def test_where_words_win_the_run_says_so_and_ships_them(unheard):
    done, (texts, labels), _ = unheard
    assert done.result.selected == "tf-idf"
    title = "TF-IDF and a linear model"
    ending = f"No transfer: {title} learned from the rows of the training part alone."
    assert done.result.headline.endswith(ending)
    assert "transfer_only=True would ship it" in done.result.why
    assert f"{title} (no transfer)" in str(done)
    assert f"{title} (no transfer)" in build_page(done.folder).read_text("utf-8")
    # the regression on counts of words is this very model, so it is none to compare with
    assert [one.name for one in done.result.tested] == ["selected", "from-scratch", "majority-class"]
    answers = [one.label for one in hs.open(done.folder).predict(texts)]
    assert answers == labels


def test_words_are_compared_but_not_shipped_if_only_transfer_is_asked_for(unheard, tmp_path):
    _, data, options = unheard
    done = hs.adapt(own(), data, out=tmp_path / "run", transfer_only=True, **options)
    assert done.result.selected == "ridge-probe"
    assert {one.name: one.folds for one in done.result.candidates} == {"ridge-probe": 2, "tf-idf": 2}
    assert "word-counts" in [one.name for one in done.result.tested]
    assert any("regression on word counts is better" in one for one in done.result.warnings)


def test_words_are_tried_by_themselves():
    assert "tf-idf" in [method.label for method in usual_methods(hs.data.load((TEXTS, LABELS)))]
