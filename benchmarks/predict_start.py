"""What one answer of `headstart predict` costs from the shell, by ONNX Runtime and by torch.

    python -m benchmarks.predict_start [--rounds 5]

A picture, a text and a row are predicted by processes of their own, which take turns. Counted are the
seconds on the processor, of all threads, and the largest memory of the process: they say the same on a busy
machine, where the clock does not. The answers are compared, too.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import headstart as hs

ENGINES = ("onnx", "torch")
TEXT = "A film that I would see again, and I have told all my friends."


def few(name: str) -> Any:
    """Some rows of built-in data: how well the models answer is not asked."""
    data = hs.data.load(name)
    return data.subset(np.linspace(0, len(data) - 1, 40).astype(np.int64))


def prepared(place: Path) -> Iterator[tuple[str, list[str]]]:
    """What is asked, and the words of the command, once the model is saved."""
    data = few("clipart")
    file = place / "new.jpg"
    data.picture(0).convert("RGB").resize((640, 480)).save(file)
    hs.fit("ridge-probe", "efficientnet_lite0", data).save(place / "pictures", onnx=True)
    yield "a picture, `efficientnet_lite0`", [str(place / "pictures"), str(file)]
    hs.fit("ridge-probe", "minilm", few("reviews")).save(place / "texts", onnx=True)
    yield "a text, `minilm`", [str(place / "texts"), "--text", TEXT]
    rng = np.random.default_rng(0)
    rows = {f"x{n}": rng.normal(size=400) for n in range(20)} | {"colour": rng.choice(["red", "blue"], 400)}
    labels = np.where(rows["x0"] + (rows["colour"] == "red") > 0.5, "yes", "no")
    hs.fit("gradient-boosting", "table", (rows, labels)).save(place / "rows", onnx=True)
    first = [str(values[0]) for values in rows.values()]
    (place / "row.csv").write_text("\n".join([",".join(rows), ",".join(first)]) + "\n", "utf-8")
    yield "a row, gradient boosting", [str(place / "rows"), str(place / "row.csv")]


MEASURE = """
import os, sys
process = os.posix_spawn(sys.executable, [sys.executable, *sys.argv[1:]], os.environ)
_, status, used = os.wait4(process, 0)
sys.stderr.write(f"{used.ru_utime + used.ru_stime} {used.ru_maxrss}")
sys.exit(os.waitstatus_to_exitcode(status))
"""  # by a small process: the memory of the one that starts another counts as the other's


class Answer(NamedTuple):
    """What an answer cost."""

    seconds: float  # on the processor
    megabytes: float  # at most
    probabilities: list[float]


def run(words: list[str], engine: str) -> Answer:
    """One process of the command."""
    command = ["-m", "headstart", "predict", *words, "--json", "--quiet", "--engine", engine]
    measured = [sys.executable, "-S", "-c", MEASURE, *command]
    done = subprocess.run(measured, check=True, capture_output=True, text=True)
    seconds, memory = map(float, done.stderr.split()[-2:])
    unit = 2**20 if sys.platform == "darwin" else 2**10  # of ru_maxrss: bytes there, else kilobytes
    return Answer(seconds, memory / unit, list(json.loads(done.stdout)[0]["probabilities"].values()))


def main() -> None:
    parser = argparse.ArgumentParser(description="What one answer costs from the shell.")
    parser.add_argument("--rounds", type=int, default=5, help="paired rounds, after one to warm up")
    rounds = parser.parse_args().rounds
    print(f"\nOne answer of `headstart predict`, median of {rounds} paired rounds\n")
    print("| what | seconds, onnx | seconds, torch | ratio | MB, onnx | MB, torch | ratio | difference |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as place:
        for what, words in prepared(Path(place)):
            measured = [{engine: run(words, engine) for engine in ENGINES} for _ in range(rounds + 1)][1:]
            cells = []
            for field, form in (("seconds", ".2f"), ("megabytes", ".0f")):
                of_each = [[getattr(one[engine], field) for one in measured] for engine in ENGINES]
                cells += [format(statistics.median(values), form) for values in of_each]
                ratios = [mine / theirs for mine, theirs in zip(*of_each, strict=True)]
                cells.append(format(statistics.median(ratios), ".2f"))
            light, whole = (np.array(measured[0][engine].probabilities) for engine in ENGINES)
            apart = np.abs(light - whole).max()
            print(f"| {what} | {' | '.join(cells)} | {apart:.1g} |", flush=True)


if __name__ == "__main__":
    main()
