"""A disk that is full: said in a sentence, nothing half-written, and --resume ends in the same bytes."""

import errno
import os
import resource
import subprocess

import pytest

from headstart.core import CannotWrite
from tests.study import tiny


@pytest.fixture
def words(pictures, weights):
    """A run with a cache, trained candidates with checkpoints, and a large model to save."""
    return ["adapt", pictures, *tiny.options(weights), *tiny.METHODS, "--no-curve", "--quiet", "--out", "run"]


@pytest.fixture
def wanted(headstart, words, tmp_path, monkeypatch):
    """What the run ends in if nothing goes wrong."""
    (tmp_path / "smooth").mkdir()
    monkeypatch.chdir(tmp_path / "smooth")
    assert headstart(*words).code == 0
    return ends(tmp_path / "smooth" / "run")


@pytest.fixture
def disk(tmp_path):
    """`disk(kilobytes)` is a folder on a disk of that size, or the same disk made larger."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mounted(kilobytes):
        options = f"size={kilobytes}k" + (",remount" if os.path.ismount(folder) else "")
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", folder], capture_output=True)
        if done.returncode:
            pytest.skip("mounting a small disk takes root")
        return folder

    yield mounted
    if os.path.ismount(folder):
        subprocess.run(["umount", "-l", folder], check=True)


def ends(run):
    return [(run / name).read_bytes() for name in ("result.json", "model/model.safetensors", "model/config.json")]


def half_written(run):
    return [path for path in run.rglob("*") if path.name.endswith((".tmp", ".part"))]


@pytest.mark.parametrize(
    ("kilobytes", "what"), [(0, "study.json"), (40, "cache"), (300, "steps"), (4000, ""), (5300, "")]
)
def test_a_small_disk(headstart, words, wanted, disk, monkeypatch, kilobytes, what):
    monkeypatch.chdir(disk(max(kilobytes, 4)))
    if not kilobytes:
        (disk(4) / "other").write_bytes(bytes(4096))
    said = headstart(*words)
    assert said.code == CannotWrite.code, said
    assert "No space left on device" in said.err
    assert what in said.err
    assert "Traceback" not in said.err
    run = disk(100_000) / "run"
    assert not half_written(run)
    assert not (run / "result.json").exists()
    said = headstart(*words, "--resume")
    assert said.code == 0, said.err
    assert ends(run) == wanted


def test_every_write_that_is_flushed_may_fail(headstart, words, wanted, tmp_path, monkeypatch):
    real, calls = os.fsync, []

    def fails(at):
        def fsync(file):
            calls.append(file)
            if len(calls) - 1 == at:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            real(file)

        calls.clear()
        monkeypatch.setattr(os, "fsync", fsync)

    for at in (0, 1, 2, 4, 9):  # the study, the plan, the cache's index, a candidate, the final fit
        (tmp_path / str(at)).mkdir()
        monkeypatch.chdir(tmp_path / str(at))
        run = tmp_path / str(at) / "run"
        fails(at)
        said = headstart(*words)
        assert said.code == CannotWrite.code, (at, said)
        assert f"Can't write {run.relative_to(tmp_path / str(at))}" in said.err
        assert "No space left on device" in said.err
        assert "Traceback" not in said.err
        assert not half_written(run)
        assert not (run / "result.json").exists()
        fails(-1)
        assert headstart(*words, "--resume").code == 0
        assert ends(run) == wanted
    assert len(calls) > 4


def test_a_file_that_may_not_grow(program, words, wanted, tmp_path):
    (tmp_path / "here").mkdir()

    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    said = program(*words, cwd=tmp_path / "here", preexec_fn=limited)
    assert said.code == CannotWrite.code, said
    assert "Can't write the cache run/cache/" in said.err
    assert "what was recorded is kept" in said.err
    assert "Traceback" not in said.err
    said = program(*words, "--resume", cwd=tmp_path / "here")
    assert said.code == 0, said
    assert said.err == ""
    assert ends(tmp_path / "here" / "run") == wanted


def test_a_folder_that_may_not_be_written_to(headstart, words, tmp_path, monkeypatch):
    def denied(*_args, **_words):
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "run"))

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pathlib.Path.mkdir", denied)
    said = headstart(*words)
    assert said.code == CannotWrite.code
    assert "Can't write run/study.json: Permission denied" in said.err
    assert "choose another folder" in said.err
