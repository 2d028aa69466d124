"""Every mistake a user can make: what is wrong, its value and the way out, and no traceback."""

import pickle
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.study import tiny

from headstart.core import BadData, BadInput, CannotWrite, Diverged, Mismatch

USAGE = 2


def refused(said, code, *words):
    """The exit code, the words in the message, and nothing that only a programmer would read."""
    assert said.code == code, said
    for word in words:
        assert str(word) in said.err, (word, said.err)
    assert "Traceback" not in said.err
    assert said.out == ""
    return True


def untouched(folder):
    return not folder.exists() or not any(folder.iterdir())


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


def test_a_class_of_one(headstart, quick, tmp_path):
    data = tiny.folders(tmp_path / "data", 4)
    (data / "lonely").mkdir()
    tiny.shape("disc", 77).save(data / "lonely" / "1.png")
    said = headstart("adapt", data, *quick, "--out", tmp_path / "out")
    assert refused(said, BadData.code, "the class 'lonely'", "Add more, or remove the class")
    assert untouched(tmp_path / "out")  # so that the same command can be given again


def test_a_class_that_would_have_no_training_row(headstart, quick, tmp_path):
    data = tiny.folders(tmp_path / "data", 4)
    (data / "twins").mkdir()
    for name in ("1.png", "2.png"):
        tiny.shape("disc", 77).save(data / "twins" / name)
    said = headstart("adapt", data, *quick, "--test", "0.9", "--out", tmp_path / "out")
    assert refused(said, BadData.code, "no row of class 'twins'", "duplicates of each other stay on one side")
    assert untouched(tmp_path / "out")


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


def test_what_is_unreadable_is_left_out_and_said(headstart, quick, pictures, tmp_path):
    from headstart.study.records import Result

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
        headstart("adapt", "--folds", "some"), USAGE, "valid integer", "'--folds'", "headstart adapt -h"
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


def test_a_budget_that_has_room_for_nothing(headstart, pictures, weights, tmp_path):
    words = ["--backbone", tiny.BACKBONE, "--weights", weights, "--size", 32, "--quiet"]
    said = headstart(
        "adapt", pictures, *words, "--method", "fine-tune", "--budget", 1, "--out", tmp_path / "out"
    )
    assert refused(said, BadInput.code, "in 1 seconds", "Fine-tuning: the budget is too small", "--budget")
    assert untouched(tmp_path / "out")


# --- the output folder


def test_output_folder_that_is_not_empty(headstart, program, pictures, quick, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    for call in (headstart, program):
        said = call("adapt", pictures, *quick, "--out", tmp_path)
        assert refused(
            said, CannotWrite.code, f"output folder {tmp_path} is not empty", "--out names another"
        )
        assert "--resume" not in said.err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_output_folder_with_a_run(headstart, pictures, quick, finished):
    said = headstart("adapt", pictures, *quick, "--out", finished)
    assert refused(said, CannotWrite.code, "is not empty", "--resume goes on with it")


def test_output_folder_that_is_a_file(headstart, pictures, quick, tmp_path):
    (tmp_path / "file").write_text("")
    said = headstart("adapt", pictures, *quick, "--out", tmp_path / "file")
    assert refused(said, CannotWrite.code, f"{tmp_path / 'file'} is not empty")
    said = headstart("adapt", pictures, *quick, "--out", tmp_path / "file" / "deeper")
    assert refused(said, CannotWrite.code, tmp_path / "file" / "deeper")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (["--seed", "3"], ["seed (was 0, is 3)"]),
        (["--test", "0.4", "--batch", "7"], ["test (was 0.2, is 0.4)", "batch (was 32, is 7)"]),
        (["--weights", "random"], ["the backbone"]),
    ],
)
def test_resume_into_another_study(headstart, pictures, weights, finished, change, named):
    before = {path: path.read_bytes() for path in finished.rglob("*") if path.is_file()}
    same = [*tiny.options(weights), *tiny.METHODS]
    said = headstart("adapt", pictures, *same, *change, "--out", finished, "--resume")
    assert refused(said, BadInput.code, finished, "holds another study", "--out", *named)
    assert {path: path.read_bytes() for path in finished.rglob("*") if path.is_file()} == before


def test_resume_with_other_data(headstart, weights, finished, tmp_path):
    data = tiny.folders(tmp_path / "data", 6)
    same = [*tiny.options(weights), *tiny.METHODS]
    said = headstart("adapt", data, *same, "--out", finished, "--resume")
    assert refused(said, BadInput.code, "it differs in the data.")


# --- training


def test_a_method_that_diverges_is_dropped_and_the_others_go_on(headstart, pictures, quick, tmp_path):
    from headstart.study.records import Result

    said = headstart(
        "adapt",
        pictures,
        *quick,
        "--method",
        "fine-tune",
        "--lr",
        "1e30",
        "--batch",
        4,
        "--out",
        tmp_path / "out",
    )
    assert said.code == 0, said.err
    result = Result.read(tmp_path / "out" / "result.json")
    assert result.selected == "ridge-probe"
    tuned = next(one for one in result.candidates if one.name == "fine-tune")
    assert "its loss stopped being a number; a lower learning rate than 1e+30 may help" in tuned.dropped
    assert tuned.scores is None
    assert tuned.folds == 0
    assert f"Fine-tuning: {tuned.dropped}." in result.decisions
    assert any(one.startswith("From scratch: its loss stopped being a number") for one in result.decisions)
    assert [one.name for one in result.tested] == ["selected", "raw-pixels", "majority-class"]


