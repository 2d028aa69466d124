"""The commands of the pages: what they take and make, made small, and those that are alike as one."""

import functools
import itertools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

import typer
from tests.docs import stand_ins
from tests.docs.pages import Page, pages

from headstart.cli import app

COMMANDS: Any = typer.main.get_command(app)
SMALL = {  # options of the commands that take them
    "--epochs": "1",
    "--pretrain-epochs": "1",
    "--folds": "2",
    "--seeds": "1",
    "--trials": "2",
    "--rounds": "1",
    "--tries": "1",
    "--control": "1",
    "--evaluations": "1",
    "--steps": "2",
    "--scouts": "2",
    "--target-steps": "2",
    "--check-steps": "2",
    "--test-tasks": "4",
    "--at-steps": "0,1",
    "--no-curve": None,
    "--no-int8": None,
    "--repeats": "2",
    "--cuts": "1",
    "--reading": "own",
    "--check": None,  # of a server, which would not end
}
# of those alone that have them; several processes would be started by the command of the tests
GIVEN = {"--budget": "5", "--rows": "20", "--batch": "8", "--trials": "3", "--devices": "1"}
ONE = {("claims", "--all"): "start-regularises"}  # in the place of all
STEPS = re.compile(r"steps=\d+")
BUILT_IN = {"clipart", "digits", "reviews", "spambase"}
TEXTS = ("reviews", "opinions", "articles", "topics", "new-topics")
FEW = {"curve": {"--labels": "1,2"}, "claims": {"--seeds": "2", "--jobs": "1"}}
OUTPUTS = ("--out", "--save", "--to")
ONE_METHOD = {"adapt": "ridge-probe", "align": "coral"}  # of commands that name none
ALL_METHODS = ("adapt", "photos/")  # but for this one


@dataclass(frozen=True)
class Command:
    """A command of a page."""

    page: Page
    words: tuple[str, ...]  # without "headstart"

    def __str__(self) -> str:
        return " ".join(self.words)

    @property
    def name(self) -> str:
        return self.words[0]

    def after(self, option: str) -> str | None:
        """The value of an option, or None."""
        return next((value for word, value in itertools.pairwise(self.words) if word == option), None)

    @property
    def made(self) -> str | None:
        """What it writes: a folder or a file."""
        if self.name in ("export", "push"):
            return self.words[-1]
        usual = "encoder.safetensors" if self.name == "surgery" else None
        return next((found.rstrip("/") for found in map(self.after, OUTPUTS) if found), usual)

    @property
    def inputs(self) -> list[str]:
        """Words that may name files, without what it writes."""
        if self.name == "runs":  # lists what is below a folder
            return ["runs/photos"]
        words = self.words[1:-1] if self.name in ("export", "push") else self.words[1:]
        before = (None, *words)
        kept = [word for last, word in zip(before, words, strict=False) if last not in OUTPUTS]
        return [word.rpartition("=")[2].removesuffix("/") for word in kept if not word.startswith("--")]

    def methods(self) -> tuple[str, ...]:
        """The methods that it compares."""
        if self.name not in ONE_METHOD:
            return ()
        return tuple(after for word, after in itertools.pairwise(self.words) if word == "--method")

    @property
    def resumes(self) -> bool:
        """Whether it goes on with what the same command began, in whose folder the settings are."""
        return "--resume" in self.words

    def small(self) -> tuple[str, ...]:
        """Its words with options that make it take seconds."""
        if self.name not in COMMANDS.commands or "--help" in self.words:
            return self.words
        flags = {
            flag for one in COMMANDS.commands[self.name].params for flag in one.opts + one.secondary_opts
        }
        unused = {"--epochs"} if "fast" in self.words or "--steps" in flags else set()
        chosen = {flag: value for flag, value in (SMALL | self._read()).items() if flag in flags - unused}
        if self.name in ONE_METHOD and "--method" not in self.words and self.words[:2] != ALL_METHODS:
            placed = self.words[1] if self.name == "align" else ""
            source, usual = self.after("--source") or placed, ONE_METHOD[self.name]
            known = {"digits": "multi-task"}.get(source, usual)
            chosen["--method"] = "shot" if source.startswith("runs/") else known
        if self.words[:2] == ALL_METHODS:
            del chosen["--reading"]
        if self.resumes:
            chosen = {flag: value for flag, value in chosen.items() if flag == "--per-class"}
        words = [ONE.get((self.name, word)) or STEPS.sub("steps=2", word) for word in self.words]
        given = {} if self.resumes and self.name == "adapt" else GIVEN  # more than the run that goes on had
        for flag, value in (given | chosen).items():
            if flag in words and value is not None:
                words[words.index(flag) + 1] = value
            elif flag in chosen:
                words += [flag] if value is None else [flag, value]
        return tuple(words)

    def _read(self) -> dict[str, str]:
        """How large pictures and texts are read, and how many rows of built-in data."""
        if self.name == "surgery":
            return {}
        if self.name == "export":
            return {"--runtime": stand_ins.RUNTIME} if self.after("--to") == "web" else {"--most": "1"}
        few = {**FEW.get(self.name, {})}
        names = self.inputs
        few |= {"--per-class": "4"} if {*names} & BUILT_IN else {}
        if any(name.startswith(TEXTS) for name in names):
            return few | {"--size": "16"}
        kinds = {stand_ins.KINDS.get(name, "") for name in names}
        pictures = any("pictures" in kind for kind in kinds) or {"clipart", "digits"} & {*names}
        return few | ({"--size": "32"} if pictures or "translated" in " ".join(names) else {})


@dataclass(frozen=True)
class Obstacle:
    """Why some commands can't run here, and what they say instead."""

    reason: str
    meets: Callable[[Command], bool]
    code: int
    says: str  # a pattern


