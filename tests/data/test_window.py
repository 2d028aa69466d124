"""The window of a data set of pictures of more than 8 bits, from loading to prediction."""

import warnings

import numpy as np
import pytest
import torch
from PIL import Image
from tests.data.deep_files import dicom, nifti, npy, saved
from tests.data.painting import class_folders
from torch import nn

import headstart as hs
from headstart.core import BadData, BadInput, Preprocess
from headstart.data.depth_warnings import DepthWarning
from headstart.data.unlabelled import load_unlabelled
from headstart.predictor import web_demo
from headstart.predictor.fit import fit
from headstart.predictor.predictor import open_model
from headstart.predictor.save import save_model
from headstart.runtime.predictions import Decision
from headstart.session.inputs import fit_to_data, loader_of

RAMP = np.linspace(0, 1, 32)[None] * np.ones((32, 1))


def kinds(data):
    return {one.kind: one for one in data.findings}


def dim_and_bright(root, rows=6, scale=1000, kind=np.uint16, ending="png"):
    """Noise around a fifth of the scale, and around four fifths; lowest level 0, highest the scale."""
    draw = np.random.default_rng(0)
    for place, name in enumerate(("dim", "bright")):
        for row in range(rows):
            levels = (0.2 + 0.6 * place + 0.1 * draw.random((32, 32))) * scale
            levels[0, 0] = place * scale
            saved(root / name / f"{row}.{ending}", levels.astype(kind))
    return root


