"""Small generated data that `compare_records.py` runs the studies on: the same bytes in every call."""

import csv
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

COLOURS = {"red": (200, 60, 50), "green": (60, 170, 70), "blue": (60, 80, 190)}
WORDS = {
    "sport": ("match", "goal", "team", "coach", "league", "score"),
    "food": ("soup", "bread", "oven", "salt", "butter", "dinner"),
}
FILLERS = ("the", "old", "new", "today", "again", "with", "a", "for", "great", "quiet")


def write_data(folder: Path) -> None:
    """Write all data sets into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    write_table(folder / "source.csv", *class_table(150, 0, moved=0.0))
    write_table(folder / "target.csv", *class_table(120, 1, moved=1.5))
    write_table(folder / "labelled.csv", *class_table(12, 2, moved=1.5))
    write_table(folder / "tags.csv", *tag_table(120, 3))
    write_table(folder / "flags.csv", *flag_table(120, 3, moved=0.0))
    write_table(folder / "flags-target.csv", *flag_table(100, 4, moved=1.0))
    write_table(folder / "numbers.csv", *number_table(120, 5, moved=0.0))
    write_table(folder / "numbers-target.csv", *number_table(100, 6, moved=1.0))
    names, rows = number_table(100, 6, moved=1.0)
    write_table(folder / "rows.csv", names[:5], [row[:5] for row in rows])
    write_table(folder / "grouped.csv", *grouped_table(240, 7))
    write_table(folder / "texts.csv", *text_table(80, 8, polite=False))
    write_table(folder / "texts-target.csv", *text_table(60, 9, polite=True))
    write_arrays(folder / "arrays.npz", 120, 10, moved=0.0)
    write_arrays(folder / "arrays-target.npz", 90, 15, moved=1.0)
    write_pictures(folder / "shapes", 16, 11, dim=1.0)
    write_pictures(folder / "dim-shapes", 12, 12, dim=0.5)
    write_faulty(folder / "faulty", 13)
    write_unlabelled(folder / "stream", 40, 14)


def write_table(path: Path, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([f"{cell:.4f}" if isinstance(cell, float) else cell for cell in row] for row in rows)


def features(n: int, seed: int, moved: float) -> tuple[np.ndarray, list[str], np.random.Generator]:
    """Four columns of numbers (n, 4), of which two are moved, and a column of names."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 1, (n, 4)) + moved * np.array([0, 0, 1, 1])
    return x, [("north", "south", "west")[i] for i in rng.integers(0, 3, n)], rng


def class_table(n: int, seed: int, moved: float) -> tuple[list[str], list[list[Any]]]:
    """Three classes by two of the columns."""
    x, side, rng = features(n, seed, 0.0)
    y = np.arange(n) % 3
    x = x + 1.5 * np.eye(4)[y] + moved * np.array([0, 0, 1, 1])
    x[rng.random(n) < 0.05, 1] = np.nan
    rows = [
        [*("" if np.isnan(v) else float(v) for v in row), s, ("low", "middle", "high")[k]]
        for row, s, k in zip(x, side, y, strict=True)
    ]
    return ["a", "b", "c", "d", "side", "label"], rows


def flag_table(n: int, seed: int, moved: float) -> tuple[list[str], list[list[Any]]]:
    """Any of three tags a row, and sometimes none: a column of 0 and 1 each."""
    x, side, rng = features(n, seed, moved)
    plain = x - moved * np.array([0, 0, 1, 1])
    present = plain[:, :3] + rng.normal(0, 0.4, (n, 3)) > 0.3
    rows = [[*map(float, row), s, *map(int, has)] for row, s, has in zip(x, side, present, strict=True)]
    return ["a", "b", "c", "d", "side", "warm", "wet", "windy"], rows


def tag_table(n: int, seed: int) -> tuple[list[str], list[list[Any]]]:
    """The same with the names of the tags in one column."""
    names, rows = flag_table(n, seed, moved=0.0)
    joined = (";".join(tag for tag, yes in zip(names[5:], row[5:], strict=True) if yes) for row in rows)
    return [*names[:5], "label"], [[*row[:5], tags] for row, tags in zip(rows, joined, strict=True)]


