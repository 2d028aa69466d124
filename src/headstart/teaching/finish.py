"""Write what a session made: the model, the report, and an archive of both."""

import base64
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from PIL import Image

import headstart
from headstart.core import CannotWrite, Head, Model
from headstart.core.atomic_file import write_atomically
from headstart.data.decode import read_picture
from headstart.models.backbone import AnyBackbone
from headstart.predictor.predictor import Predictor
from headstart.predictor.training import Training
from headstart.records.record import typed_command, versions
from headstart.studies._page import write_page
from headstart.teaching.base import METHOD
from headstart.teaching.evidence import Evidence
from headstart.teaching.page import view
from headstart.teaching.record import LeftOut, Lesson
from headstart.teaching.state import Example, State

MODEL, REPORT, RECORD, ARCHIVE = "model", "report.html", "lesson.json", "lesson.zip"
SCHEMA = 1
SHOWN = 24  # mistakes on the page
SIDE = 160  # pixels of a small picture
LETTERS = 300  # of a text on the page


@dataclass(frozen=True)
class Taught:
    """A session when it is finished.

    Attributes:
        folder: that is written to.
        kind: "pictures" or "texts".
        backbone: frozen.
        head: of the examples.
        state: classes and examples.
        evidence: the leave-one-out figures.
        notes: what was left out, as sentences.
        content: the file of an example.
    """

    folder: Path
    kind: str
    backbone: AnyBackbone
    head: Head
    state: State
    evidence: Evidence
    notes: list[str]
    content: Callable[[int], bytes]


def write(taught: Taught) -> Path:
    """Write `model`, `lesson.json`, `report.html` and `lesson.zip`, which holds the others, into the folder.

    Returns:
        The archive.

    Raises:
        CannotWrite: no space or no right.
        MissingPackage: the package that builds the page is not installed.
    """
    record, folder = record_of(taught), taught.folder
    model, reader = Model(taught.backbone, taught.head), taught.backbone.preprocess
    predictor = Predictor(model, taught.state.labels, reader, training=_training(record))
    predictor.save(folder / MODEL)
    write_atomically(folder / RECORD, record.to_json().encode())
    write_page(record, view(record), folder / REPORT)
    write_atomically(folder / ARCHIVE, _archive(folder))
    return folder / ARCHIVE


def record_of(taught: Taught) -> Lesson:
    """What is written down of a session."""
    state, found = taught.state, taught.evidence
    wrong = [
        (example, answer)
        for example, answer in zip(state.examples, found.answers, strict=False)
        if example.label != answer.label
    ]
    wrong.sort(key=lambda pair: -pair[1].probability)
    return Lesson(
        schema=SCHEMA,
        headstart=headstart.__version__,
        command=typed_command(),
        settings={"backbone": taught.backbone.name, "method": METHOD.label},
        seed=0,
        versions=versions(),
        notes=[*found.cautions, *taught.notes],
        task=taught.folder.resolve().name,
        kind=taught.kind,
        backbone=taught.backbone.name,
        method=METHOD.label,
        classes=list(state.labels),
        rows=len(state.examples),
        copied=found.copied,
        accuracy=found.accuracy,
        missing=found.missing,
        constant=found.constant,
        confusion=found.confusion,
        per_class=list(found.per_class),
        mistakes=[
            LeftOut(
                number=example.number,
                item=example.name,
                **_shown(taught, example),
                truth=example.label,
                answer=answer.label,
                confidence=answer.probability,
            )
            for example, answer in wrong[:SHOWN]
        ],
        wrong=len(wrong),
    )


def small_picture(content: bytes, name: str, side: int = SIDE) -> bytes:
    """A picture of at most `side` pixels as WebP.

    Raises:
        BadData: it can't be read.
    """
    picture = read_picture(content, name)
    picture.thumbnail((side, side), Image.Resampling.BILINEAR)
    stream = io.BytesIO()
    picture.save(stream, "WEBP", quality=80)
    return stream.getvalue()


def _shown(taught: Taught, example: Example) -> dict[str, str]:
    content = taught.content(example.number)
    if taught.kind == "texts":
        text = content.decode("utf-8", "replace")
        return {"picture": "", "text": text[:LETTERS] + ("\u2026" if len(text) > LETTERS else "")}
    packed = base64.b64encode(small_picture(content, example.name)).decode()
    return {"picture": f"data:image/webp;base64,{packed}", "text": ""}


def _training(record: Lesson) -> Training:
    measured = record.missing
    if record.accuracy is not None:
        value, low, high = (f"{100 * end:.1f} %" for end in asdict(record.accuracy).values())
        measured = f"Leave-one-out accuracy: {value} (95 % interval {low} to {high})."
    return Training(METHOD.label, METHOD.title, record.rows, notes=[measured, *record.notes])


def _archive(folder: Path) -> bytes:
    """The model, the record and the report as a zip archive, with the paths below a folder of its name."""
    stream, top = io.BytesIO(), folder.resolve().name
    try:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in _parts(folder):
                archive.write(path, f"{top}/{path.relative_to(folder).as_posix()}")
    except OSError as error:
        raise CannotWrite(f"Can't pack {folder}: {error.strerror or error}.") from error
    return stream.getvalue()


def _parts(folder: Path) -> Iterator[Path]:
    yield from (folder / RECORD, folder / REPORT)
    yield from sorted(path for path in (folder / MODEL).rglob("*") if path.is_file())
