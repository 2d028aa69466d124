"""The folder of a study: what may be written there, its kept steps, and that a resumed study is the same."""

import json
import os
import re
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from headstart.core import BadData, BadInput, CannotWrite, Diverged, Unknown
from headstart.core.atomic_file import write_atomically
from headstart.face import spell
from headstart.records.explanation import EXAMPLES, EXPLANATIONS
from headstart.records.label_errors import FILE as LABEL_ERRORS
from headstart.records.record import Record, typed_command
from headstart.records.settings import StudySettings
from headstart.run.progress import Progress
from headstart.run.step_cache import StepCache
from headstart.studies._spec import Study, studies

UNFINISHED = re.compile(r"\.[\w-]+\.json\.\d+\.tmp")  # what `write_atomically` leaves if it is killed
# what runs write beside the record and the page of their study
WRITTEN = (
    *("cache", "encoder.safetensors", "evaluations", EXAMPLES, EXPLANATIONS, LABEL_ERRORS, "labels.html"),
    *("guides.safetensors", "learners", "model", "pictures", "samples", "samples.csv", "samples.npz"),
    *("steps", "study.json", "ticks.jsonl", "timings.json"),
)
S = TypeVar("S", bound=StudySettings)


class OutOfTime(Exception):
    """A training has no time left; it is stopped and left out."""


def require_replaceable(out: Path) -> None:
    """Raise unless the folder is empty or holds a run and nothing else, which may then be replaced.

    Raises:
        CannotWrite: there are files in it that no run has written, or there is no run in it.
    """
    begun = (out / "study.json").exists()
    others = sorted({path.name for path in out.iterdir()} - written_names()) if begun else []
    if others:
        raise CannotWrite(
            f"The output folder {out} holds more than a run: {', '.join(others[:3])}. {spell('overwrite')} "
            "would "
            f"lose it; move it away, or name another folder with {spell('out')}."
        )
    if not begun:
        require_empty(out, resume=False)


def written_names() -> set[str]:
    """Names of all that studies write into their folders."""
    records = {name for spec in studies() for name in (spec.record_file, spec.page_file)}
    return {*WRITTEN, *records}


def remove_run(out: Path) -> None:
    """Remove a run of which `require_replaceable` has made sure that it is nothing else."""
    for path in [*out.iterdir()] if out.is_dir() else []:
        if path.name in written_names():
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def require_empty(out: Path, resume: bool) -> None:
    """Raise unless the output folder is empty or holds a study to resume.

    A record that a killed process was about to write is nobody's data and counts as nothing.

    Raises:
        CannotWrite: the folder is not empty, or can't be looked into, or its name is no text.
    """
    if str(out).encode("utf-8", "replace") != os.fsencode(out):  # safetensors opens no such files
        raise CannotWrite(
            f"The name of the output folder {out} is not UTF-8. {spell('out')} names another one."
        )
    begun = (out / "study.json").exists()
    if begun and resume:
        return
    try:
        files = out.iterdir() if out.is_dir() else ()
        kept = [file for file in files if not (file.is_file() and UNFINISHED.fullmatch(file.name))]
        full = bool(kept) or (out.exists() and not out.is_dir())
    except OSError as error:
        raise CannotWrite(f"Can't read the output folder {out}: {error.strerror}.") from error
    if full:
        hint = ""
        if begun:
            hint = f"{spell('resume', True)} goes on with it, {spell('overwrite', True)} replaces it; "
        what = "is not empty" if out.is_dir() else "is a file"
        raise CannotWrite(f"The output folder {out} {what}. {hint}{spell('out')} names another one.")


def prepare_folder(
    out: Path,
    settings: StudySettings,
    digests: Mapping[str, str],
    resume: bool,
    command: str,
    resumed: Iterable[str] = (),
) -> str:
    """Make the folder and write down the study, or check that the one there is the same.

    Args:
        out: the output folder.
        settings: of the study.
        digests: of everything else that the study depends on, by what it is called, such as "data".
        resume: whether a study in the folder is to be continued.
        command: that it is started with.
        resumed: settings that may differ from those in the folder.

    Returns:
        The command that it was first started with.

    Raises:
        CannotWrite: the folder is not empty and `resume` is false, or it can't be made.
        BadInput: the folder holds another study.
    """
    require_empty(out, resume)
    for leftover in out.rglob(".*.tmp"):  # of a process that was killed while it wrote
        shutil.rmtree(leftover, ignore_errors=True)
        leftover.unlink(missing_ok=True)
    path = out / "study.json"
    study = {"settings": settings.record(), **digests, "command": command}
    if path.exists():
        old = json.loads(path.read_text("utf-8"))
        _check_same(old, study, digests, out, set(resumed))
        return str(old.get("command", command))
    write_atomically(path, (json.dumps(study, indent=1) + "\n").encode())
    return command