def number_table(n: int, seed: int, moved: float) -> tuple[list[str], list[list[Any]]]:
    """Two columns of numbers to predict."""
    x, side, rng = features(n, seed, moved)
    plain = x - moved * np.array([0, 0, 1, 1])
    price = 3 * plain[:, 0] - plain[:, 1] + rng.normal(0, 0.5, n) + 10
    weight = plain[:, 2] ** 2 + rng.normal(0, 0.3, n)
    rows = [
        [*map(float, row), s, float(p), float(w)] for row, s, p, w in zip(x, side, price, weight, strict=True)
    ]
    return ["a", "b", "c", "d", "side", "price", "weight"], rows


def grouped_table(n: int, seed: int) -> tuple[list[str], list[list[Any]]]:
    """Classes with a nuisance, a group, a split and a column of names that are numbers."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    nuisance = np.where(rng.random(n) < 0.85, y, 1 - y)
    x = rng.normal(0, 1, (n, 3)) + np.stack([y, 2 * nuisance, np.zeros(n)], 1)
    rows = [
        [
            *(map(float, x[i])),
            int(rng.integers(1, 4)),
            ("yes", "no")[y[i]],
            ("sand", "grass")[nuisance[i]],
            f"person {i // 4}",
            ("train", "train", "train", "test")[i // 4 % 4],
        ]
        for i in range(n)
    ]
    return ["a", "b", "c", "zip", "label", "ground", "person", "part"], rows


def text_table(n: int, seed: int, polite: bool) -> tuple[list[str], list[list[Any]]]:
    """Two topics; the other domain begins with a politeness."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        topic = tuple(WORDS)[i % 2]
        words = [*rng.choice(WORDS[topic], 3), *rng.choice(FILLERS, 4), *rng.choice(WORDS["food"], 1)]
        rng.shuffle(words)
        rows.append([("please note that " if polite else "") + " ".join(words), topic])
    return ["text", "label"], rows


def write_arrays(path: Path, n: int, seed: int, moved: float) -> None:
    """Rows of six numbers in three classes."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    x = rng.normal(0, 0.7, (n, 6)) + np.eye(6)[y] + moved * (np.arange(6) > 3)
    np.savez(path, x=x.astype("float32"), y=np.array(["one", "two", "three"])[y])


def drawing(colour: tuple[int, ...], shape: str, rng: np.random.Generator, dim: float) -> Any:
    """A picture of 40 x 48 pixels with a coloured disc, square or bar on a noisy ground."""
    from PIL import Image

    rows, columns = np.mgrid[:40, :48]
    up, left = 20 + rng.integers(-5, 6), 24 + rng.integers(-7, 8)
    inside: Callable[[], np.ndarray] = {
        "disc": lambda: (rows - up) ** 2 + (columns - left) ** 2 < 100,
        "square": lambda: (abs(rows - up) < 9) & (abs(columns - left) < 9),
        "bar": lambda: abs(columns - left) < 4,
    }[shape]
    picture = rng.integers(150, 230, (40, 48, 3)).astype(float)
    picture[inside()] = np.array(colour) + rng.normal(0, 12, 3)
    return Image.fromarray((dim * picture).clip(0, 255).astype("uint8"))


def write_pictures(folder: Path, each: int, seed: int, dim: float) -> None:
    """Class folders of discs, squares and bars in any colour."""
    rng = np.random.default_rng(seed)
    for shape in ("disc", "square", "bar"):
        (folder / shape).mkdir(parents=True, exist_ok=True)
        for i in range(each):
            colour = tuple(COLOURS.values())[rng.integers(0, 3)]
            drawing(colour, shape, rng, dim).save(folder / shape / f"{i:02}.png")


def write_faulty(folder: Path, seed: int) -> None:
    """Class folders with copies, near copies, a damaged file and a small class."""
    write_pictures(folder, 12, seed, dim=1.0)
    first = folder / "disc" / "00.png"
    (folder / "disc" / "copy.png").write_bytes(first.read_bytes())
    (folder / "square" / "copy.png").write_bytes(first.read_bytes())
    (folder / "bar" / "damaged.png").write_bytes(first.read_bytes()[:60])
    from PIL import Image

    with Image.open(folder / "bar" / "01.png") as picture:
        picture.resize((96, 80)).save(folder / "bar" / "larger.png")
    for path in sorted((folder / "square").glob("0[5-9].png")):
        path.unlink()


def write_unlabelled(folder: Path, n: int, seed: int) -> None:
    """Pictures without labels, and one that can't be read."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    for i in range(n):
        shape = ("disc", "square", "bar")[rng.integers(0, 3)]
        drawing(COLOURS["green"], shape, rng, 0.7).save(folder / f"{i:02}.png")
    (folder / "no-picture.png").write_bytes(b"nothing")
