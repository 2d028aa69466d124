"""Every mistake around a run: its folder, its training, the use of its model."""

import shutil

import pytest
import torch
from safetensors.torch import load_file
from tests.cli.telling import refused, untouched
from tests.study import tiny

from headstart.core import BadData, BadInput, CannotWrite, Diverged

# --- the output folder


@pytest.mark.slow
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


@pytest.mark.parametrize("more", [(), ("--resume",)])
@pytest.mark.slow
def test_output_folder_with_nothing_but_what_a_kill_left(headstart, pictures, quick, tmp_path, more):
    """The process died between writing its study down and renaming the file: nothing was begun."""
    left = tmp_path / ".study.json.4711.tmp"
    left.write_text('{"settings"')
    said = headstart("adapt", pictures, *quick, "--out", tmp_path, *more)
    assert said.code == 0, said.err
    assert (tmp_path / "result.json").exists()
    assert not left.exists()


@pytest.mark.parametrize("name", [".study.json.tmp", ".thesis.4711.tmp", ".study.json.4711.tmp/thesis.txt"])
def test_a_hidden_file_of_somebody_else_is_somebodys_data(headstart, pictures, quick, tmp_path, name):
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("years of work")
    for more in ((), ("--resume",)):
        said = headstart("adapt", pictures, *quick, "--out", tmp_path, *more)
        assert refused(said, CannotWrite.code, "is not empty")
    assert file.read_text() == "years of work"


def test_output_folder_that_is_a_file(headstart, pictures, quick, tmp_path):
    (tmp_path / "file").write_text("")
    said = headstart("adapt", pictures, *quick, "--out", tmp_path / "file")
    assert refused(said, CannotWrite.code, f"{tmp_path / 'file'} is a file")
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
    same = [*tiny.options(weights), "--reading", "auto", *tiny.METHODS]
    said = headstart("adapt", data, *same, "--out", finished, "--resume")
    assert refused(said, BadInput.code, "it differs in the data.")


# --- training


@pytest.mark.slow
def test_a_method_that_diverges_is_dropped_and_the_others_go_on(headstart, pictures, quick, tmp_path):
    from headstart.studies.adapt import Result

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
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert f"Fine-tuning: {tuned.dropped}." in page
    assert any(one.startswith("From scratch: its loss stopped being a number") for one in result.notes)
    assert [one.name for one in result.tested] == ["selected", "raw-pixels", "majority-class"]


def test_all_methods_diverge(headstart, pictures, weights, tmp_path):
    words = [*tiny.options(weights), "--method", "fine-tune", "--lr", "1e30", "--batch", 4, "--quiet"]
    said = headstart("adapt", pictures, *words, "--out", tmp_path / "out")
    assert refused(said, Diverged.code, "Fine-tuning: on fold 1 of 2 its loss stopped", "lower learning rate")
    assert not (tmp_path / "out" / "result.json").exists()


@pytest.mark.slow
def test_short_memory_halves_the_batch_and_says_so(headstart, pictures, weights, tmp_path, monkeypatch):
    from headstart.methods.mapping.finetuning.fine_tune import FineTune
    from headstart.studies.adapt import Result

    words = [*tiny.options(weights), "--method", "fine-tune", "--batch", 6, "--no-curve", "--quiet"]
    assert headstart("adapt", pictures, *words, "--out", tmp_path / "roomy").code == 0
    plain = FineTune.loss

    def hungry(self, parts, batch, ctx):
        if len(batch) > 1 and self.norm == "frozen":  # a trained one would see fewer rows
            raise torch.OutOfMemoryError("CUDA out of memory")
        return plain(self, parts, batch, ctx)

    monkeypatch.setattr(FineTune, "loss", hungry)
    said = headstart("adapt", pictures, *words, "--out", tmp_path / "short")
    assert said.code == 0, said.err
    roomy, short = (Result.read(tmp_path / name / "result.json") for name in ("roomy", "short"))
    (note,) = (one for one in short.notes if one not in roomy.notes)
    assert note.startswith("Memory was short at step 0: each batch of 6 rows is now computed in 6 parts")
    for ours, theirs in zip(short.curves, roomy.curves, strict=True):
        if ours.method == "fine-tune":  # batch normalisation is frozen there, so that the mean is exact
            assert ours.losses == pytest.approx(theirs.losses, rel=1e-3)
    one, other = (load_file(tmp_path / name / "model/model.safetensors") for name in ("roomy", "short"))
    assert one.keys() == other.keys()
    for name in one:
        assert torch.allclose(one[name].double(), other[name].double(), rtol=1e-2, atol=1e-4), name


@pytest.mark.parametrize("batch", [2, 3])
@pytest.mark.slow
def test_small_batches_are_not_cut_into_single_rows(headstart, pictures, weights, tmp_path, batch):
    """A batch normalisation that is trained needs two rows."""
    words = [*tiny.options(weights), "--method", "knn", "--batch", batch, "--no-curve", "--quiet"]
    said = headstart("adapt", pictures, *words, "--out", tmp_path / "out")
    assert said.code == 0, said.err


def test_no_memory_at_all(headstart, pictures, quick, tmp_path, monkeypatch):
    from headstart.session.session import Session

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
    assert refused(
        headstart("predict", finished, tmp_path / "broken.png"), BadData.code, "broken.png can't be read"
    )


def test_predict_on_a_folder_without_pictures(headstart, finished, tmp_path):
    (tmp_path / "notes.txt").write_text("no picture")
    said = headstart("predict", finished, tmp_path)
    assert refused(said, BadData.code, f"no pictures in the folder {tmp_path}")


@pytest.mark.slow
def test_commands_on_a_folder_without_a_run(headstart, program, pictures, tmp_path):
    picture = pictures / "disc" / "1.png"
    assert refused(headstart("predict", tmp_path, picture), BadInput.code, f"No model in {tmp_path}", "adapt")
    assert refused(
        headstart("export", tmp_path, tmp_path / "m.onnx"), BadInput.code, f"No model in {tmp_path}"
    )
    assert refused(
        headstart("report", tmp_path), BadInput.code, f"{tmp_path} holds no record of a study", "--resume"
    )
    assert refused(program("report", tmp_path), BadInput.code, "holds no record of a study")
    assert untouched(tmp_path)


def test_predict_with_odd_options(headstart, finished, pictures):
    picture = pictures / "disc" / "1.png"
    both = headstart("predict", finished, picture, "--json", "--csv")
    assert refused(both, BadInput.code, "Choose one of --json, --csv and --out.")
    assert refused(headstart("predict", finished, picture, "--abstain", 2), BadInput.code, "--abstain is 2.0")
    assert refused(headstart("predict", finished), BadInput.code, "nothing to predict. Name pictures")


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