def remove_unstarted(out: Path, found: Collection[str] = ()) -> None:
    """Leave the folder as it was found, if no trial is finished in it yet.

    Args:
        out: the output folder.
        found: names in it that were there before; only the steps and the study go of these.
    """
    if any(out.glob("steps/try-*")):
        return
    for path in [*out.iterdir()]:
        if path.name in ("steps", "study.json") or path.name not in found:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink()


def saved_settings(out: Path, kind: type[S]) -> S | None:
    """The settings of the study in a folder, if there is one."""
    path = out / "study.json"
    return kind.from_record(json.loads(path.read_text("utf-8"))["settings"]) if path.exists() else None


@dataclass(frozen=True)
class StudyFolder:
    """The folder that a study works in."""

    path: Path
    command: str  # that the study was first started with
    steps: StepCache  # the finished ones, kept
    progress: Progress  # shows the current one

    def once(self, name: str, compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The value of a step, kept or computed now.

        It is {"diverged": why} if its training diverged, {"cut": True} if it ran out of time.
        """

        def guarded() -> dict[str, Any]:
            try:
                return compute()
            except Diverged as error:
                return {"diverged": str(error)}
            except OutOfTime:
                return {"cut": True}

        before = self.steps.carried
        with self.progress.step(name):
            value: dict[str, Any] = self.steps.once(name, guarded)
        self.progress.learn(name, self.steps.carried - before)  # 0 if it was computed now
        return value

    def trial(self, name: str, compute: Callable[[Path], Any]) -> dict[str, Any]:
        """A trial as a step: {"value": ...} or {"diverged": why}; its checkpoint goes when it is finished.

        From the first finished trial on, the folder is kept whatever happens (see `remove_unstarted`).
        """
        step = f"try {name}"
        return self.once(step, lambda: {"value": compute(self.steps.checkpoint(step))})

    def write(self, record: Record, name: str) -> None:
        """The record as a file in the folder, whole or not at all."""
        write_atomically(self.path / name, record.to_json().encode())


@contextmanager
def open_study(
    out: Path | None,
    settings: StudySettings,
    digests: Mapping[str, str],
    resume: bool,
    progress: Progress,
    spec: Study,
) -> Iterator[StudyFolder]:
    """The folder of a study, or a temporary one; see `prepare_folder` for what it refuses."""
    if out is None:
        with (
            TemporaryDirectory(prefix="headstart-") as folder,
            open_study(Path(folder), settings, digests, False, progress, spec) as store,
        ):
            yield store
        return
    found = [path.name for path in out.iterdir()] if out.is_dir() else None
    before = saved_settings(out, type(settings)) if resume else None
    command = prepare_folder(out, settings, digests, resume, typed_command(), spec.resumed)
    if before is not None and (prepare := spec.hook("resume")):
        prepare(out, before, settings)
        _rewrite_settings(out, settings)
    try:
        yield StudyFolder(out, command, StepCache(out / "steps", tidy=spec.peaks), progress)
    except (BadData, BadInput):
        remove_unstarted(out, found or ())
        if found is None:
            with suppress(OSError):  # it is not empty
                out.rmdir()
        raise


def _rewrite_settings(out: Path, settings: StudySettings) -> None:
    """Settings that a study is resumed with are those that it has from then on."""
    kept = json.loads((out / "study.json").read_text("utf-8")) | {"settings": settings.record()}
    write_atomically(out / "study.json", (json.dumps(kept, indent=1) + "\n").encode())


def merge_options(settings: S | None, default: S, options: Mapping[str, Any]) -> S:
    """The settings with keyword options; lists become tuples.

    Raises:
        Unknown: there is no such option.
    """
    names = [field.name for field in fields(default)]
    for name in options:
        if name not in names:
            raise Unknown(f"option of {default.kind or 'adapt'}", name, names)
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list | range) else v for k, v in options.items()}
    return replace(settings or default, **values)


def _check_same(
    old: dict[str, Any], new: dict[str, Any], digests: Iterable[str], out: Path, resumed: set[str]
) -> None:
    names = dict.fromkeys([*digests, *(old.keys() - {"settings", "command"})])
    changed = [f"the {name}" for name in names if old.get(name, "") != new.get(name, "")]
    before, now = old["settings"], new["settings"]
    others = [(k, v) for k, v in now.items() if before.get(k) != v and k not in resumed]
    changed += [f"{k} (was {before.get(k)!r}, is {v!r})" for k, v in others]
    if changed:
        raise BadInput(
            f"{out} holds another study: it differs in {', '.join(changed)}. Resume with what it was "
            f"started with, or choose another folder with {spell('out')}."
        )
