"""What a study is: inputs, settings, record, page. Plain data without torch; `_runner` carries it out."""

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar, Literal

from headstart.face import speak
from headstart.records.frames import frame_of
from headstart.records.record import Interval, Record
from headstart.records.settings import StudySettings
from headstart.report.text import Terminal

GROUPS = ("Start here", "Understand", "When data shift", "Models", "Tools")  # of `headstart --help`
START, UNDERSTAND, SHIFT, MODELS, TOOLS = GROUPS
InputKind = Literal["data", "target", "backbone", "backbones", "model", "value"]


@dataclass(frozen=True)
class Figure:
    """The figure that runs of a study are compared by."""

    metric: str
    value: float
    interval: Interval | None = None  # None: it is not known
    by: str = ""  # whose answers it is of, where these are no answers of a model that the run keeps

    @classmethod
    def of(cls, metric: str, found: Interval | None, by: str = "") -> "Figure | None":
        """That of an interval; None of none."""
        return None if found is None else cls(metric, found.value, found, by)


@dataclass(frozen=True, kw_only=True)
class StudyRecord(Record):
    """The head of every record: how it was made. The runner fills it in."""

    schema: int
    headstart: str  # version
    command: str
    settings: dict[str, Any]  # of the study
    seed: int
    versions: dict[str, str]
    notes: list[str]  # what was left out or chosen, and why
    main_tables: ClassVar[tuple[str, ...]] = ()  # of `to_frame`, where the first list is not the main one

    def __init_subclass__(cls, **options: Any) -> None:
        """Leave the short `__repr__` to the records of studies: a dataclass would list every field."""
        super().__init_subclass__(**options)
        cls.__repr__ = StudyRecord.__str__  # type: ignore[assignment, method-assign]

    @property
    def figure(self) -> Figure | None:
        """That which `headstart runs` compares it by; None if it has none."""
        return None

    @property
    def subject(self) -> str:
        """Names of the data, or of the model, that it is about."""
        names = [getattr(self, name, "") for name in ("source", "target")]
        return getattr(self, "task", "") or " → ".join(filter(None, names)) or getattr(self, "model", "")

    def __str__(self) -> str:
        """What the command prints of it."""
        return terminal_of(self).text()

    def _repr_html_(self) -> str:
        """The same for notebooks."""
        return terminal_of(self).html()

    def to_frame(self, table: str | None = None) -> Any:
        """A table of the record as a `pandas.DataFrame`: figures with `_low` and `_high` of their intervals.

        Args:
            table: name of a field that holds a list, such as "tested" of `adapt`; None takes the main one.

        Raises:
            MissingPackage: pandas is not installed.
            Unknown: there is no such table, or it is empty; the message lists the others.
        """
        return frame_of(self, table, self.main_tables)


@dataclass(frozen=True, kw_only=True)
class Input:
    """One thing that a study is given: a Python argument, a command-line argument or option, a digest."""

    name: str  # of the Python argument, and of the argument or option on the command line
    help: str  # one sentence for the command line and the docstring
    # how it is loaded. "data": labelled rows, as `hs.data.load` takes them. "target": rows of the data's kind
    # with or without labels, which are dropped. "backbone": built for the first data set. "backbones":
    # several of them by name. "model": a run folder or a `Predictor`. "value": passed as it is
    kind: InputKind = "data"
    required: bool = True  # whether Python callers must give it
    positional: bool = False  # whether Python callers may give an optional input by its place
    option: bool = False  # whether it is an option (`--name`) of the command line instead of an argument
    either: bool = False  # an option that the command line takes by its place as well
    default: Any = ...  # of the command line; `...` if it must be given there
    hint: Any = str  # type of a value on the command line
    flag: str = ""  # name of the option, where it is not the input's
    unnamed: str = "Else the built-in for the data."  # on the command line, of a backbone that is not named
    several: bool = False  # whether it may be a list of such values, and the option be repeated
    metavar: str | None = None  # what stands for the value in the help
    digested: bool = True  # whether a resumed study must be given the same
    command: bool = True  # whether the command line takes it, too; else it is Python's alone


BACKBONE = Input(
    name="backbone",
    help="A name, a module or a backbone; never changed. Left out, as in hs.adapt(data), it is the built-in "
    "one for the data.",
    kind="backbone",
    option=True,
)
DATA = Input(name="data", help="Labelled data, as `hs.data.load` takes them.")
optional_input = partial(Input, required=False, option=True, default=None)
LABEL_FIXES = optional_input(
    name="label_fixes",
    help="File of label fixes, as `headstart labels` makes one: labels to change, and rows to leave out, in "
    "the data; repeatable.",
    kind="value",
    several=True,
    hint=Path,
    metavar="FILE",
    digested=False,  # what the fixes make of the data is
)


