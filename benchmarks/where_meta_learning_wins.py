"""Where learning to learn wins, and where a good backbone with a probe does.

    python -m benchmarks.where_meta_learning_wins [--fonts FOLDER] [--out FOLDER] [--only SET ...]

The sets, the learners and all settings are fixed here, before any of them was run, and nothing is chosen by
the results; each set is one call of `hs.episodes` with seed 0:

- sinusoids: functions that differ in amplitude and phase, 10 points, so that the mean of all says little;
- digits: five of the ten built-in digits to learn from, tasks of the other five, one row a class;
- glyphs: characters of fonts, 42 to learn from and 20 others, new fonts too, one row a class (with --fonts);
- clip art: eight of 13 classes to learn from, tasks of the other five, one row a class, on features of the
  frozen built-in backbone.

Learners are MAML and a conditional neural process, of functions a recurrent learner besides, of classes
prototypical networks. The baselines are those of `hs.episodes`: pre-training on all training classes, or all
functions, as one problem, then a probe or fine-tuning; on features of a backbone, which is pre-trained
already, the probe, the fine-tuned head and the nearest centroid take them as they are. A set counts for a
side where the 95 % interval of the paired difference of the best learner and the best baseline is on it; the
best learner is one that answers each query by itself, if there is one.
"""

import argparse
import os
import resource
from html import escape
from pathlib import Path
from typing import Any

import headstart as hs
from headstart.report.text import pluralise
from headstart.studies.episodes import MetaLearning
from headstart.studies.episodes.page import called, metric_of

FEW = ["protonet", "maml", "neural-process"]
FONTS = 200  # that glyphs are of, the first by name
SETS: dict[str, dict[str, Any]] = {
    "sinusoids": {"learners": ["maml", "neural-process", "recurrent"], "steps": 6000, "shots": 10},
    "digits": {"learners": FEW, "steps": 500, "tasks": 8, "queries": 5, "ways": 5},
    "glyphs": {
        "learners": FEW,
        "steps": 600,
        "tasks": 4,
        "queries": 5,
        "ways": 5,
        "test_classes": 20,
        "new_groups": True,
        "test_tasks": 200,
        "at_shots": (1, 5),
        "at_steps": (1, 10),
    },
    "clipart": {"learners": FEW, "steps": 500, "tasks": 8, "queries": 5, "backbone": "efficientnet_lite0"},
}
CURVES = {"at_shots": (1, 5, 10), "at_steps": (0, 1, 5, 10)}
WIDE, ROW, LEFT, HEAD = 760, 22, 230, 34  # of the figure, in pixels


def data_of(name: str, fonts: Path | None) -> Any:
    """The data of a set."""
    if name != "glyphs" or fonts is None:
        return name
    data = hs.data.glyphs(fonts)
    assert data.groups is not None
    return data.subset([row for row in range(len(data)) if data.groups[row] < FONTS])


def run(name: str, fonts: Path | None, out: Path) -> MetaLearning:
    """The record of a set; a folder with one is taken as it is."""
    folder = out / name
    if (folder / "episodes.json").is_file():
        return MetaLearning.read(folder / "episodes.json")
    how = {**CURVES, **SETS[name]}
    made = hs.episodes(data_of(name, fonts), out=folder, resume=folder.is_dir(), seed=0, **how)
    found: MetaLearning = made.result
    return found


def table(record: MetaLearning) -> list[str]:
    """Rows of Markdown: a learner each, the best first."""
    metric = metric_of(record)
    shots = [point.at for point in record.learners[0].by_shots]
    unit = ("point", "points") if record.answers == "numbers" else ("row a class", "rows a class")
    heads = [pluralise(some, *unit) for some in shots]
    lines = [f"| {record.task} | {' | '.join(heads)} | over the baseline |"]
    lines.append("|---" * (len(shots) + 2) + "|")
    for one in record.learners:
        scores = [str(metric.shown(point.score)) for point in one.by_shots]
        kind = ", *baseline*" if one.transfer else ", *queries together*" if one.together else ""
        gain = (
            "reference" if one.name == record.reference else str(metric.gained(one.gain)) if one.gain else ""
        )
        lines.append(f"| {called(record, one)}{kind} | {' | '.join(scores)} | {gain} |")
    lines.append(f"\nverdict: {record.verdict}; a guess has {metric.value(record.chance)}")
    return lines


def figure(records: list[MetaLearning]) -> str:
    """All scores with their intervals, a panel a set: learners in colour, baselines in grey."""
    drawn: list[str] = []
    top = 0
    for record in records:
        top = _panel(record, top, drawn)
    style = (
        "text{font:13px system-ui,sans-serif;fill:#4a5568}.t{font-weight:600;fill:#1a202c}"
        "@media(prefers-color-scheme:dark){text{fill:#a0aec0}.t{fill:#edf2f7}}"
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {top}" role="img">'
    return "\n".join([head, f"<style>{style}</style>", *drawn, "</svg>\n"])


def _panel(record: MetaLearning, top: int, drawn: list[str]) -> int:
    metric = metric_of(record)
    most = (
        1.0 if record.answers == "classes" else max(record.chance, *(p.score.high for p in record.learners))
    )
    title = f"{record.task}: {metric.title}, {record.shots} {'points' if metric.lower else 'row a class'}"
    title += f", features of {record.backbone}" if record.backbone else ""
    drawn.append(f'<text class="t" x="0" y="{top + 18}">{escape(title)}</text>')

    def at(value: float) -> float:
        return LEFT + (WIDE - LEFT - 90) * min(value / most, 1.0)

    end = top + HEAD + ROW * len(record.learners)
    guess = f"{at(record.chance):.1f}"
    drawn.append(f'<path d="M{guess} {top + HEAD - 8}V{end - 6}" stroke="#a0aec0" stroke-dasharray="4 4"/>')
    for place, one in enumerate(record.learners):
        y, colour = top + HEAD + ROW * place + 4, "#8a94a6" if one.transfer else "#c45500"
        low, mid, high = (at(value) for value in (one.score.low, one.score.value, one.score.high))
        drawn.append(
            f'<text x="0" y="{y + 4}">{escape(called(record, one))}{" †" if one.together else ""}</text>'
        )
        drawn.append(f'<path d="M{low:.1f} {y}H{high:.1f}" stroke="{colour}" stroke-width="3"/>')
        drawn.append(f'<circle cx="{mid:.1f}" cy="{y}" r="5" fill="{colour}"/>')
        drawn.append(f'<text x="{WIDE - 70}" y="{y + 4}">{escape(metric.value(one.score.value))}</text>')
    return end + 14


def main() -> None:
    parser = argparse.ArgumentParser(description="Where learning to learn wins.")
    parser.add_argument("--fonts", type=Path, help="folder of fonts; without it there are no glyphs")
    parser.add_argument("--out", type=Path, default=Path("runs/where-meta-learning-wins"))
    parser.add_argument("--only", nargs="+", choices=list(SETS), default=list(SETS))
    given = parser.parse_args()
    names = [name for name in given.only if name != "glyphs" or given.fonts is not None]
    records = []
    for name in names:
        records.append(run(name, given.fonts, given.out))
        print("\n".join(["", *table(records[-1])]), flush=True)
    (given.out / "where-meta-learning-wins.svg").write_text(figure(records), "utf-8")
    spent = resource.getrusage(resource.RUSAGE_SELF)
    print(f"\n{spent.ru_utime + spent.ru_stime:.0f} seconds of the processor, {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
