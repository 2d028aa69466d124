"""Options that several commands have, and options made of the fields of dataclasses."""

import inspect
from collections.abc import Callable
from dataclasses import MISSING, asdict, dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import typer

from headstart.cli.completing import BUILT_IN_DATA, complete_data, complete_methods
from headstart.records.settings import StudySettings, option, seconds_of

T = TypeVar("T", bound=StudySettings)
WIDEST = 12  # letters of choices in the help, whose sentences need the room; longer ones are named there
NAMES = dict.fromkeys(  # of settings
    ("methods", "method", "tune", "pretrain", "pretrain_upstream"), complete_methods
)
FILES, RUNNING = "Columns and rows of files", "Running and printing"  # panels of the help

Data = Annotated[
    str,
    typer.Argument(
        help="A folder of class folders; a CSV, Excel or Parquet file with a column label and one of paths "
        f"or texts, else a table; an .h5ad file; the name of built-in data: {', '.join(BUILT_IN_DATA)}; or "
        "that of a published data set (headstart datasets).",
        show_default=True,
        autocompletion=complete_data,
    ),
]
KINDS_OF_BACKBONES = (
    "efficientnet_lite0 (built-in, for pictures), small-convnet (built-in, to pre-train on small pictures), "
    "minilm (built-in, for texts), a name of timm's, "
    "torchvision:NAME, transformers:NAME or a folder of transformers', also of CLIP, table and "
    "table-mlp (for tables), minilm+table (for tables with texts)."
)
Weights = Annotated[
    str | None,
    typer.Option(
        help="Local checkpoint for the backbone (.safetensors or .pth), or random for random weights."
    ),
]
Device = Annotated[
    str,
    typer.Option(
        help="Device: cpu, cuda or another device of torch; auto uses a GPU if there is one.",
        rich_help_panel=RUNNING,
    ),
]
Run = Annotated[Path, typer.Argument(help="A run folder, or the model folder in it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the record as JSON.", rich_help_panel=RUNNING)]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print only the result and errors.", rich_help_panel=RUNNING)
]


@dataclass(frozen=True, kw_only=True)
class Columns:
    """What the columns of a file with rows are called, and which of its rows are taken."""

    path_column: str | None = option("Column of picture paths in a CSV or Parquet file. Default: path.", None)
    text_column: str | None = option(
        "Column of texts in a CSV or Parquet file. Default: text, else one of long texts.", None
    )
    label_column: str = option(
        "Column of labels in a CSV or Parquet file; several, separated by commas.", "label"
    )
    task: Literal["classification", "multilabel", "regression"] | None = option(
        "What to predict for a row: one class (classification), a set of tags (multilabel) or numbers "
        "(regression); else inferred from the labels.",
        None,
    )
    group_column: str | None = option(
        "Column of groups: rows of one group are never split between training and test.", None
    )
    split_column: str | None = option(
        "Column that assigns rows to train, val or test, if the split is given.", None
    )
    attribute_column: str | None = option(
        "Column of a nuisance attribute that may be confounded with the label, such as the background.", None
    )
    categorical: tuple[str, ...] = option(
        "Column of a table to treat as categorical although it holds numbers; repeatable.", ()
    )
    beside: tuple[str, ...] = option(
        "Column of a table to learn from beside that of --text-column, or * for all; repeatable.",
        (),
        flag="beside",
    )
    columns: str | None = option(
        "Names of the columns of a CSV file without a line of names, separated by commas.", None
    )
    encoding: str | None = option(
        "Encoding of CSV, JSON lines or .txt files, such as latin-1. Default: UTF-8.", None
    )
    sheet: str | None = option("Sheet of a spreadsheet. Default: the only one with rows.", None)
    keep: tuple[str, ...] = option(
        "Column of a table to learn from although it seems to number the rows; repeatable.",
        (),
        flag="keep-column",
    )
    window: tuple[float, float] | None = option(
        "Levels of pictures of more than 8 bits that become black and white. Default: the range in use.",
        None,
        metavar="LOW HIGH",
    )
    per_class: int | None = option("Use at most this many rows per class (always the same ones).", None)

    def options(self, without: tuple[str, ...] = ()) -> dict[str, Any]:
        """As keyword arguments of `hs.data.load`."""
        return {name: value for name, value in asdict(self).items() if name not in without}


def begun_with(out: Path, resume: bool, settings: T, resumed: tuple[str, ...] = ()) -> T:
    """When resuming without new options, the saved settings; those in `resumed` may be given anew."""
    from headstart.studies._store import saved_settings

    usual = type(settings)()
    anew = {name: getattr(settings, name) for name in resumed}
    if not resume or settings != replace(usual, **anew):
        return settings
    saved = saved_settings(out, type(settings))
    changed = {name: value for name, value in anew.items() if value != getattr(usual, name)}
    return settings if saved is None else replace(saved, **changed)