@dataclass(frozen=True, kw_only=True)
class Study:
    """A question that can be asked of data and models, declared.

    The package of its name declares it as `SPEC`, without torch. In it lie `run.py`, with `compute(job)` and
    perhaps `check`, `load`, `resume`, `finish` and `trim`, and `page.py`, with `view(record)`,
    `terminal(record)` and perhaps `TEMPLATE`, the file that shows the view; see `_runner` and `_page`.
    """

    name: str  # of the folder (with "_" for "-"), the command and the record's file
    summary: str  # one sentence for `headstart --help`
    examples: tuple[str, ...]  # commands, for the head of its help
    inputs: tuple[Input, ...]  # in the order of the Python function
    settings: type[StudySettings]  # the dataclass of its options
    record: type[StudyRecord]  # the dataclass of what it writes down
    group: str = UNDERSTAND  # heading in `headstart --help`, one of `GROUPS`
    schema: int = 2  # of the record
    # name of the Python function, where it is not the study's; "" of a study without one
    function: str | None = None
    columns: bool = True  # whether the command has options for the columns of files
    without: tuple[str, ...] = ()  # column options that the command lacks
    file: str = ""  # of the record, where it is not the study's name
    page: str = ""  # the page's file likewise
    docs: str = ""  # its page in the documentation, where it is not `how/NAME.md`
    resumed: tuple[str, ...] = ()  # settings that may differ when a study is resumed
    # whether page and terminal read other files of the folder, which is then their second argument
    reads_folder: bool = False
    # whether Python's function, too, takes a dated folder where it is given none, as it writes a model
    needs_out: bool = False
    # whether memory is given back after each step, so that the peaks of memory are its own
    peaks: bool = False
    # whether several processes may carry it out as one; then all of them decide alike, see `_processes`
    devices: bool = False
    # whether its result holds predictions: `names`, `probabilities` (n, classes), `predictor` and why files
    # are `unread`. The command prints them first, with `--csv` alone and as CSV
    predicts: bool = False
    # whether the command answers some questions without a run, such as what there is: `at_once` of `run.py`
    answers: bool = False

    @property
    def record_file(self) -> str:
        """Name of the file that holds the record."""
        return self.file or f"{self.name}.json"

    @property
    def page_file(self) -> str:
        """Name of the page's file."""
        return self.page or f"{self.name}.html"

    @property
    def docs_page(self) -> str:
        """Its page in the documentation."""
        return self.docs or f"how/{self.name}.md"

    @property
    def function_name(self) -> str:
        """Of the Python function; "" if there is none."""
        return _folder(self.name) if self.function is None else self.function

    def digests(self, name: str) -> bool:
        """Whether a resumed study must be given the same of a loaded input; names with `_` are not asked."""
        return not name.startswith("_") and all(item.digested for item in self.inputs if item.name == name)

    def module(self, name: Literal["", "run", "page"] = "") -> ModuleType:
        """The study's package, or one of its two other files."""
        return importlib.import_module(f"headstart.studies.{_folder(self.name)}.{name}".removesuffix("."))

    def hook(self, name: str) -> Callable[..., Any] | None:
        """An optional function that `run.py` defines (one that it only imports does not count)."""
        module = self.module("run")
        function = getattr(module, name, None)
        return function if getattr(function, "__module__", None) == module.__name__ else None


def study_names() -> tuple[str, ...]:
    """The names of all studies: the folders of this package that hold a `run.py`, "-" for "_" in them."""
    path = importlib.import_module(__package__ or "").__path__
    folders = (folder for place in path for folder in Path(place).iterdir())
    found = (folder.name for folder in folders if (folder / "run.py").is_file())
    return tuple(sorted(name.replace("_", "-") for name in found))


def _folder(name: str) -> str:
    """The folder of the study of that name, and what Python calls it."""
    return name.replace("-", "_")


@cache
def study(name: str) -> Study:
    """The study of that name, out of its package."""
    spec: Study = importlib.import_module(f"headstart.studies.{_folder(name)}").SPEC
    return spec


def studies() -> Iterator[Study]:
    """All studies, by name."""
    return map(study, study_names())


def study_of(record: Any) -> Study:
    """The study whose record this is."""
    return next(spec for spec in studies() if spec.record is type(record))


def terminal_of(record: StudyRecord, folder: Path | None = None) -> Terminal:
    """What the command prints of a record with its notes, and of other files of its folder, if known."""
    spec = study_of(record)
    module = spec.module("page")
    with speak(command_line=bool(record.command)):
        terminal: Terminal = module.terminal(record, folder) if spec.reads_folder else module.terminal(record)
    return replace(terminal, notes=record.notes)