def _needs_hub(command: Command) -> bool:
    names = [word for word in command.words if re.match(r"(timm:|transformers:)|resnet\d+$", word)]
    loads = command.name in ("adapt", "rank", "probe", "search", "surgery") or "pretrained" in command.words
    given = [after for word, after in itertools.pairwise(command.words) if word == "--weights"]
    alone = bool(given) and not any("=" in one for one in given)
    without = [name for name in names if not any(one.startswith(f"{name}=") for one in given)]
    return bool(without) and loads and not alone


OBSTACLES = (
    Obstacle("pretrained weights that no package brings come from a hub", _needs_hub, 1, "can't be fetched"),
    Obstacle(
        "no package brings a model of pictures and texts",
        lambda command: any(word.startswith("image-encoder:") for word in command.words),
        2,
        "no folder with a model of pictures and texts",
    ),
    Obstacle(
        "a published data set is fetched from the network",
        lambda command: command.name == "download",
        2,
        "can't be fetched: .*Fetch it by hand",
    ),
    Obstacle(
        "a model is uploaded to the network",
        lambda command: command.name == "push" and any(word.startswith("hf:") for word in command.words),
        1,
        "can't be uploaded: .* is out of reach",
    ),
    Obstacle(
        "a published data set lies on a disk",
        lambda command: command.words[1:2] == ("ag-news",) or "cifar100" in str(command),
        2,
        "is not in .* or fetch it: headstart download",
    ),
    Obstacle(
        "a template is chosen on more labelled rows than there are here",
        lambda command: command.name == "zero-shot" and "--search" in command.words,
        2,
        "20 or more labelled rows",
    ),
)


def obstacle_of(command: Command) -> Obstacle | None:
    """What keeps a command from running here."""
    return next((one for one in OBSTACLES if one.meets(command)), None)


def runs_here(command: Command) -> bool:
    """Whether nothing keeps a command from running here."""
    return obstacle_of(command) is None


@functools.cache
def every_command() -> tuple[Command, ...]:
    """All commands of the pages."""
    return tuple(
        Command(page, tuple(words[1:]))
        for page in pages()
        for words in page.commands()
        if words[0] == "headstart"
    )


def distinct(commands: Iterable[Command]) -> list[Command]:
    """One of those that differ in names of the same kind alone, in where they write, the budget and the seed.

    Those that differ in their methods, too, become one with the methods of all.
    """
    alike: dict[Any, list[Command]] = {}
    for command in commands:
        alike.setdefault(_group_of(command), []).append(command)
    return [_joined(several) for several in alike.values()]


@functools.cache
def all_distinct() -> dict[Any, Command]:
    """What is carried out for all commands of the pages, by what those have in common."""
    return {_group_of(joined): joined for joined in distinct(every_command())}


def carried_out_for(command: Command) -> Command:
    """The command that stands for it among `all_distinct`, or itself."""
    return all_distinct().get(_group_of(command), command)


def _group_of(command: Command) -> Any:
    """The same for commands that are carried out as one."""
    return key_of(command, replace(command, words=command.small()).methods())


def _joined(several: list[Command]) -> Command:
    first = next((one for one in several if "--out" in one.words), several[0])
    small = (replace(one, words=one.small()) for one in several)
    more = dict.fromkeys(method for one in small for method in one.methods()) if len(several) > 1 else ()
    added = [word for method in more if method not in first.methods() for word in ("--method", method)]
    return replace(first, words=(*first.words, *added))


@functools.cache
def key_of(command: Command, without: tuple[str, ...] = ()) -> Any:
    """The same for commands that differ in names of the same kind, where they write, the budget and the seed.

    Methods that are `without` count as one.
    """
    words, made = command.small(), command.made
    pairs = [*zip((None, *words), words, strict=False)]
    kinds = [
        f"OUT{PurePath(word).suffix}" if word == made else stand_ins.KINDS.get(word.removesuffix("/"), word)
        for last, word in pairs
        if not {"--budget", "--out", "--seed"} & {last, word} and not (last == "--method" and word in without)
    ]
    kinds = [word for word in kinds if word != "--method" or not without]
    return bool(without), tuple(sorted(kinds)), tuple(key_of(maker) for maker in makers(command).values())


MAKERS = {  # of what no command of the pages makes here
    "runs/field-2024": "adapt field-2024/ --out runs/field-2024",
    "runs/prices": "adapt last-year.csv --label-column price --out runs/prices",
    "runs/drinks": "adapt drinks.csv --columns price,drink,kind --label-column kind --encoding latin-1 "
    "--out runs/drinks",
    "bands.safetensors": "surgery timm:resnet18 --weights random --channels 4 --out bands.safetensors",
    "state.safetensors": "stream runs/photos new/ --save state.safetensors",
}


def makers(command: Command) -> dict[str, Command]:
    """The commands that make what a command takes or goes on with, by its name."""
    names = [*command.inputs, *([command.made] if command.resumes and command.made else [])]
    found = {name: maker_of(name, command) for name in names if name not in stand_ins.KINDS}
    return {name: maker for name, maker in found.items() if maker is not None}


@functools.cache
def maker_of(name: str, command: Command) -> Command | None:
    """The command that makes what is called so: one of the same page, of any, or of `MAKERS`."""
    top = "/".join(name.split("/")[:2])
    state = name == command.after("--load")
    makers = (other for other in every_command() if other.made in (name, top))
    for other in sorted(makers, key=lambda other: other.page != command.page):
        alike = not state or other.after("--method") == command.after("--method")
        same = not command.resumes or other.name == command.name
        here = other.words != command.words and not other.resumes and runs_here(other)
        if alike and same and here:
            return other
    return Command(command.page, tuple(MAKERS[top].split())) if top in MAKERS else None
