"""Every mistake in what is given to learn from: what is wrong, its value and the way out, no traceback."""

import pickle
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.cli.telling import refused, untouched
from tests.study import tiny

from headstart.core import BadData, BadInput, Mismatch

USAGE = 2


# --- data


def test_missing_folder(headstart, quick, pictures, tmp_path):
    missing = pictures.parent / "shapez"
    said = headstart("adapt", missing, *quick, "--out", tmp_path / "out")
    assert refused(
        said, BadInput.code, f"no file or folder '{missing}'", "Did you mean", "shapes'?", "clipart"
    )
    assert untouched(tmp_path / "out")


def test_empty_folder(headstart, quick, tmp_path):
    (tmp_path / "empty").mkdir()
    said = headstart("adapt", tmp_path / "empty", *quick, "--out", tmp_path / "out")
    assert refused(
        said, BadData.code, f"folder {tmp_path / 'empty'} is empty", "Put the pictures of each class"
    )
    assert untouched(tmp_path / "out")


def test_pictures_without_class_folders(headstart, quick, tmp_path):
    flat = tmp_path / "flat"
    flat.mkdir()
    tiny.shape("disc", 1).save(flat / "1.png")
    said = headstart("adapt", flat, *quick, "--out", tmp_path / "out")
    assert refused(said, BadData.code, flat, "no class folders", "flat/cat/1.jpg")
    assert untouched(tmp_path / "out")


def test_one_class(headstart, quick, tmp_path):
    data = tiny.folders(tmp_path / "data", 4, ("disc",))
    said = headstart("adapt", data, *quick, "--out", tmp_path / "out")
    assert refused(said, BadData.code, data, "only one class, 'disc'", "at least two")
    assert untouched(tmp_path / "out")


@pytest.mark.slow
def test_a_class_of_one(headstart, quick, tmp_path):
    data = tiny.folders(tmp_path / "data", 4)
    (data / "lonely").mkdir()
    tiny.shape("disc", 77).save(data / "lonely" / "1.png")
    said = headstart("adapt", data, *quick, "--out", tmp_path / "adapted")
    assert said.code == 0, said.err
    assert "'lonely'" in (tmp_path / "adapted" / "result.json").read_text("utf-8")


def test_a_class_that_would_have_no_training_row(headstart, quick, tmp_path):
    data = tiny.folders(tmp_path / "data", 4)
    (data / "twins").mkdir()
    for name in ("1.png", "2.png"):
        tiny.shape("disc", 77).save(data / "twins" / name)
    said = headstart("adapt", data, *quick, "--test", "0.9", "--out", tmp_path / "out")
    assert refused(said, BadData.code, "no row of class 'twins'", "duplicates of each other stay on one side")
    assert untouched(tmp_path / "out")


@pytest.mark.slow
def test_a_label_column_that_is_absent(headstart, quick, pictures, tmp_path):
    table = tmp_path / "rows.csv"
    files = sorted(pictures.rglob("*.png"))
    table.write_text("path,kind\n" + "".join(f"{file},{file.parent.name}\n" for file in files))
    said = headstart("adapt", table, *quick, "--out", tmp_path / "out")
    assert refused(said, BadData.code, table, "no column 'label'", "'path', 'kind'", "label_column")
    assert untouched(tmp_path / "out")
    said = headstart("adapt", table, *quick, "--label-column", "kind", "--out", tmp_path / "out")
    assert said.code == 0, said.err


def test_a_folder_with_nothing_readable(headstart, quick, tmp_path):
    for kind in tiny.CLASSES:
        (tmp_path / "data" / kind).mkdir(parents=True)
        for name in ("1.png", "2.png"):
            (tmp_path / "data" / kind / name).write_bytes(b"no picture")
    said = headstart("adapt", tmp_path / "data", *quick, "--out", tmp_path / "out")
    assert refused(said, BadData.code, "None of the 6 rows of data can be read", "disc/1.png")
    assert untouched(tmp_path / "out")


