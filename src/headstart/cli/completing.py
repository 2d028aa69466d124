"""What the shell completes after a command: names, found without torch, and files where there is none."""

import re
from collections.abc import Iterable
from pathlib import Path

BUILT_IN_DATA = ("clipart", "digits", "pbmc", "reviews", "spambase", "tones", "tweets")
BUILT_IN_BACKBONES = (
    "efficientnet_lite0",
    "minilm",
    "minilm+table",
    "small-convnet",
    "small-convnet-groupnorm",
    "table",
    "table-mlp",
    "tablenet",
)
METHOD = re.compile(r'\bAbout\(\s*"([\w-]+)"')
PUBLISHED = re.compile(r'\bPublished\(\s*name="([\w-]+)"')


def complete_methods(incomplete: str) -> list[str]:
    """Names of methods that begin so."""
    return _beginning(incomplete, _declared("methods", METHOD))


def complete_data(incomplete: str) -> list[str]:
    """Names of built-in data, and files, that begin so; none where no name does: the shell has the files."""
    return _with_files(incomplete, BUILT_IN_DATA)


def complete_backbones(incomplete: str) -> list[str]:
    """Names of built-in backbones, and files, that begin so; see `complete_data`."""
    return _with_files(incomplete, BUILT_IN_BACKBONES)


def complete_published(incomplete: str) -> list[str]:
    """Names of published data sets that begin so."""
    return _beginning(incomplete, _declared("data/published", PUBLISHED))


def _with_files(incomplete: str, names: Iterable[str]) -> list[str]:
    found = _beginning(incomplete, names) if incomplete else []
    files = sorted(Path().glob(f"{incomplete}*")) if found else []
    return [*found, *(f"{path}/" if path.is_dir() else str(path) for path in files)]


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if name.startswith(incomplete))


def _declared(folder: str, pattern: re.Pattern[str]) -> set[str]:
    """What a pattern finds in the files of a folder of headstart, none of which is run."""
    files = (Path(__file__).parents[1] / folder).rglob("*.py")
    return {name for file in files for name in pattern.findall(file.read_text("utf-8"))}
