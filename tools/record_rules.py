"""Which differences between the records of two versions are none: `compare_records.py` applies these.

A pattern matches the whole path of a field: the study, then the names of the fields with dots between them,
without the numbers of rows. So "adapt.candidates.title" is the title of any candidate, and "*.title" that of
anything.
"""

IGNORED = ("adapt.printed", "*.schema", "*.headstart", "*.versions", "*.command", "*.seconds")

# Fields that only the newer version has; they are ignored where the older one has none.
ADDED: tuple[str, ...] = (
    "adapt.settings.quality",
    "adapt.settings.keep_files",
    "adapt.larger_budget",
    "rank.settings",
    "rank.seed",
    "*.settings.study",
    "translate.settings.direction",
)

# Prose: there must be as much of it, and it must be empty where it was.
PROSE = (
    "*.headline",
    "*.notes",
    "*.why",
    "*.title",
    "*.dropped",
    "*.warnings",
    "*.decisions",
    "*.findings.text",
    "*.guards.message",
    "*.say",
    "*.next",
    "*.keeps",
    "*.loses",
)

# Path of a field in the old version -> its new name. Both sides are renamed.
RENAMED: dict[str, str] = {
    "adapt.target": "label_kind",
    "adapt.decisions": "notes",
    "probe.target": "label_kind",
    "align.target_kind": "label_kind",
    "align.few_rows": "target_labelled_rows",
    "align.looks": "eval_points",
    "stream*.contenders": "methods",
    "translate*.guards.says": "message",
    "translate*.seen_through": "adversarial_loss",
    "stream.*.events.did": "action",
}

# Path of a field in the new version -> old value -> new one.
VALUES: dict[str, dict[str, str]] = {}

# Old name of a record's file -> new one.
FILES: dict[str, str] = {}

# Files that are not compared: with this one a study can be resumed.
WORKING = ("study.json",)
