"""A disk that is full: said in a sentence, nothing half-written, and --resume ends in the same bytes."""

import errno
import os
import resource
import subprocess

import pytest
from tests.study import tiny

from headstart.__main__ import main
from headstart.core import CannotWrite

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture(scope="module")
def words(pictures, weights):
    """A run with a cache, trained candidates and a model to save."""
    chosen = ["--reading", "auto", "--no-curve", *tiny.METHODS]
    return ["adapt", pictures, *tiny.options(weights), *chosen, "--quiet", "--out", "run"]


@pytest.fixture(scope="module")
def wanted(words, tmp_path_factory):
    """What the run ends in if nothing goes wrong."""
    folder = tmp_path_factory.mktemp("smooth")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("sys.argv", ["headstart", *map(str, words)])
        main()
    return ends(folder / "run")


@pytest.fixture
def disk(tmp_path):
    """`disk(kilobytes)` is a folder on a disk of that size, or the same disk made larger."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mounted(kilobytes):
        options = f"size={kilobytes}k" + (",remount" if os.path.ismount(folder) else "")
        mount = ["mount", "-t", "tmpfs", "-o", options, "none", folder]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("mounting a small disk takes root")
        return folder

    yield mounted
    if os.path.ismount(folder):
        subprocess.run(["umount", "-l", folder], check=True)


def ends(run):
    names = ("result.json", "model/model.safetensors", "model/config.json")
    return [(run / name).read_bytes() for name in names]


def half_written(run):
    return [path for path in run.rglob("*") if path.name.endswith((".tmp", ".part"))]


def told(said, *words):
    assert said.code == CannotWrite.code, said
    assert "Traceback" not in said.err
    for word in words:
        assert word in said.err
    return True


@pytest.mark.parametrize(
    ("kilobytes", "what"),
    [
        (16, "the cache run/cache/"),
        (300, "run/steps/fit-ridge-probe"),
        (2500, "the model to run/model"),
        (4000, "run/steps/fit-from-scratch"),
        (5500, "the model to run/model"),
    ],
)
@pytest.mark.slow
def test_a_small_disk(headstart, words, wanted, disk, monkeypatch, kilobytes, what):
    monkeypatch.chdir(disk(kilobytes))
    said = headstart(*words)
    run = disk(100_000) / "run"
    assert told(said, f"Can't write {what}", "No space left on device")
    assert not half_written(run)
    assert not (run / "result.json").exists()
    said = headstart(*words, "--resume")
    assert said.code == 0, said.err
    assert ends(run) == wanted


@pytest.mark.slow
def test_a_write_that_fails(headstart, words, wanted, tmp_path, monkeypatch):
    """The study, how samples are read, the cache's index and the fit of the first model."""
    real, flushed = os.fsync, []

    def fails(at):
        def fsync(file):
            flushed.append(file)
            if len(flushed) - 1 == at:
                raise FULL
            real(file)

        flushed.clear()
        monkeypatch.setattr(os, "fsync", fsync)

    for at, file in enumerate(("study.json", "steps/choose-how", "cache/", "steps/fit-ridge-probe")):
        monkeypatch.chdir(tmp_path)
        fails(at)
        assert told(
            headstart(*words), f"Can't write run/{file}", "No space left on device", "what was finished"
        )
        run = (tmp_path / "run").rename(tmp_path / f"run-{at}") if (tmp_path / "run").exists() else None
        assert run is None or not half_written(run)
    fails(-1)
    (tmp_path / "run-3").rename(tmp_path / "run")
    assert headstart(*words, "--resume").code == 0
    assert len(flushed) > 5
    assert ends(tmp_path / "run") == wanted


@pytest.mark.slow
def test_files_that_may_not_grow(program, words, wanted, tmp_path):
    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000))

    said = program(*words, cwd=tmp_path, preexec_fn=limited)
    assert told(said, "Can't write the cache run/cache/", "File too large", "what was recorded is kept")
    said = program(*words, "--resume", cwd=tmp_path)
    assert said.code == 0, said
    assert said.err == ""
    assert ends(tmp_path / "run") == wanted


def test_a_folder_that_may_not_be_written_to(headstart, words, tmp_path, monkeypatch):
    def denied(path, *_args, **_words):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pathlib.Path.mkdir", denied)
    assert told(headstart(*words), "Can't write run/study.json: Permission denied", "choose another folder")


@pytest.mark.slow
def test_an_error_that_nobody_foresaw(headstart, words, tmp_path, monkeypatch):
    """A full disk is said in a sentence wherever it is noticed; what is our own mistake is shown."""

    def fails(error):
        def build(_run):
            raise error

        monkeypatch.setattr("headstart.studies._runner.build_page", build)

    monkeypatch.chdir(tmp_path)
    fails(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "some file"))
    assert told(headstart(*words), "Can't read or write some file: No space left on device")
    fails(KeyError("a mistake of ours"))
    with pytest.raises(KeyError):
        headstart(*words, "--resume")
