"""`headstart zero-shot` with a masked language model: each template alone, one chosen on rows held apart."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from tests import wordy
from tests.cli.telling import refused
from tests.models import masked_models
from tests.rounding import rounding

import headstart as hs
from headstart.data.check import dependent_rows
from headstart.studies.zero_shot import ZeroShotSettings
from headstart.studies.zero_shot.parts import parts_of
from headstart.studies.zero_shot.run import best_of

pytestmark = pytest.mark.slow  # importing transformers takes seconds
WORDS = "bad=awful|dull,good=fine|great"
TEMPLATES = ("{} It was [MASK].", "{} It is [MASK].", "[MASK] film . {}")
SEARCH = ("--template", "{} It (was|is) [MASK].", "--template", TEMPLATES[2], "--search")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """With a masked language model, its encoder alone, 120 reviews and 20 of them, and two texts."""
    made = tmp_path_factory.mktemp("cloze")
    net, reader, _ = masked_models.model()
    for name, model in (("bert", net), ("plain", net.bert)):
        model.save_pretrained(made / name)
        reader.save_pretrained(made / name)
    rows = [*zip(*wordy.reviews(60), strict=True)]
    for name, some in (("reviews.csv", rows), ("few.csv", rows[:10] + rows[-10:])):
        with (made / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("text", "label"), *some])
    (made / "new.txt").write_text("a fine film\nan awful end\n", "utf-8")
    return made


def test_a_template_is_chosen_on_rows_that_are_not_tested(headstart, folder, tmp_path):
    """All against the classifiers of `hs.models.cloze`."""
    run, reviews = tmp_path / "run", folder / "reviews.csv"
    options = ["--classes", WORDS, "--backbone", folder / "bert", *SEARCH, "--prior", "content-free"]
    said = headstart("zero-shot", reviews, *options, "--json", "--out", run)
    assert said.code == 0, said.err
    found = json.loads(said.out)

    data = hs.data.load(reviews)
    data = replace(data, groups=dependent_rows(data, None))
    apart, tested = parts_of(data, ZeroShotSettings(), labelled=True)
    assert (found["choice_rows"], found["calibration_rows"], found["rows"]) == (len(apart),) * 2 + (
        len(tested),
    )
    models = [hs.models.calibrated(hs.models.cloze(str(folder / "bert"), WORDS, one)) for one in TEMPLATES]
    with torch.no_grad():
        logits = [model(model.backbone.tokens([*data.texts])) for model in models]
    right = np.stack([one.argmax(1).numpy() == data.labels for one in logits])
    best = int(right[:, apart].mean(1).argmax())
    assert found["chosen"] == TEMPLATES[best]
    scores = {one["template"]: one["score"]["value"] for one in found["wordings"]}
    assert scores == pytest.approx(dict(zip(TEMPLATES, right[:, tested].mean(1), strict=True)))
    assert found["scores"]["figures"]["accuracy"]["value"] == scores[TEMPLATES[best]]

    texts = [*data.texts[:4]]
    wanted = (logits[best][:4].double() / found["temperature"]).softmax(1)
    assert np.allclose(hs.open(run).probabilities(texts), wanted, atol=rounding(64, 8))
    page = (run / "zero-shot.html").read_text("utf-8")
    assert f"was chosen of 3 templates on {len(apart)} rows that are not tested" in page
    assert headstart("evaluate", run, reviews, "--quiet").code == 0
    fitted = hs.fit("lora", hs.models.backbone(str(run)), data, hs.Recipe(steps=1, lr=1e-12))
    assert np.allclose(fitted.probabilities(texts), wanted, atol=1e-4)  # training begins where the words are


def test_the_best_on_rows_apart_is_taken():
    right, wrong = torch.tensor([[2.0, 0], [0, 2]]), torch.tensor([[0, 2.0], [2, 0]])
    assert best_of([wrong, right, right], np.array([0, 1]), "accuracy") == 1
    assert best_of([wrong, right], np.array([], int), "") == 0


def test_rows_without_labels_are_answered_by_the_first_template(headstart, folder, tmp_path):
    options = ["--classes", WORDS, "--backbone", folder / "bert", "--template", TEMPLATES[1]]
    said = headstart(
        "zero-shot",
        folder / "new.txt",
        *options,
        "--template",
        TEMPLATES[2],
        "--json",
        "--out",
        tmp_path / "run",
    )
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert (found["chosen"], found["choice_rows"]) == (TEMPLATES[1], 0)
    assert any("One template answers, the first" in note for note in found["notes"])
    model = hs.models.cloze(str(folder / "bert"), WORDS, TEMPLATES[1])
    wanted = [
        one.label for one in hs.Predictor(model, model.classes, None).predict(["a fine film", "an awful end"])
    ]
    again = headstart("predict", tmp_path / "run", folder / "new.txt", "--csv")
    assert [row["label"] for row in csv.DictReader(again.out.splitlines())] == wanted


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--template", TEMPLATES[0]], ("minilm fills no masks", "--backbone FOLDER", "'It was {}.'")),
        (
            ["--backbone", "plain", "--template", TEMPLATES[0]],
            ("holds no head of a masked language model", "--template 'It was {}.'"),
        ),
        (
            ["--backbone", "bert", "--template", "It was {}."],
            ("masked language model", "'{} It was [MASK].'"),
        ),
        (["--backbone", "bert", "--template", TEMPLATES[0], "--template", "{}"], ("'{}' has no [MASK]",)),
        (["--backbone", "bert", "--template", TEMPLATES[0], "--type", "food"], ("--type is for",)),
        (["--backbone", "bert", "--template", TEMPLATES[0], "--search"], ("1 template to choose from",)),
        (["--backbone", "bert", *SEARCH], ("20 or more labelled rows", "--calibration")),
    ],
)
def test_what_is_refused(headstart, folder, monkeypatch, options, said):
    monkeypatch.chdir(folder)
    assert refused(headstart("zero-shot", folder / "few.csv", "--classes", WORDS, *options), 2, *said)