def test_all_methods_diverge(headstart, pictures, weights, tmp_path):
    words = [*tiny.options(weights), "--method", "fine-tune", "--lr", "1e30", "--batch", 4, "--quiet"]
    said = headstart("adapt", pictures, *words, "--out", tmp_path / "out")
    assert refused(said, Diverged.code, "Fine-tuning: on fold 1 of 2 its loss stopped", "lower learning rate")
    assert not (tmp_path / "out" / "result.json").exists()


def test_short_memory_halves_the_batch_and_says_so(headstart, pictures, weights, tmp_path, monkeypatch):
    from headstart.methods.mapping._tuning import Tuning
    from headstart.study.records import Result

    words = [*tiny.options(weights), "--method", "fine-tune", "--batch", 6, "--no-curve", "--quiet"]
    assert headstart("adapt", pictures, *words, "--out", tmp_path / "roomy").code == 0
    plain = Tuning.loss

    def hungry(self, parts, batch, ctx):
        if len(batch) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return plain(self, parts, batch, ctx)

    monkeypatch.setattr(Tuning, "loss", hungry)
    said = headstart("adapt", pictures, *words, "--out", tmp_path / "short")
    assert said.code == 0, said.err
    roomy, short = (Result.read(tmp_path / name / "result.json") for name in ("roomy", "short"))
    (note,) = (one for one in short.decisions if one not in roomy.decisions)
    assert note.startswith("Memory was short at step 0: each batch of 6 rows is now computed in 2 parts")
    for ours, theirs in zip(short.curves, roomy.curves, strict=True):
        if ours.method == "fine-tune":  # batch normalisation is frozen there, so that the mean is exact
            assert ours.losses == pytest.approx(theirs.losses, rel=1e-3)
    one, other = (load_file(tmp_path / name / "model/model.safetensors") for name in ("roomy", "short"))
    assert one.keys() == other.keys()
    for name in one:
        assert torch.allclose(one[name].double(), other[name].double(), rtol=1e-2, atol=1e-4), name


def test_no_memory_at_all(headstart, pictures, quick, tmp_path, monkeypatch):
    from headstart.study.session import Session

    def hungry(*_args, **_words):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(Session, "fit", hungry)
    said = headstart("adapt", pictures, *quick, "--out", tmp_path / "out")
    assert refused(said, 1, "memory is full", "--size", "--batch")


# --- using a model


def test_predict_with_a_missing_and_a_broken_file(headstart, finished, pictures, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no picture")
    good = pictures / "disc" / "1.png"
    said = headstart("predict", finished, tmp_path / "none.png", good, tmp_path / "broken.png", "--json")
    assert said.code == BadData.code
    assert "2 of 3 files were not read" in said.err
    assert "none.png: the file can't be read: No such file" in said.err
    assert "broken.png can't be read as a picture" in said.err
    assert "Traceback" not in said.err
    assert f'"file": "{good}"' in said.out  # the answer for what can be read is given all the same


def test_predict_on_a_folder_without_pictures(headstart, finished, tmp_path):
    (tmp_path / "notes.txt").write_text("no picture")
    said = headstart("predict", finished, tmp_path)
    assert refused(said, BadData.code, f"no pictures in the folder {tmp_path}")


def test_commands_on_a_folder_without_a_run(headstart, program, pictures, tmp_path):
    picture = pictures / "disc" / "1.png"
    assert refused(headstart("predict", tmp_path, picture), BadInput.code, f"No model in {tmp_path}", "adapt")
    assert refused(
        headstart("export", tmp_path, tmp_path / "m.onnx"), BadInput.code, f"No model in {tmp_path}"
    )
    assert refused(
        headstart("report", tmp_path), BadInput.code, f"{tmp_path} holds no result.json", "--resume"
    )
    assert refused(program("report", tmp_path), BadInput.code, "holds no result.json")
    assert untouched(tmp_path)


def test_predict_with_odd_options(headstart, finished, pictures):
    picture = pictures / "disc" / "1.png"
    both = headstart("predict", finished, picture, "--json", "--csv")
    assert refused(both, BadInput.code, "--json and --csv")
    assert refused(headstart("predict", finished, picture, "--abstain", 2), BadInput.code, "--abstain is 2.0")
    assert refused(headstart("predict", finished), USAGE, "Missing argument 'files'")


def test_a_damaged_model(headstart, finished, pictures, tmp_path):
    picture = pictures / "disc" / "1.png"
    for name, damage in (("model.safetensors", b"\x00" * 20), ("config.json", b"{")):
        model = shutil.copytree(finished / "model", tmp_path / name)
        (model / name).write_bytes(damage)
        assert refused(headstart("predict", model, picture), BadInput.code, f"model in {model} can't be read")
    model = shutil.copytree(finished / "model", tmp_path / "lost")
    (model / "model.safetensors").unlink()
    assert refused(headstart("predict", model, picture), BadInput.code, f"model in {model} can't be read")


def test_export_to_a_wrong_ending(headstart, finished, tmp_path):
    said = headstart("export", finished, tmp_path / "model.tflite")
    assert refused(said, BadInput.code, "model.tflite", "'.tflite'", ".onnx")
    assert untouched(tmp_path)


def test_damaged_records(headstart, finished, tmp_path):
    run = shutil.copytree(finished, tmp_path / "run")
    (run / "result.json").write_text('{"schema": 1')
    before = (run / "report.html").read_bytes()
    assert refused(headstart("report", run), BadData.code, "result.json is not a record", "adapt")
    assert (run / "report.html").read_bytes() == before
