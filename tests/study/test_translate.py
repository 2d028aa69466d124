"""Translators as objects: what they learn, keep and refuse, and a model behind one, saved and opened."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import headstart as hs
from headstart.core import BadData, BadInput, Unknown
from headstart.data.dataset import Dataset
from headstart.session import translators
from headstart.studies.translate import TranslationReport, quality

QUICK = {"steps": 4, "batch": 8, "tries": 1}


def digits(rows=slice(0, 200)):
    data = hs.data.load("digits")
    return data.subset(np.arange(len(data))[rows])


@pytest.fixture(scope="module")
def source():
    return digits()


@pytest.fixture(scope="module")
def target():
    from headstart.data.shifts import shifted

    return shifted(digits(slice(200, 380)), "invert")


@pytest.fixture(scope="module")
def learned(source, target):
    return hs.translate(source, target, method="cyclegan:width=4,blocks=1", target_test=target, **QUICK)


@pytest.fixture(scope="module")
def model(source):
    """A small net of the user's own for pictures of 8 x 8."""
    from headstart.studies.translate.quality import small_backbone

    return hs.fit(
        hs.methods.FromScratch(), small_backbone((3, 8, 8), 10), source, hs.Recipe(steps=30, lr=5e-3)
    )


def test_what_it_gives_has_the_shape_of_what_it_took(learned, source):
    x = np.asarray(source.array[:5])
    before = x.copy()
    for made in (learned.to_target(x), learned.to_source(x), learned.to_target(np.stack([x] * 3, 1))):
        assert (made.shape, made.dtype) == ((5, 8, 8, 3), np.uint8)
    assert np.array_equal(x, before)
    assert learned.to_target(x[:0]).shape == (0, 8, 8, 3)


def test_a_dataset_is_translated_and_keeps_its_labels(learned, source):
    made = learned.dataset(source)
    assert isinstance(made, Dataset)
    assert np.array_equal(made.labels, source.labels)
    assert made.classes == source.classes
    assert made.items == source.items
    assert not np.array_equal(made.array[..., 0], source.array)
    assert np.array_equal(made.array[:5], learned.to_target(source.array[:5]))


def test_a_row_is_translated_by_itself_as_among_others(learned, source):
    alone = np.concatenate([learned.to_source(source.array[i : i + 1]) for i in range(3)])
    assert abs(alone.astype(int) - learned.to_source(source.array[:3]).astype(int)).max() <= 1


def test_what_is_measured(learned, tmp_path):
    record = learned.result
    assert (record.rows, record.target_rows, len(record.cycle)) == (200, 180, 4)
    assert record.accuracy_source > 0.9
    assert record.accuracy_target < 0.3
    assert 0 <= record.accuracy_through <= 1
    assert 0 <= record.accuracy_trained <= 1
    assert {guard.name for guard in record.guards} == {"collapse", "labels", "target labels", "critics"}
    (tmp_path / "translate.json").write_text(record.to_json())
    assert TranslationReport.read(tmp_path / "translate.json") == record


@pytest.mark.slow
def test_labels_to_judge_by_change_nothing_but_what_is_said_of_them(source, target, learned):
    wrong = replace(target, labels=(target.labels + 1) % 10)
    other = hs.translate(source, wrong, method="cyclegan:width=4,blocks=1", target_test=wrong, **QUICK)
    judged = ("accuracy_target", "accuracy_through", "accuracy_trained")
    mine, theirs = (replace(one.result, **dict.fromkeys(judged)) for one in (learned, other))
    assert mine == theirs
    for way in ("to_target", "to_source"):
        one, two = (each.fronts[way].state_dict() for each in (learned, other))
        assert all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize("method", ["histogram", "fourier", "style"])
def test_cheap_methods_learn_nothing(source, target, method, model):
    made = hs.translate(source, target, method=method, model=model)
    assert not made.fronts
    assert not made.result.learned
    assert made.dataset(source).array.shape == (200, 8, 8, 3)
    with pytest.raises(BadInput, match="no translator to put"):
        hs.Translated(model, made)


def test_style_gives_the_targets_mean_and_deviation(source, target, model):
    made = hs.translate(source, target, method="style", model=model).dataset(source).array.astype(float)
    means = [one.astype(float).mean() for one in (source.array, made, target.array)]
    assert abs(means[1] - means[2]) < 0.25 * abs(means[0] - means[2])  # bytes are cut off at 255


def test_a_model_behind_a_translator_is_one_predictor_that_can_be_saved(source, target, model, tmp_path):
    made = hs.translate(source, target, method="cyclegan:width=4,blocks=1", model=model, **QUICK)
    before = {name: value.clone() for name, value in model.model.state_dict().items()}
    both = hs.Translated(model, made)
    pictures = [np.asarray(one) for one in target.array[:6]]
    through = model.probabilities(list(made.to_source(target.array[:6])))
    np.testing.assert_allclose(
        both.probabilities(pictures), through, atol=0.02
    )  # bytes are rounded in between
    assert abs(both.probabilities(pictures) - model.probabilities(pictures)).max() > 0.02
    both.save(tmp_path / "model")
    from headstart.studies.translate.quality import small_network

    again = hs.open(tmp_path / "model", backbone=small_network((3, 8, 8), 10))
    np.testing.assert_array_equal(again.probabilities(pictures), both.probabilities(pictures))
    assert all(torch.equal(before[name], value) for name, value in model.model.state_dict().items())