@pytest.mark.slow
def test_what_is_unreadable_is_left_out_and_said(headstart, quick, pictures, tmp_path):
    from headstart.studies.adapt import Result

    data = shutil.copytree(pictures, tmp_path / "data")
    (data / "disc" / "broken.png").write_bytes(b"no picture")
    whole = (data / "disc" / "1.png").read_bytes()
    (data / "disc" / "cut off.png").write_bytes(whole[: len(whole) // 2])
    said = headstart("adapt", data, *quick, "--out", tmp_path / "out")
    assert said.code == 0, said.err
    result = Result.read(tmp_path / "out" / "result.json")
    assert result.check.rows == 36
    (finding,) = (one for one in result.check.findings if one.kind == "unreadable")
    assert finding.severity == "warning"
    assert finding.count == 2
    assert finding.items == ["disc/broken.png", "disc/cut off.png"]
    assert "broken.png" in (tmp_path / "out" / "report.html").read_text()


# --- names


def test_unknown_backbone(headstart, pictures, tmp_path):
    said = headstart("adapt", pictures, "--backbone", "resnet18x", "--out", tmp_path / "out")
    assert refused(said, BadInput.code, "No backbone is called 'resnet18x'", "Did you mean", "'resnet18'")
    assert untouched(tmp_path / "out")


def test_unknown_method(headstart, pictures, quick, tmp_path):
    said = headstart("adapt", pictures, *quick, "--method", "ridge-prob", "--out", tmp_path / "out")
    assert refused(said, BadInput.code, "No method is called 'ridge-prob'", "Did you mean", "'ridge-probe'")
    assert untouched(tmp_path / "out")
    assert refused(headstart("show", "fine-tun"), BadInput.code, "'fine-tun'", "'fine-tune'")


def test_unknown_option_and_command(headstart, program):
    assert refused(headstart("adapt", "--fold", 3), USAGE, "No such option: --fold", "--folds")
    assert refused(headstart("adpt"), USAGE, "No such command 'adpt'", "adapt")
    assert refused(program("adapt", "--colour", "3"), USAGE, "--colour")
    assert refused(
        headstart("adapt", "--folds", "some"),
        USAGE,
        "--folds is 'some'",
        "whole number",
        "headstart adapt -h",
    )


# --- weights


def test_weights_of_another_architecture(headstart, pictures, weights, tmp_path):
    state = load_file(weights)
    state["layer9.odd.weight"] = state.pop("layer1.0.conv1.weight")
    state["layer2.0.conv1.weight"] = torch.zeros(1, 2, 3, 4)
    save_file(state, tmp_path / "other.safetensors")
    words = ["--backbone", tiny.BACKBONE, "--weights", tmp_path / "other.safetensors"]
    said = headstart("adapt", pictures, *words, "--out", tmp_path / "out")
    assert refused(
        said,
        Mismatch.code,
        "another architecture; nothing was loaded",
        "1 missing",
        "layer1.0.conv1.weight (nearest: layer9.odd.weight)",
        "1 unexpected",
        "layer2.0.conv1.weight is (1, 2, 3, 4), not",
    )
    assert untouched(tmp_path / "out")


def test_weights_that_are_not_there(headstart, pictures, tmp_path):
    words = ["--backbone", tiny.BACKBONE, "--weights", tmp_path / "none.pth"]
    said = headstart("adapt", pictures, *words, "--out", tmp_path / "out")
    assert refused(said, BadInput.code, "no weights file", "none.pth")


class Trap:
    """Creates a file when it is unpickled."""

    def __init__(self, file):
        self.file = str(file)

    def __reduce__(self):
        return (open, (self.file, "w"))


def test_weights_that_would_carry_out_code(headstart, pictures, tmp_path):
    bad, trap = tmp_path / "bad.pth", tmp_path / "sprung"
    words = ["--backbone", tiny.BACKBONE, "--weights", bad, "--out", tmp_path / "out"]
    for write in (torch.save, lambda value, file: file.write_bytes(pickle.dumps(value))):
        write({"weight": torch.zeros(2), "trap": Trap(trap)}, bad)
        said = headstart("adapt", pictures, *words)
        assert not trap.exists()
        assert refused(said, BadInput.code, bad, "a pickled model is never opened", ".safetensors")
    assert untouched(tmp_path / "out")
    pickle.loads(bad.read_bytes())["trap"].close()
    assert trap.exists()  # so the trap works


@pytest.mark.slow
def test_random_weights_by_name(headstart, pictures, quick, tmp_path):
    said = headstart("adapt", pictures, *quick, "--weights", "random", "--out", tmp_path / "out")
    assert said.code == 0, said.err


# --- settings


@pytest.mark.parametrize(
    ("option", "value", "shown", "way"),
    [
        ("folds", "1", "1", ">= 2"),
        ("test", "1.5", "1.5", "in (0, 1)"),
        ("test", "0", "0.0", "in (0, 1)"),
        ("budget", "0", "0.0", "> 0"),
        ("budget", "nan", "nan", "> 0"),
        ("lr", "-1", "-1.0", "> 0"),
        ("lr", "inf", "inf", "> 0"),
        ("batch", "0", "0", ">= 1"),
        ("epochs", "0", "0", ">= 1"),
        ("size", "3", "3", "at least 8"),
        ("abstain", "1", "1.0", "[0, 1)"),
    ],
)
def test_settings_out_of_range(headstart, pictures, tmp_path, option, value, shown, way):
    said = headstart("adapt", pictures, f"--{option}", value, "--out", tmp_path / "out")
    assert refused(said, BadInput.code, f"--{option} is {shown}", way)
    assert untouched(tmp_path / "out")


def test_a_word_that_is_not_among_the_choices(headstart, pictures):
    said = headstart("adapt", pictures, "--fit", "stretch")
    assert refused(said, USAGE, "stretch", "squash")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--shots", "1,5"], "--shots is '1,5'; it must be a whole number. Several are for --at-shots and"),
        (["--queries=2.5"], "--queries is '2.5'; it must be a whole number."),
        (["--lr", "fast"], "--lr is 'fast'; it must be a number."),
        (["--train-shots", "5"], "--train-shots is 5; it must be the least and the most"),
        (["--train-shots", "5,2"], "--train-shots is 5,2; it must be the least and the most"),
    ],
    ids=str,
)
def test_numbers_that_can_not_be_read_are_shown_as_they_were_written(headstart, words, says):
    said = headstart("episodes", "sinusoids", *words)
    assert said.code
    assert says in " ".join(said.err.split())


def test_a_budget_that_has_room_for_nothing(headstart, pictures, weights, tmp_path):
    words = ["--backbone", tiny.BACKBONE, "--weights", weights, "--size", 32, "--quiet"]
    said = headstart(
        "adapt", pictures, *words, "--method", "fine-tune", "--budget", 1, "--out", tmp_path / "out"
    )
    assert refused(said, BadInput.code, "in 1 seconds", "Fine-tuning: the budget is too small", "--budget")
    assert untouched(tmp_path / "out")


def test_the_backbone_of_tables_for_pictures(headstart, quick, pictures, tmp_path):
    said = headstart("adapt", pictures, *quick, "--backbone", "table", "--out", tmp_path / "out")
    assert refused(said, BadData.code, "'table' takes tables", "holds pictures", "efficientnet_lite0")
    assert untouched(tmp_path / "out")