def with_options(
    kind: type[Any], parameter: str, without: tuple[str, ...] = (), panel: str | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a command: the fields of dataclass `kind`, but for those `without`, become its options.

    The command's own `parameter` is filled with the record that the options make. The help shows them in a
    `panel` of their own, if one is named.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        own = inspect.signature(command)
        by_name = {field.name: field for field in fields(kind)}
        names = kind.names() if issubclass(kind, StudySettings) else tuple(by_name)
        chosen = [by_name[name] for name in names if name not in without]
        types = get_type_hints(kind)  # once: it takes a while
        added = [_option(types[field.name], field, panel) for field in chosen]
        kept = [p for name, p in own.parameters.items() if name != parameter]

        def run(**given: Any) -> Any:
            values = {field.name: given.pop(field.name) for field in chosen}
            return command(**given, **{parameter: kind(**{k: _value(kind, k, v) for k, v in values.items()})})

        run.__name__, run.__doc__ = command.__name__, command.__doc__
        run.__signature__ = inspect.Signature([*kept, *added])  # type: ignore[attr-defined]
        hints = get_type_hints(command)
        run.__annotations__ = {p.name: hints[p.name] for p in kept} | {p.name: p.annotation for p in added}
        return run

    return decorate


def _option(hint: Any, field: Any, panel: str | None) -> inspect.Parameter:
    """A field as a typer option; tuples are options that may be given several times."""
    default = None if field.default is MISSING else field.default
    names = [f"--{_flag(field)}"]
    shown = {name: field.metadata.get(name) for name in ("help", "metavar")}
    if _is_numbers(hint) or "parse" in field.metadata:  # read by `_value`
        hint, default = str | None if _is_numbers(hint) else list[str] | None, None
        shown |= {"metavar": shown["metavar"] or "N,N,...", "show_default": False}
    elif field.metadata.get("duration"):
        hint, default = str | None, None if default is None else f"{default:g}"
        shown["metavar"] = shown["metavar"] or "TIME"
    elif get_origin(hint) is tuple:
        hint, default, names = list[get_args(hint)[0]], list(default or ()), [names[0].removesuffix("s")]  # type: ignore[misc]
        shown["metavar"] = shown["metavar"] or "TEXT"
    elif hint is bool and default:
        names = [f"{names[0]}/--no-{names[0].removeprefix('--')}"]
    elif choices := choices_of(hint):
        short = "|".join(choices)
        shown["metavar"] = short if len(short) <= WIDEST else _flag(field).upper()
    completion = NAMES.get(field.name)
    option = typer.Option(default, *names, **shown, rich_help_panel=panel, autocompletion=completion)
    return inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=option, annotation=hint)


def choices_of(hint: Any) -> tuple[str, ...]:
    """The names that a field may hold; () if it holds any."""
    literals = [one for one in (hint, *get_args(hint)) if get_origin(one) is Literal]
    return get_args(literals[0]) if literals else ()


def _flag(field: Any) -> str:
    return str(field.metadata.get("flag", field.name.replace("_", "-")))


def _is_numbers(hint: Any) -> bool:
    """Whether a field holds whole numbers, written with commas between them."""
    kinds = (tuple[int, ...], tuple[int | Literal["all"], ...])
    return any(one in kinds for one in (hint, *get_args(hint)))


def _value(kind: type[Any], name: str, value: Any) -> Any:
    """What the command line gave as the field takes it."""
    field = next(field for field in fields(kind) if field.name == name)
    if _is_numbers(get_type_hints(kind)[name]):
        return (
            field.default if value is None else _numbers(_flag(field), value, field.metadata.get("words", ()))
        )
    if "parse" in field.metadata:
        return field.metadata["parse"](value or [])
    if field.metadata.get("duration"):
        return None if value is None else seconds_of(_flag(field), value)
    return tuple(value) if isinstance(value, list) else value


def _numbers(flag: str, text: str, names: tuple[str, ...] = ()) -> tuple[int | str, ...]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not all(word.isdecimal() or word in names for word in words):
        from headstart.core import BadInput

        last = "".join(f",{name}" for name in names)
        said = f"whole numbers{''.join(f' or {name}' for name in names)}"
        raise BadInput(f"--{flag} is {text!r}; write {said} with commas between them, as in 1,2,5{last}.")
    return tuple(word if word in names else int(word) for word in words)
