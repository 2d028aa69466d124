"""Commands to go on with after `adapt`, on files that are there."""

import shlex
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from headstart.models.saved import adapters_of
from headstart.studies._page import read_record
from headstart.studies.adapt import SPEC, Result

USES = {  # by kind of sample: one in Python, one on the command line, and what to put in its place
    "pictures": ("", "photo.jpg", ""),  # those of the run, if there are any
    "tables": ('"rows.csv"', "rows.csv", "with your own file in place of rows.csv"),
    "texts": ('["A text."]', "--text 'A text.'", "with a text of your own"),
}
SHARED = (  # options of `adapt` on files that `evaluate` has too
    "--path-column",
    "--text-column",
    "--label-column",
    "--group-column",
    "--split-column",
    "--columns",
    "--encoding",
    "--label-fixes",
    "--sheet",
)
READ = ("--columns", "--encoding", "--sheet")  # those that `predict` has too
FLAGS = ("--resume", "--json", "--quiet", "--curve", "--no-curve", "--transfer-only")  # without a value
AGAIN = ("--budget",)  # that a run which goes on is given anew
ELSEWHERE = ("--out",)  # that another run is given anew
PART = "--per-class"  # of the rows: no command on all of them leaves out those that were learned from


def next_commands(record: Result, run: Path | None = None) -> list[str]:
    """Predict, explain, evaluate, export; FOLDER stands for that of the run, which may have adapters."""
    data, options = typed(record.command)
    file = data if record.kind == "tables" and Path(data).suffix else ""
    sample = own_picture(record, data) or sample_of(record, "FOLDER/")
    predicted = shlex.join([file, *_kept(options, READ)]) if file else sample
    evaluated = shlex.join([data or "DATA", *_kept(options, SHARED)])
    whole = not any(word.partition("=")[0] == PART for word in options)
    alone = run is not None and adapters_of(run) is not None
    return [
        *more_time(record),
        *texts_alone(record),
        f"headstart predict FOLDER {predicted}",
        f"headstart explain FOLDER {predicted}",
        *([f"headstart evaluate FOLDER {evaluated}"] if whole else []),
        "headstart export FOLDER FOLDER/model.onnx",
        *(["headstart export --to adapters FOLDER FOLDER/adapters.safetensors"] if alone else []),
    ]


def more_time(record: Result) -> list[str]:
    """The command of the run with a budget that has room for what was left out, if anything was."""
    words = shlex.split(record.command)
    if not record.larger_budget or words[1:2] != ["adapt"]:
        return []
    kept = shlex.join(_without(words, AGAIN))
    out = "" if any(word.partition("=")[0] in ELSEWHERE for word in words) else " --out FOLDER"
    return [f"{kept}{out} --resume --budget {record.larger_budget:g}"]


def texts_alone(record: Result) -> list[str]:
    """The command of the run on its texts alone, where no backbone read them beside the other columns."""
    words = shlex.split(record.command)
    columns = [one.items[0] for one in record.check.findings if one.kind == "text-column"]
    if record.backbone != "table" or not columns or words[1:2] != ["adapt"]:
        return []
    kept = shlex.join(_without(words, ELSEWHERE))
    return [f"{kept} --text-column {shlex.quote(columns[0])} --out FOLDER-texts"]


def own_picture(record: Result, data: str) -> str:
    """The user's own file of a mistake, quoted for a shell; "" if the data are no folder of pictures.

    The copies in the run folder are smaller: of them the model gives other probabilities than the page shows.
    """
    items = (Path(data) / mistake.item for mistake in record.mistakes if mistake.picture and data)
    return next((shlex.quote(str(item)) for item in items if item.is_file()), "")


def sample_of(record: Result, folder: str) -> str:
    """Something to predict that is there: a picture of the run, a text; or a file to be named."""
    picture = next((mistake.picture for mistake in record.mistakes if mistake.picture), "")
    if record.kind == "pictures" and picture:
        return f"{folder}{picture}"
    return USES.get(record.kind, USES["pictures"])[1]


def typed(command: str) -> tuple[str, list[str]]:
    """The data and the other words of a command of `adapt`; "" and [] if it was none."""
    words = shlex.split(command)[1:]
    if words[:1] != ["adapt"]:
        return "", []
    free = _placed(words)
    if not free:
        return "clipart", words[1:]
    return words[free[0]], [*words[1 : free[0]], *words[free[0] + 1 :]]


def _placed(words: Sequence[str]) -> list[int]:
    """Places of the words of a command that belong to no option, but for the first."""
    takes = [last.startswith("--") and "=" not in last and last not in FLAGS for last in words]
    return [
        place
        for place, word in enumerate(words)
        if place and not word.startswith("-") and not takes[place - 1]
    ]


def predict_target(command: str, kind: str) -> str:
    """The command that predicts the target of a command of `align`, or something of its kind."""
    words = shlex.split(command)[1:]
    named = [*_kept([word for one in words for word in one.split("=", 1)], ["--target"])][1:2]
    placed = [words[place] for place in _placed(words)]
    target = next((one for one in [*named, *placed[-1:]] if Path(one).exists()), "")
    return (
        f"headstart predict FOLDER {shlex.quote(target) if target else USES.get(kind, USES['pictures'])[1]}"
    )


def predict_pushed(run: Path, to: str) -> str:
    """The command that predicts with a copy of a run's model, as the run does; "" without a record."""
    if not (run / SPEC.record_file).is_file():
        return ""
    record = read_record(Result, run / SPEC.record_file)
    (own,) = [one for one in next_commands(record) if one.startswith("headstart predict FOLDER ")]
    rest = own.removeprefix("headstart predict FOLDER ").replace("FOLDER", shlex.quote(str(run)))
    return f"headstart predict {shlex.quote(to)} {rest}"


def _without(words: Sequence[str], names: Sequence[str]) -> list[str]:
    """A command without these options and their values, and without what goes on or begins anew."""
    gone = (*names, "--resume", "--overwrite")
    return [
        word
        for last, word in pairwise(["", *words])
        if last not in names and word.partition("=")[0] not in gone
    ]


def _kept(options: Sequence[str], names: Sequence[str]) -> Iterator[str]:
    """The options of these names, with their values."""
    for word, after in pairwise([*options, ""]):
        if word in names:
            yield from (word, after)
        elif word.partition("=")[0] in names:
            yield word
