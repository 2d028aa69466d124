"""What is left of a finished run, and that it still predicts, evaluates, reports and goes on."""

import shutil

import pytest
from tests.cli.conftest import away as away
from tests.cli.conftest import headstart as headstart
from tests.study import tiny

import headstart as hs
from headstart.core import BadInput

pytestmark = pytest.mark.slow
HOW = {**tiny.QUICK, "methods": ("ridge-probe", "fine-tune")}


@pytest.fixture(scope="module")
def whole(base, shapes, tmp_path_factory):
    """A run of which everything was kept; not to be written to."""
    out = tmp_path_factory.mktemp("whole") / "run"
    hs.adapt(base, shapes, out=out, keep_files="all", **HOW)
    assert any((out / "cache").glob("*.bin"))
    return out


def names(folder):
    return {path.name for path in folder.iterdir()}


def fits(out):
    return {path.stem.split("-on-the-")[0] for path in (out / "steps").glob("fit-*.safetensors")}


def test_the_cache_and_what_is_solved_anew_go(base, shapes, whole, tmp_path):
    out = tmp_path / "run"
    hs.adapt(base, shapes, out=out, **HOW)
    assert fits(whole) == {
        "fit-ridge-probe",
        "fit-from-scratch",
        *([] if chosen(whole) else ["fit-fine-tune"]),
    }
    assert fits(out) == fits(whole) - {"fit-ridge-probe"}
    assert not any((out / "cache").glob("*.bin"))
    assert size(out) < size(whole)
    kept = (out / "result.json").read_bytes()
    again = hs.adapt(base, shapes, out=out, resume=True, **HOW)
    assert (out / "result.json").read_bytes() == kept
    assert len(again.predict(list(shapes[0][:3]))) == 3
    assert again.evaluate(shapes)


def chosen(out):
    """Whether the ridge probe was selected."""
    from headstart.studies.adapt import Result

    return Result.read(out / "result.json").selected == "ridge-probe"


def size(out):
    return sum(path.stat().st_size for path in out.rglob("*") if path.is_file())


def test_the_results_alone_predict_and_do_not_go_on(base, shapes, tmp_path):
    out, how = tmp_path / "run", HOW | {"methods": ("ridge-probe",), "keep_files": "results"}
    hs.adapt(base, shapes, out=out, **how)
    assert not names(out) & {"cache", "steps"}
    assert hs.open(out).predict(list(shapes[0][:1]))
    with pytest.raises(BadInput, match="the results alone were kept"):
        hs.adapt(base, shapes, out=out, resume=True, **how)
    hs.adapt(base, shapes, out=out, overwrite=True, **how)


def test_runs_are_trimmed_by_the_command(headstart, whole, tmp_path):
    copied = shutil.copytree(whole, tmp_path / "runs" / "whole")
    (begun := tmp_path / "runs" / "begun" / "cache").mkdir(parents=True)
    (begun.parent / "study.json").write_text("{}")
    (begun / "features.bin").write_bytes(b"0")
    said = headstart("runs", tmp_path, "--trim")
    assert said.code == 0
    assert "MB are free now." in said.out
    assert "MB on the disk" in said.out
    assert "fit-ridge-probe" not in fits(copied)
    assert (begun / "features.bin").exists()  # that run is not finished
    assert hs.open(copied).predict