def test_a_model_that_normalises_otherwise_sees_the_same_pictures(learned, model):
    """The translator knows [-1, 1]; the model has other means and deviations."""
    from headstart.core import Model
    from headstart.studies.translate.translator import convert_units

    mapping = model.model.backbone
    mean, std = (0.4, 0.5, 0.6), (0.2, 0.3, 0.25)
    other = hs.models.backbone(mapping, preprocess=replace(mapping.preprocess, mean=mean, std=std))
    assert isinstance(model.model, Model)
    x = torch.randint(0, 256, (4, 3, 8, 8), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    front = learned.fronts["to_source"]
    plain = front(x / 127.5 - 1)
    fitted = convert_units(front, other)(other.normalised(x))
    torch.testing.assert_close((fitted * other.std + other.mean) * 2 - 1, plain, atol=1e-4, rtol=1e-4)


def test_hs_fit_carries_a_translation_out_on_domains(source, target):
    from headstart.studies.translate.quality import small_backbone

    method = hs.methods.CycleGAN(width=4, blocks=1, first="fine-tune:backbone_lr=1.0")
    domains = hs.data.Domains(source, target)
    fitted = hs.fit(method, small_backbone((3, 8, 8), 10), domains, hs.Recipe(steps=3, batch=8))
    assert fitted.probabilities(list(target.array[:4])).shape == (4, 10)


def test_numbers_are_translated_too():
    g = np.random.default_rng(0)
    y = np.arange(60) % 2
    x = (g.normal(size=(60, 3)) + 3 * y[:, None]).astype(np.float32)
    made = hs.translate((x, y), x + 5, method="cycada:width=8", **QUICK)
    assert made.to_target(x).shape == (60, 3)
    assert made.to_target(x).dtype == np.float32
    whole = made.dataset(hs.data.load((x, y)))
    assert whole.array.shape == (60, 3)
    assert np.array_equal(made.dataset((x, y)).array, whole.array)  # what can be loaded is loaded
    assert made.dataset(x, "to_source").array.shape == (60, 3)
    with pytest.raises(BadInput, match=r"The domains hold numbers, and .* holds pictures"):
        made.dataset((np.zeros((6, 8, 8, 3), np.uint8), [0, 1] * 3))
    with pytest.raises(BadInput, match="There is no"):
        made.dataset("nowhere/")


def test_what_cannot_be_translated_is_refused(source, target):
    with pytest.raises(Unknown, match="cyclegan"):
        hs.translate(source, target, method="cyclegann")
    with pytest.raises(BadInput, match="fine-tune translates nothing"):
        hs.translate(source, target, method="fine-tune")
    with pytest.raises(BadInput, match="steps is 0"):
        hs.translate(source, target, steps=0)
    numbers = np.zeros((4, 3), dtype=np.float32) + np.arange(4)[:, None]
    with pytest.raises(BadInput, match="style is for pictures"):
        hs.translate((numbers, [0, 1, 0, 1]), numbers, method="style")
    with pytest.raises(BadData, match="texts"):
        hs.translate((["a b", "c d"], ["x", "y"]), ["e f", "g h"])


def test_guards_by_hand():
    real = torch.tensor([[0.0], [2.0]])
    assert quality.diversity(torch.tensor([[5.0], [6.0]]), real) == pytest.approx(0.5)
    assert quality.diversity(torch.zeros(4, 1), real) == 0
    assert quality.flipped(torch.tensor([0, 1, 2, 3]), torch.tensor([0, 1, 3, 2])) == 0.5
    fine = quality.guards(0.9, 1.1, 0.1)
    assert [guard.fine for guard in fine] == [True, True]
    *_, of_target = quality.guards(0.9, 1.1, 0.06, 0.37)  # 55 % were right, and source rows came back
    assert (of_target.fine, of_target.value) == (False, 0.37)
    assert "another class for 37.0 % of target rows" in of_target.message
    collapsed, flipped = quality.guards(0.9, 0.2, 0.5)
    assert (collapsed.fine, collapsed.value) == (False, 0.2)
    assert "collapsed" in collapsed.message
    assert not flipped.fine
    assert "cycada" in flipped.message
    assert (quality.critics_guard(0.3).fine, quality.critics_guard(0.9).fine) == (True, False)
    assert (quality.critics_guard(0.9, "log").fine, quality.critics_guard(1.1, "log").fine) == (True, False)


def test_rows_are_written_into_class_folders(learned, source, target, tmp_path):
    pairs = learned.write(source, target, tmp_path, "to-target")
    again = hs.data.load(tmp_path / "translated")
    assert again.classes == source.classes
    assert np.array_equal(np.sort(again.labels), np.sort(source.labels))
    assert all((tmp_path / pair.picture).is_file() for pair in (*pairs["to_target"], *pairs["to_source"]))
    learned.write(source, target, tmp_path / "other", "to-source")
    assert len(list((tmp_path / "other" / "translated").glob("*.png"))) == len(target)


def test_another_start_is_made_while_critics_see_through_and_the_best_is_kept(
    source, target, model, monkeypatch
):
    many = {"model": model, "steps": 2, "batch": 8, "tries": 3}
    monkeypatch.setattr(translators, "MOST_LOSS", -1.0)
    all_three = hs.translate(source, target, method="cyclegan:width=4,blocks=1", **many).result
    first = hs.translate(source, target, method="cyclegan:width=4,blocks=1", **(many | {"tries": 1})).result
    assert (all_three.tries, first.tries) == (3, 1)
    assert all_three.adversarial_loss <= first.adversarial_loss
    monkeypatch.setattr(translators, "MOST_LOSS", 99.0)
    assert hs.translate(source, target, method="cyclegan:width=4,blocks=1", **many).result.tries == 1
