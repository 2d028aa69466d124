"""`overwrite` replaces a run, and nothing but a run, when the new one can begin."""

import pytest
from tests.study import tiny
from tests.study.experiments import made, rows

import headstart as hs
from headstart.core import BadInput, CannotWrite
from headstart.studies._store import written_names

X, Y = rows()
HOW = {"methods": ("ridge-probe",), **tiny.QUICK}


def adapt(out, **more):
    return hs.adapt(made(), (X, Y), out=out, **HOW | more)


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_a_run_is_replaced_by_another(tmp_path):
    adapt(tmp_path / "run")
    found = adapt(tmp_path / "run", overwrite=True, methods=("nearest-centroid",))
    assert found.result.selected == "nearest-centroid"
    fresh = adapt(tmp_path / "fresh", methods=("nearest-centroid",))
    assert contents(tmp_path / "run").keys() == contents(tmp_path / "fresh").keys()
    assert fresh.result.tested == found.result.tested
    hs.probe(made(), (X, Y), out=tmp_path / "run", overwrite=True)  # by another study, too
    assert (tmp_path / "run" / "probe.json").is_file()
    assert not (tmp_path / "run" / "model").exists()


def test_nothing_is_lost_to_a_mistake(tmp_path):
    adapt(tmp_path / "run")
    before = contents(tmp_path / "run")
    for mistake in ({"methods": ("ridge-prob",)}, {"folds": 1}, {"resume": True}):
        with pytest.raises(BadInput):
            adapt(tmp_path / "run", overwrite=True, **mistake)
    assert contents(tmp_path / "run") == before


def test_what_no_run_has_written_is_never_removed(tmp_path):
    adapt(tmp_path / "run")
    (tmp_path / "run" / "notes.txt").write_text("mine")
    before = contents(tmp_path / "run")
    with pytest.raises(CannotWrite, match=r"holds more than a run: notes.txt"):
        adapt(tmp_path / "run", overwrite=True)
    assert contents(tmp_path / "run") == before
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "model").write_text("mine")  # named as a run would name it
    with pytest.raises(CannotWrite, match="is not empty"):
        adapt(tmp_path / "mine", overwrite=True)
    assert contents(tmp_path / "mine") == {"model": b"mine"}


def test_a_folder_that_is_new_or_empty_needs_no_word(tmp_path):
    (tmp_path / "empty").mkdir()
    for name in ("new", "empty"):
        assert adapt(tmp_path / name, overwrite=True).result.selected == "ridge-probe"


def test_without_it_the_way_out_is_named(tmp_path):
    adapt(tmp_path / "run")
    with pytest.raises(CannotWrite, match="overwrite=True replaces it"):
        adapt(tmp_path / "run")


def test_all_that_studies_write_is_known(tmp_path):
    adapt(tmp_path / "adapt")
    hs.probe(made(), (X, Y), out=tmp_path / "probe")
    hs.curve(made(), (X, Y), out=tmp_path / "curve", seeds=1, methods=("ridge-probe",), labels_per_class=(2,))
    hs.shift(X, X + 1, out=tmp_path / "shift")
    hs.align((X, Y), X + 1, made(), out=tmp_path / "align", epochs=1, methods=("coral",))
    for run in tmp_path.iterdir():
        assert {path.name for path in run.iterdir()} <= written_names(), run.name
