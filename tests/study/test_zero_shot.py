"""`zero-shot`: figures by hand, calibration apart from what is tested, what is saved, and what is refused."""

import csv
from dataclasses import replace

import numpy as np
import pytest
import torch
from tests import clips, wordy
from tests.rounding import rounding
from torch.nn.functional import normalize

import headstart as hs
from headstart.core import BadData, BadInput
from headstart.report.metric import get_metric
from headstart.studies._page import render_page
from headstart.studies.zero_shot import ZeroShotSettings
from headstart.studies.zero_shot.page import terminal, view
from headstart.studies.zero_shot.parts import parts_of

CLASSES = {"bad": wordy.BAD, "good": wordy.GOOD}
TEMPLATES = ("the film was {}", "{}", "a very {} end")


def module():
    """Good words have one direction in common, bad ones another."""
    made = wordy.Words()
    with torch.no_grad():
        for place, words in enumerate((wordy.BAD, wordy.GOOD)):
            for word in words:
                made.table.weight[wordy.ID[word], place] += 8
    return made


def encoder():
    return hs.models.backbone(module(), tokenizer=wordy.tokenizer())


@pytest.fixture(scope="module")
def data():
    return hs.data.load(wordy.reviews(60), name="reviews")


@pytest.fixture(scope="module")
def found(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("zero-shot") / "run"
    return hs.zero_shot(data, encoder(), classes=CLASSES, templates=TEMPLATES, out=out)


def test_figures_are_those_of_cosines(data, found):
    pair, record = hs.models.pair(encoder()), found.result
    tested = parts_of(replace(data, groups=np.arange(len(data))), ZeroShotSettings(), labelled=True)[1]
    assert record.rows == len(tested) < len(data)
    rows = pair.embed_texts([data.texts[row] for row in tested])
    labels = torch.from_numpy(data.labels[tested])
    each = [pair.classifier(CLASSES, [one]) for one in TEMPLATES]
    whole = pair.classifier(CLASSES, TEMPLATES)
    right = {
        t: float(((rows @ w.T).argmax(1) == labels).float().mean())
        for t, w in zip(TEMPLATES, each, strict=True)
    }
    answers = (rows @ whole.T).argmax(1)
    assert record.scores["accuracy"].value == pytest.approx(float((answers == labels).float().mean()))
    assert record.scores["accuracy"].value > 0.7
    assert {one.template: pytest.approx(one.score.value) for one in record.wordings} == right
    scores = [one.score.value for one in record.wordings]
    assert scores == sorted(scores, reverse=True)
    assert record.spread.value == pytest.approx(scores[0] - scores[-1])
    assert record.spread.low <= record.spread.value <= record.spread.high
    same = [float(((rows @ w.T).argmax(1) == answers).float().mean()) for w in each]
    assert sorted(one.agreement.value for one in record.wordings) == pytest.approx(sorted(same))


def test_one_template_is_an_ensemble_of_one(data):
    record = hs.zero_shot(data, encoder(), classes=CLASSES, templates="the {} film").result
    (alone,) = record.wordings
    assert alone.score == record.scores["accuracy"]
    found = alone.gain.value, alone.agreement.value, record.unanimous.value, record.spread
    assert found == (0, 1, 1, None)


def test_rows_of_the_temperature_are_not_tested(data):
    groups = np.repeat(np.arange(len(data) // 2), 2)
    some = replace(data, groups=groups)
    fitted, tested = parts_of(some, ZeroShotSettings(calibration=0.3), labelled=True)
    assert sorted([*fitted, *tested]) == [*range(len(data))]
    assert not {*groups[fitted]} & {*groups[tested]}
    split = replace(some, split=tuple("test" if row < 80 else "train" for row in range(len(data))))
    fitted, tested = parts_of(split, ZeroShotSettings(), labelled=True)
    assert (tested.tolist(), {*fitted.tolist()}) == ([*range(80)], {*range(80, len(data))})
    for settings in (ZeroShotSettings(calibration=0), ZeroShotSettings(temperature=0.1)):
        assert [len(rows) for rows in parts_of(some, settings, labelled=True)] == [0, len(data)]


def test_the_labels_of_tested_rows_change_no_temperature(data):
    plain = replace(data, groups=np.arange(len(data)))
    _, tested = parts_of(plain, ZeroShotSettings(), labelled=True)
    labels = data.labels.copy()
    labels[tested[:20]] = 1 - labels[tested[:20]]
    made = [
        hs.zero_shot(
            replace(data, labels=y, split=split), encoder(), classes=CLASSES, templates=TEMPLATES
        ).result
        for y in (data.labels, labels)
        for split in [tuple("test" if row in {*tested} else "train" for row in range(len(data)))]
    ]
    assert made[0].temperature == made[1].temperature != made[0].own_temperature
    assert made[0].scores["accuracy"] != made[1].scores["accuracy"]


def test_a_temperature_changes_no_answer_and_lowers_the_log_loss(data):
    noisy = np.where(np.arange(len(data)) % 4 == 0, 1 - data.labels, data.labels)
    given = replace(data, labels=noisy), encoder()
    record = hs.zero_shot(*given, classes=CLASSES, templates=TEMPLATES).result
    assert record.calibration_rows > 0
    assert record.uncalibrated["accuracy"] == record.scores["accuracy"]
    assert record.uncalibrated["log_loss"].value > record.scores["log_loss"].value
    fixed = hs.zero_shot(*given, classes=CLASSES, templates=TEMPLATES, temperature=0.2).result
    assert (fixed.temperature, fixed.calibration_rows) == (pytest.approx(0.2), 0)


def test_it_is_saved_as_an_ordinary_model(data, found):
    texts = [*data.texts[:6]]
    opened = hs.open(found.folder, backbone=module())
    assert [one.label for one in opened.predict(texts)] == [one.label for one in found.predict(texts)]
    pair, record = hs.models.pair(encoder()), found.result
    cosines = pair.embed_texts(texts) @ pair.classifier(CLASSES, TEMPLATES).T
    wanted = (cosines.double() / record.temperature).softmax(1)
    assert np.allclose(
        found.predictor.probabilities(texts), wanted, atol=rounding(32, 1 / record.temperature)
    )
    again = hs.evaluate(opened, data)
    assert again.classes == ["bad", "good"]


def test_rows_without_labels_are_classified(tmp_path, data):
    texts = [*data.texts[:30]]
    done = hs.zero_shot(texts, encoder(), classes=CLASSES, templates=TEMPLATES, out=tmp_path / "run")
    record = done.result
    assert (record.labelled, record.rows, record.scores, record.figure) == (False, 30, None, None)
    with (tmp_path / "run" / "predictions.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == [one.label for one in done.predict(texts)]
    assert sum(one.predicted for one in record.per_class) == 30
    assert any("no rows have labels" in note for note in record.notes)
    page = (tmp_path / "run" / "zero-shot.html").read_text("utf-8")
    assert "30 rows of texts classified" in page
    again = hs.zero_shot(
        texts, encoder(), classes=CLASSES, templates=TEMPLATES, out=tmp_path / "run", resume=True
    )
    assert again.result == record


def test_priors(data):
    skewed = {"classes": {**CLASSES, "bad": ("the",)}, "templates": "{}", "temperature": 0.05}
    plain = hs.zero_shot(data, encoder(), **skewed)
    assert plain.result.bias == [0, 0]
    balanced = hs.zero_shot(data, encoder(), prior="balanced", **skewed)
    shares = balanced.predictor.probabilities([*data.texts]).mean(0)
    assert np.allclose(shares, 0.5, atol=1e-3)
    assert abs(plain.predictor.probabilities([*data.texts]).mean(0)[0] - 0.5) > 0.05
    assert any("equally frequent" in note for note in balanced.result.notes)
    free = hs.zero_shot(data, encoder(), prior="content-free", **skewed).result
    pair = hs.models.pair(encoder())
    empty = pair.embed_texts(["N/A", "", "[MASK]"]) @ pair.classifier(skewed["classes"], ["{}"]).T
    wanted = -(empty.double() / 0.05).softmax(1).mean(0).log()
    assert np.allclose(free.bias, wanted, atol=rounding(32, 20))


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"classes": "bad"}, BadInput, "only the class 'bad'"),
        ({"classes": "bad,good,bad"}, BadInput, "'bad' is named twice"),
        ({"classes": "poor,great"}, BadData, r"none of the classes: 'bad', 'good'.*classes='bad=WORDS"),
        ({"classes": "bad=fine,good=fine"}, BadInput, "'bad' and 'good' have the same embedding"),
        ({"templates": "the film"}, BadInput, "no place for the class"),
        ({"prior": "other"}, BadInput, "prior is 'other'"),
    ],
)
def test_what_can_not_be_told(data, options, error, said):
    with pytest.raises(error, match=said):
        hs.zero_shot(data, encoder(), **{"classes": CLASSES, "templates": TEMPLATES, **options})