class Mean(nn.Module):
    """The mean of a picture, four times."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4))

    def forward(self, x):
        return x.mean((1, 2, 3))[:, None] * self.weight


def mean_backbone():
    plain = Preprocess((32, 32), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), "squash", 1.0)
    return hs.models.backbone(Mean(), example=torch.rand(2, 3, 32, 32), preprocess=plain)


def test_the_window_is_the_range_in_use_of_the_whole_data_set(tmp_path):
    data = hs.data.load(dim_and_bright(tmp_path))
    assert data.window == (0, 1000)
    assert "from 0 to 1000" in kinds(data)["window"].text
    x = loader_of(data, fit_to_data(mean_backbone(), data), None).fetch(
        np.arange(len(data)), np.full(len(data), -1)
    )
    for row, item in enumerate(data.items):
        levels = np.asarray(Image.open(tmp_path / item)).astype(float)
        assert (x[row, 0].numpy() == np.rint(levels / 1000 * 255)).all()
    assert np.asarray(data.picture(0)).mean() > 150  # bright: shown by the same window
    assert data.subset([3, 4]).window == (0, 1000)


def test_the_window_is_that_of_the_training_part(tmp_path):
    for part, top in (("train", 1000), ("test", 4000)):
        dim_and_bright(tmp_path / part, scale=top)
    assert hs.data.load(tmp_path).window == (0, 1000)


def test_a_window_of_the_user_is_taken_everywhere(tmp_path):
    data = hs.data.load(dim_and_bright(tmp_path), window=(100, 500))
    assert data.window == (100, 500)
    assert "window" not in kinds(data)
    assert fit_to_data(mean_backbone(), data).preprocess.window == (100, 500)
    assert hs.data.load(tmp_path).content != data.content


@pytest.mark.parametrize(
    ("window", "why"),
    [
        ((5, 5), "black must be a lower level than white"),
        ((240, -160), "black must be a lower level than white"),
        ((0, float("inf")), "black must be"),
        ((1, 2, 3), "it is two levels"),
        ("soft tissue", "it is two levels"),
        (40, "it is two levels"),
        ((2000, 3000), "the levels of .* go from 0 to 1000, all outside of it"),
    ],
)
def test_windows_that_are_none_are_refused(tmp_path, window, why):
    with pytest.raises(BadInput, match=why):
        hs.data.load(dim_and_bright(tmp_path), window=window)


def test_a_window_for_pictures_of_eight_bits_or_none_is_refused(tmp_path):
    class_folders(tmp_path, a=2, b=2)
    texts = (["one", "two", "three", "four"], list("abab"))
    numbers = (np.zeros((4, 3)), list("abab"))
    for source in (tmp_path, "digits", texts, numbers):
        with pytest.raises(BadInput, match="no pictures of more than 8 bits"):
            hs.data.load(source, window=(0, 4095))


def test_a_saved_model_sees_new_pictures_as_it_saw_the_training_rows(tmp_path):
    data = hs.data.load(dim_and_bright(tmp_path / "data"))
    model = fit(hs.methods.RidgeProbe(), mean_backbone(), data)
    save_model(model.model, tmp_path / "model", model.classes, Decision(), "")
    again = open_model(tmp_path / "model", backbone=Mean())
    assert again.preprocess.window == (0, 1000)
    dim = [tmp_path / "data" / item for item in data.items if item.startswith("dim")]
    for path in dim:  # alone: by its own range it would be as bright as the bright ones
        assert again.predict([path])[0].label == "dim"
        assert (again.samples([path]) == model.samples([path])).all()
        assert (again.samples([np.asarray(Image.open(path))]) == model.samples([path])).all()


def test_the_domains_share_the_window_of_the_source(tmp_path):
    source = hs.data.load(dim_and_bright(tmp_path / "a"))
    target = load_unlabelled(dim_and_bright(tmp_path / "b", scale=3000), source)
    assert target.window == (0, 1000)
    assert "window" not in kinds(target)
    assert load_unlabelled(tmp_path / "b").window == (0, 3000)
    shallow = load_unlabelled(class_folders(tmp_path / "c", a=2, b=2), source)
    assert shallow.window is None


def test_evaluation_and_shortcuts_have_the_window_of_the_model(tmp_path):
    data = hs.data.load(dim_and_bright(tmp_path / "a"))
    model = hs.fit(hs.methods.RidgeProbe(), mean_backbone(), data)
    dim_and_bright(tmp_path / "b", scale=250)  # all of it is dim, as the model sees it
    found = hs.evaluate(model, tmp_path / "b")
    assert found["accuracy"].value == 0.5
    assert not any("range in use" in note for note in found.notes)
    assert hs.shortcuts(model, tmp_path / "b").accuracy.value == 0.5


def test_estimators_keep_the_window(tmp_path):
    draw = np.random.default_rng(0)
    x = np.concatenate([draw.integers(0, 100, (10, 8, 8)), draw.integers(900, 1000, (10, 8, 8))]).astype(
        np.uint16
    )
    y = np.repeat(["dim", "bright"], 10)
    learned = hs.sklearn.TransferClassifier(mean_backbone()).fit(x, y)
    assert (learned.predict(x) == y).all()
    assert learned.predict(x[:1]).tolist() == ["dim"]


def test_depths_that_are_mixed_are_a_finding_and_eight_bits_stay(tmp_path):
    class_folders(tmp_path, shallow=3)
    dim_and_bright(tmp_path, rows=2)
    data = hs.data.load(tmp_path)
    found = kinds(data)["mixed-depth"]
    assert (found.severity, found.count) == ("warning", 4)
    assert "4 of 7 pictures" in found.text
    row = data.items.index("shallow/0.png")
    stored = np.asarray(Image.open(tmp_path / "shallow/0.png"))
    assert (np.asarray(data.picture(row)) == stored).all()
    plain = fit_to_data(mean_backbone(), hs.data.load(class_folders(tmp_path / "a", x=2, y=2)))
    rows, views = np.array([row]), np.array([-1])
    mapping = fit_to_data(mean_backbone(), data)
    one = loader_of(data, mapping, None).fetch(rows, views)
    assert (one == plain_loader(tmp_path, plain).fetch(np.array([0]), views)).all()


def plain_loader(root, mapping):
    return loader_of(hs.data.load(([root / "shallow/0.png"] * 2, ["a", "b"])), mapping, None)


def test_few_grey_levels_are_a_finding(tmp_path):
    root = dim_and_bright(tmp_path, scale=200)
    saved(root / "dim" / "hot.png", np.pad(np.full((8, 8), 4095), (0, 24)).astype(np.uint16))
    found = kinds(hs.data.load(root))["few-greys"]
    assert found.severity == "warning"
    # 98 of 100 pixels lie below 200 of 4095: 12 of 256 grey levels
    assert "one of 12 grey levels" in found.text
    assert "the window goes from 0 to 4095" in found.text
    assert "few-greys" not in kinds(hs.data.load(root, window=(0, 200)))


def test_unreadable_levels_are_left_out_and_named(tmp_path):
    root = dim_and_bright(tmp_path, kind=np.float32, ending="tif")
    bad = np.full((32, 32), 7e6, np.float32)
    bad[3, 3] = np.nan
    saved(root / "dim" / "gap.tif", bad)
    data = hs.data.load(root)
    assert data.window == (0, 1000)
    checked = hs.data.check(data)
    unreadable = next(one for one in checked.findings if one.kind == "unreadable")
    assert unreadable.items == ["dim/gap.tif"]
    assert "NaN" in unreadable.text


def test_arrays_and_lists_in_memory(tmp_path):
    x = (RAMP * 4095).astype(np.uint16)
    y = list("abab")
    assert hs.data.load((np.stack([x] * 4), y)).window == (0, 4095)
    assert hs.data.load((np.stack([np.stack([x] * 3)] * 4), y)).array.shape == (4, 32, 32, 3)
    assert hs.data.load(([x, x[1:], x[2:], x[3:]], y)).window == (0, 4095)
    assert hs.data.load(([Image.fromarray(x)] * 4, y)).window == (0, 4095)
    units = (RAMP * 4095 - 1024).astype(np.float32)
    assert hs.data.load((np.stack([units] * 4), y)).kind == "numbers"
    found = hs.data.load((np.stack([units] * 4), y), window=(-160, 240))
    assert (found.kind, found.window) == ("pictures", (-160, 240))
    np.savez(tmp_path / "x.npz", x=np.stack([units] * 4), y=np.array(y))
    rows = torch.utils.data.TensorDataset(torch.from_numpy(np.stack([units] * 4)), torch.arange(4) % 2)
    for source in (tmp_path / "x.npz", rows):
        assert hs.data.load(source, window=(-160, 240)).kind == "pictures"
    target = load_unlabelled(np.stack([units] * 4), found)
    assert (target.kind, target.window) == ("pictures", (-160, 240))


def test_a_shift_works_in_what_the_window_shows(tmp_path):
    data = hs.data.load(dim_and_bright(tmp_path))
    turned = hs.data.shifted(data, "invert")
    assert (np.asarray(turned.picture(0)) == 255 - np.asarray(data.picture(0))).all()


def test_scans_are_pictures_of_class_folders(tmp_path):
    draw = np.random.default_rng(0)
    for name, place in (("ill", 60), ("well", 0)):
        (tmp_path / name).mkdir()
        for row in range(2):
            levels = draw.integers(1000, 1100, (16, 16)).astype(np.int16) + place
            dicom(tmp_path / name / f"{row}.dcm", levels, RescaleSlope=1, RescaleIntercept=-1024)
            (tmp_path / name / f"{row}.npy").write_bytes(npy(levels - 1024))
            nifti(tmp_path / name / f"{row}.nii.gz", np.stack([levels - 1024] * 3, -1))
    data = hs.data.load(tmp_path)
    assert len(data) == 12
    assert -24 <= data.window[0] < -15
    assert kinds(data)["middle-slice"].count == 4
    assert kinds(data)["middle-slice"].items[0].endswith(".nii.gz")
    assert not [one for one in hs.data.check(data).findings if one.kind == "unreadable"]


def test_a_compressed_file_is_called_by_both_endings(tmp_path):
    class_folders(tmp_path, a=2, b=2)
    (tmp_path / "b" / "x.mha.gz").write_bytes(b"x")
    assert "b/ holds 1 .mha.gz besides" in kinds(hs.data.load(tmp_path))["unread-files"].text


def test_objects_and_frames_are_named_when_nothing_can_be_read(tmp_path):
    for name in ("ill", "well"):
        (tmp_path / name).mkdir()
        for row in range(2):
            dicom(tmp_path / name / f"{row}.dcm", np.zeros((2, 4, 4), np.uint16), NumberOfFrames=2)
    with pytest.raises(BadData, match=r"None of the 4 rows.*ill/0\.dcm: it holds 2 frames"):
        hs.data.check(hs.data.load(tmp_path))


def test_new_pictures_of_another_depth_are_a_warning(tmp_path):
    data = hs.data.load(dim_and_bright(tmp_path))
    model = fit(hs.methods.RidgeProbe(), mean_backbone(), data)
    with pytest.warns(DepthWarning, match="has 8 bits, and the model learned from pictures of more"):
        model.predict([np.zeros((8, 8), np.uint8)])
    with pytest.warns(
        DepthWarning, match="levels from 2000 to 2006, nearly all outside of the window from 0 to 1000"
    ):
        model.predict([np.arange(2000, 2007, dtype=np.uint16)[None]])
    shallow = hs.Predictor(model.model, model.classes, Preprocess((32, 32)))
    with pytest.warns(DepthWarning, match="more than 8 bits.*own range in use, 0 to 31"):
        shallow.predict([np.arange(32, dtype=np.uint16)[None]])
    with pytest.raises(BadData, match=r"Pixels are float64.*255"):
        shallow.predict([RAMP])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict([(RAMP * 900).astype(np.float64)])
        model.predict([(RAMP * 900).astype(np.uint16)])


def test_eight_bits_are_no_surprise_to_a_model_that_learned_from_both_depths(tmp_path):
    class_folders(tmp_path, shallow=3)
    data = hs.data.load(dim_and_bright(tmp_path, rows=2))
    assert kinds(data)["mixed-depth"].text.endswith("window=... says another window.")
    assert "window" not in kinds(data)  # once is enough
    model = fit(hs.methods.RidgeProbe(), mean_backbone(), data)
    assert Preprocess.from_settings(model.preprocess.settings()) == model.preprocess
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict([np.zeros((8, 8), np.uint8)])
    web_demo._require_possible(model)
    deep = fit(hs.methods.RidgeProbe(), mean_backbone(), hs.data.load(dim_and_bright(tmp_path / "deep")))
    with pytest.raises(BadInput, match="a browser reads pictures of 8 bits alone"):
        web_demo._require_possible(deep)


def test_files_of_several_pictures_are_named(tmp_path):
    root = dim_and_bright(tmp_path, ending="tif", rows=3)
    pages = [Image.fromarray(np.full((32, 32), 100 * page, np.uint16)) for page in range(3)]
    pages[0].save(root / "dim" / "stack.tif", save_all=True, append_images=pages[1:])
    found = {one.kind: one for one in hs.data.check(hs.data.load(root)).findings}["first-of-several"]
    assert found.items == ["dim/stack.tif"]
    assert "dim/stack.tif with 3" in found.text
