"""Small data under the names that the commands of the pages use."""

import csv
import importlib.util
import random
import tarfile
from pathlib import Path

import numpy as np
from safetensors.torch import save_file
from tests import wordy
from tests.models import masked_models
from tests.study import tiny

from headstart.data.load import load
from headstart.predictor import web_runtime

EACH = 6  # rows a class
LABELLED = (  # folders of class folders
    "photos",
    "scans",
    "labelled",
    "new-photos",
    "A",
    "B",
    "C",
    "clinic-a",
    "clinic-b",
    "clinic-c",
    "field-2024",
    "field-2025",
)
UNLABELLED = ("later", "new", "newer", "more", "others")  # folders of pictures
CHECKPOINTS = ("resnet18.safetensors", "imagenet.safetensors", "mine.safetensors", "theirs.safetensors")
RUNTIME = web_runtime.ARCHIVE
KINDS = {  # names of the same kind can stand for each other
    **dict.fromkeys(LABELLED, "labelled pictures"),
    **dict.fromkeys(UNLABELLED, "pictures"),
    **dict.fromkeys(("new.jpg", "some.jpg"), "picture"),
    **dict.fromkeys(("labels.csv", "photos.csv", "test.csv"), "list of pictures"),
    **dict.fromkeys(("reviews.csv", "opinions.csv"), "labelled texts"),
    **{name: name for name in ("articles.csv", "more.csv", "new.txt", "new.csv")},
    **dict.fromkeys(("patients.csv", "june.csv"), "patients"),
    **dict.fromkeys(("houses.csv", "last-year.csv", "this-year.csv", "july.csv"), "houses"),
    **dict.fromkeys(("plants.csv", "new-plants.csv"), "plants"),
    **dict.fromkeys(("topics.csv", "new-topics.csv"), "topics"),
    **{name: name for name in ("rows.csv", "drinks.csv", "bands.npz", "new.npy")},
    **{name: name for name in ("sounds", "new.wav", "bert", "pairs.csv")},
    **dict.fromkeys(CHECKPOINTS, "checkpoint"),
}


def make_all(folder: Path) -> None:
    """All of `KINDS` in a folder, but for `new.csv`, which is another file for each model."""
    for number, name in enumerate(LABELLED):
        pictures(folder / name, 100 * number)
    for number, name in enumerate(UNLABELLED):
        (folder / name).mkdir()
        for seed in range(12):
            tiny.shape("disc", 5000 + 10 * number + seed).save(folder / name / f"{seed}.jpg")
    for name in ("new.jpg", "some.jpg"):
        tiny.shape("square", 6000).save(folder / name)
    lists(folder)
    texts(folder)
    tables(folder)
    arrays_and_sounds(folder)
    runtime(folder / RUNTIME)
    if importlib.util.find_spec("transformers") is not None:
        for part in masked_models.model()[:2]:
            part.save_pretrained(folder / "bert")
    import timm

    state = timm.create_model("resnet18").state_dict()
    for name in CHECKPOINTS[:-1]:
        save_file(state, folder / name)
    save_file({f"encoder.{key}": value for key, value in state.items()}, folder / CHECKPOINTS[-1])


def runtime(file: Path) -> None:
    """A package of the form of onnxruntime-web, empty."""
    with tarfile.open(file, "w:gz") as archive:
        for name in web_runtime.FILES:
            archive.addfile(tarfile.TarInfo(f"package/dist/{name}"))


def pictures(folder: Path, first: int) -> None:
    """A folder for each class; other seeds make other pictures."""
    for number, kind in enumerate(tiny.CLASSES):
        (folder / kind).mkdir(parents=True)
        for index in range(EACH):
            tiny.shape(kind, 1000 * number + first + index).save(folder / kind / f"{index}.png")


def lists(folder: Path) -> None:
    """CSV files that name pictures, with what goes with them."""
    for name, place in (("labels.csv", "photos"), ("test.csv", "scans")):
        body = [
            [
                f"{place}/{kind}/{n}.png",
                f"{place}/{kind}/{n}.png",
                kind,
                kind,
                n % 3 + 3 * k,
                "sand" if n % 2 else "sea",
            ]
            for k, kind in enumerate(tiny.CLASSES)
            for n in range(EACH)
        ]
        write(folder / name, ["path", "file", "label", "kind", "patient", "background"], body)
    tags = [
        [f"photos/{kind}/{n}.png", int(k == 0), int(n % 2), int(k != 1)]
        for k, kind in enumerate(tiny.CLASSES)
        for n in range(EACH)
    ]
    write(folder / "photos.csv", ["path", "cat", "dog", "bird"], tags)
    captions = [
        [f"photos/{kind}/{n}.png", f"a {animal}, {kind} number {n}"]
        for kind, animal in zip(tiny.CLASSES, ("cat", "dog", "bird"), strict=True)
        for n in range(EACH)
    ]
    write(folder / "pairs.csv", ["path", "caption"], captions)