def test_what_can_not_be_read(data):
    with pytest.raises(BadInput, match="has no labels that could name the classes"):
        hs.zero_shot([*data.texts], encoder())
    with pytest.raises(BadInput, match="minilm reads texts alone"):
        hs.zero_shot(hs.data.load("digits", per_class=3), classes="0,1,2,3,4,5,6,7,8,9")
    numbers = np.zeros((8, 3)), ["a", "b"] * 4
    with pytest.raises(BadData, match="takes pictures or texts"):
        hs.zero_shot(numbers)


def test_classes_that_embed_alike_are_named(data):
    record = hs.zero_shot(
        data,
        encoder(),
        classes={"bad": ["awful", "dull", "poor", "fine"], "good": ["awful", "dull", "poor"]},
        templates="{}",
    ).result
    (alike,) = record.alike
    assert alike.cosine > 0.7
    assert any("“bad” and “good”" in note for note in record.notes)


def test_page_and_terminal(found):
    record = replace(found.result, settings={**found.result.settings, "type": "<film>"})
    shown = terminal(record, found.folder)
    assert [row[0] for row in shown.rows] == ["all together", *(one.template for one in record.wordings)]
    assert get_metric("accuracy").plain(1).value(record.scores.main_figure.value) in shown.answer[0]
    page = render_page(record, view(record, found.folder))
    assert "<film>" not in page
    for text in (
        "the film was {}",
        "The best wording, ",
        "Can its probabilities be believed?",
        "always the largest",
    ):
        assert text in page