def texts(folder: Path) -> None:
    """Reviews of two classes, articles with topics, texts of three classes, and some to predict."""
    for seed, name in enumerate(("reviews.csv", "opinions.csv", "more.csv")):
        said, labels = wordy.reviews(10, seed)
        write(folder / name, ["text", "label"], zip(said, labels, strict=True))
    said, labels = wordy.reviews(10, 3)
    topics = [f"{label};{'art' if n % 2 else 'money'}" for n, label in enumerate(labels)]
    write(folder / "articles.csv", ["text", "topics"], zip(said, topics, strict=True))
    for seed, name in enumerate(("topics.csv", "new-topics.csv"), 4):
        said, _ = wordy.reviews(9, seed)
        write(folder / name, ["text", "label"], [(one, f"topic {n % 3}") for n, one in enumerate(said)])
    (folder / "new.txt").write_text("a lovely plot\nthe music was awful\n", "utf-8")


def tables(folder: Path) -> None:
    """Patients with gaps, houses with two prices, plants in numbered plots, drinks in latin-1."""
    for seed, name in enumerate(("patients.csv", "june.csv")):
        write(folder / name, ["age", "ward", "patient", "label"], patients(seed))
    body = [[*row, "north" if n % 3 else "south"] for n, row in enumerate(patients(2))]
    write(folder / "rows.csv", ["age", "ward", "patient", "label", "hospital"], body)
    head = ["rooms", "area", "street", "price", "rent", "label"]
    for seed, name in enumerate(("houses.csv", "last-year.csv", "this-year.csv", "july.csv")):
        write(folder / name, head, houses(seed))
    for seed, name in enumerate(("plants.csv", "new-plants.csv")):
        write(folder / name, ["length", "colour", "plot", "species"], plants(36, seed))
    lines = [f"{1 + n % 7}.5,{'café' if n % 3 else 'thé'},{'warm' if n % 2 else 'cold'}" for n in range(24)]
    (folder / "drinks.csv").write_bytes("\n".join(lines).encode("latin-1"))


def patients(seed: int):
    """30 rows of 15 patients."""
    rng = random.Random(seed)
    for n in range(30):
        age = rng.randint(20, 60) + 20 * (n % 2)
        yield [age if n % 7 else "", rng.choice("abc"), f"p{n // 2}", n % 2]


def houses(seed: int):
    """30 rows; the price follows the area."""
    rng = random.Random(seed)
    for _ in range(30):
        area = rng.randint(30, 150)
        price = 3000 * area + rng.randint(0, 20000) + 0.5
        street = rng.choice(["High St", "Low St"])
        yield [rng.randint(1, 6), area, street, price, int(price / 250), "dear" if area > 90 else "cheap"]


def plants(count: int, seed: int = 0):
    """Three species that length and colour tell apart, in four numbered plots."""
    rng = random.Random(seed)
    for n in range(count):
        kind = n % 3
        yield [f"{rng.gauss(5 * kind, 1):.2f}", ("green", "red", "blue")[kind], n // 3 % 4, f"species{kind}"]


def arrays_and_sounds(folder: Path) -> None:
    """Arrays of four channels, and synthetic sounds."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 8)
    x = rng.normal(size=(16, 4, 32, 32)).astype(np.float32) + y[:, None, None, None]
    np.savez(folder / "bands.npz", x=x, y=y)
    np.save(folder / "new.npy", x[:2])
    tones = load("tones", per_class=4)
    for row, item in enumerate(tones.items):
        file = folder / "sounds" / item
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(tones.raw(row))
    (folder / "new.wav").write_bytes(tones.raw(0))


def new_rows(file: Path, run: str) -> None:
    """`new.csv` as the model in a run folder takes it."""
    if "drinks" in run:
        file.write_bytes("2.5,café\n6.5,thé\n".encode("latin-1"))
    elif "price" in run:
        write(file, ["rooms", "area", "street", "rent", "label"], [[3, 70, "Low St", 800, "cheap"]])
    elif "plants" in run:
        write(file, ["length", "colour", "plot"], [row[:3] for row in plants(5)])
    else:
        rows = [["a cheap film and a lovely scene", "good"], ["the shop was dull", "bad"]]
        write(file, ["text", "label"], [*rows, ["great music", "good"], ["an awful plot", "bad"]])


def write(file: Path, head, body) -> None:
    with file.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([head, *body])