@pytest.mark.slow
def test_pictures_by_a_folder_of_both_encoders(tmp_path):
    model, _ = clips.save(tmp_path / "clip")
    pictures = np.random.default_rng(0).integers(0, 255, (24, 30, 24, 3), dtype=np.uint8)
    given = pictures, ["red", "blue"] * 12
    options = {
        "classes": "red=red circle,blue=blue square",
        "templates": "a photo of a {}.",
        "temperature": 0.1,
    }
    done = hs.zero_shot(given, tmp_path / "clip", out=tmp_path / "run", **options)
    x = done.predictor.samples([*pictures])
    with torch.no_grad():
        z = normalize(
            model.get_image_features(pixel_values=done.predictor.model.backbone.normalised(x)).pooler_output
        )
    texts = hs.models.pair(str(tmp_path / "clip")).embed_texts(
        ["a photo of a red circle.", "a photo of a blue square."]
    )
    wanted = (z @ texts.T / 0.1).double().softmax(1)
    assert np.allclose(done.predictor.probabilities([*pictures]), wanted, atol=rounding(32, 10, 30))
    assert np.allclose(
        hs.open(tmp_path / "run").probabilities([*pictures]), wanted, atol=rounding(32, 10, 30)
    )
    assert done.result.kind == "pictures"
    assert done.predictor.preprocess.fit == hs.models.pair(str(tmp_path / "clip")).image.preprocess.fit
