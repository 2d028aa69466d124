"""Show that a checkout writes the same records as an older one.

    python tools/compare_records.py run CHECKOUT FOLDER [--only NAME ...]
    python tools/compare_records.py compare OLD NEW [--only NAME ...]
    python tools/compare_records.py list

`run` carries out every study through the command line of the checkout, on small data and with fixed seeds,
one after the other, and writes what each case gave to FOLDER/<case>.json: the records, what `--json` printed,
the names of the files and digests of the tensors of the models. `compare` prints each field that differs,
with its path, and exits with 1 if any does. NAME is a case ("curve-digits") or a study ("curve"); cases that
it builds on are run too.

Run it with the Python that has headstart's packages. Numbers must be exactly equal, so make both folders on
the same machine with the same packages. What may be called otherwise is declared: fields and values in
`record_rules.py`, options in `record_cases.py`.
"""

import argparse
import fnmatch
import hashlib
import json
import os
import re
import resource
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import record_rules as rules
from record_cases import CASES, SPELLINGS, Case
from record_data import write_data

ABSENT = "(absent)"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="do", required=True)
    commands.add_parser("list", help="name the cases")
    for name, first, second in (("run", "checkout", "folder"), ("compare", "old", "new")):
        command = commands.add_parser(name)
        command.add_argument(first, type=Path)
        command.add_argument(second, type=Path)
        command.add_argument("--only", action="append", default=[], metavar="NAME")
    args = parser.parse_args()
    if args.do == "list":
        print("\n".join(f"{case.name:20} headstart {case.command}" for case in CASES))
        return 0
    cases = selected(args.only)
    return run(args.checkout, args.folder, cases) if args.do == "run" else compare(args.old, args.new, cases)


def selected(names: list[str]) -> list[Case]:
    """The cases of these names or studies; all without names."""
    unknown = set(names) - {case.name for case in CASES} - {case.study for case in CASES}
    if unknown:
        sys.exit(f"There is no case or study {', '.join(sorted(unknown))}. `list` names them.")
    return [case for case in CASES if not names or case.name in names or case.study in names]


# --- run ---


def run(checkout: Path, folder: Path, cases: list[Case]) -> int:
    """Write what each case gives with the code of the checkout; 1 if one failed."""
    folder.mkdir(parents=True, exist_ok=True)
    needed = {name for case in cases for name in case.needs}
    cases = [case for case in CASES if case in cases or case.name in needed]
    failed = []
    with TemporaryDirectory(prefix="records-") as temporary:
        work = Path(temporary)
        write_data(work)
        headstart = Command(checkout.resolve(), work)
        for case in cases:
            before = cpu_seconds()
            result = headstart.run(case)
            if result["code"] != case.code:
                failed.append(case.name)
                print(f"{case.name}: exit code {result['code']}\n{result['stderr']}", file=sys.stderr)
            text = json.dumps(result, indent=1, ensure_ascii=False) + "\n"
            (folder / f"{case.name}.json").write_text(text, "utf-8")
            print(f"{case.name:20} {cpu_seconds() - before:6.1f} s of CPU", flush=True)
    print(f"{len(cases)} cases, {cpu_seconds():.0f} s of CPU; failed: {', '.join(failed) or 'none'}")
    return int(bool(failed))


class Command:
    """The command line of a checkout, in a folder with data."""

    def __init__(self, checkout: Path, work: Path) -> None:
        self.work = work
        self.shown: dict[str, str] = {}
        path = checkout / "src" if (checkout / "src").is_dir() else checkout
        threads = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", "MKL_NUM_THREADS": "1"}
        terminal = {"COLUMNS": "400", "TERM": "dumb", "NO_COLOR": "1"}
        self.environment = {**os.environ, **threads, **terminal, "PYTHONPATH": str(path)}

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "headstart", *words],
            cwd=self.work,
            env=self.environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    def run(self, case: Case) -> dict[str, Any]:
        """Carry out a case; what it gave, as JSON."""
        out = Path("out") / case.name
        words = [*self.spelled(case), "--json", "--quiet"]
        if case.study != "rank":
            words += ["--out", str(out)]
        done = self.call(*words)
        printed = printed_json(done.stdout)
        records = {path.name: json.loads(path.read_text("utf-8")) for path in record_files(self.work / out)}
        if not records:
            records, printed = {f"{case.study}.json": printed}, None
        return {
            "code": done.returncode,
            "stderr": done.stderr if done.returncode != case.code else "",
            "records": records,
            "printed": None if printed in records.values() else printed,
            "files": file_names(self.work / out),
            "tensors": tensor_digests(self.work / out),
        }

    def spelled(self, case: Case) -> list[str]:
        """The arguments with the options as this checkout calls them."""
        words = case.command.split()
        for place, word in enumerate(words):
            if word in SPELLINGS:
                option, values = self.spelling(case.study, word)
                words[place] = option
                words[place + 1] = values.get(words[place + 1], words[place + 1])
        return words

    def spelling(self, study: str, word: str) -> tuple[str, dict[str, str]]:
        if study not in self.shown:
            self.shown[study] = self.call(study, "--help").stdout
        options = set(re.findall(r"(?<![\w-])--[a-z][\w-]*", self.shown[study]))
        for option, values in SPELLINGS[word]:
            if option in options:
                return option, values
        tried = ", ".join(option for option, _ in SPELLINGS[word])
        sys.exit(f"`headstart {study} --help` shows none of {tried}. Add its spelling to record_cases.py.")


def printed_json(text: str) -> Any:
    """What was printed, if it is JSON."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def record_files(out: Path) -> list[Path]:
    """The records in an output folder."""
    return sorted(path for path in out.glob("*.json") if path.name not in ("study.json", "timings.json"))


def file_names(out: Path) -> list[str]:
    """All files that a study leaves for its user."""
    names = (path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    return sorted(name for name in names if not name.startswith(("steps/", "cache/", "study.json")))


def tensor_digests(out: Path) -> list[str]:
    """Type, shape and digest of each tensor of the saved models, sorted, so that names may change."""
    files = (path for path in out.rglob("*.safetensors") if path.relative_to(out).parts[0] != "steps")
    return sorted(digest for path in files for digest in in_safetensors(path.read_bytes()))


def in_safetensors(content: bytes) -> Iterator[str]:
    (length,) = struct.unpack("<Q", content[:8])
    for name, tensor in json.loads(content[8 : 8 + length]).items():
        if name != "__metadata__":
            start, end = tensor["data_offsets"]
            digest = hashlib.sha256(content[8 + length + start : 8 + length + end]).hexdigest()
            yield f"{tensor['dtype']} {tensor['shape']} {digest[:16]}"


def cpu_seconds() -> float:
    """Of all commands so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


# --- compare ---


def compare(old: Path, new: Path, cases: list[Case]) -> int:
    """Print the fields that differ; 1 if any does, or a case is missing."""
    count = 0
    for case in cases:
        files = [folder / f"{case.name}.json" for folder in (old, new)]
        missing = [str(file) for file in files if not file.exists()]
        if missing:
            found = [f"not run: {', '.join(missing)}"]
        else:
            before, after = (json.loads(file.read_text("utf-8")) for file in files)
            found = list(case_differences(case, before, after))
        for line in found:
            print(f"{case.name}: {line}")
        count += len(found)
    print(f"{len(cases)} cases, {count} differences")
    return int(count > 0)


def case_differences(case: Case, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    """What differs between two results of a case."""
    for part in ("code", "files", "tensors"):
        yield from differences(case, part, part, renamed_files(old[part]), renamed_files(new[part]))
    before, after = (renamed_records(case.study, result) for result in (old, new))
    for name in dict.fromkeys([*before, *after]):
        sides = (before.get(name, ABSENT), after.get(name, ABSENT))
        path = f"{case.study}.printed" if name == "printed" else case.study
        yield from differences(case, path, name, *sides)


def renamed_files(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return sorted(rules.FILES.get(name, name) for name in value if name not in rules.WORKING)


def renamed_records(study: str, result: dict[str, Any]) -> dict[str, Any]:
    """The records by file, and what was printed beside them, with all renames applied."""
    records = {rules.FILES.get(name, name): value for name, value in result["records"].items()}
    return {name: renamed(study, value) for name, value in {**records, "printed": result["printed"]}.items()}


def renamed(path: str, value: Any) -> Any:
    """The value with the new names of its fields and the new words of its values."""
    if isinstance(value, dict):
        names = {name: rule(rules.RENAMED, f"{path}.{name}", name) for name in value}
        return {new: renamed(f"{path}.{new}", value[name]) for name, new in names.items()}
    if isinstance(value, list):
        return [renamed(path, item) for item in value]
    return rule(rules.VALUES, path, {}).get(value, value) if isinstance(value, str) else value


def rule(table: dict[str, Any], path: str, default: Any) -> Any:
    """What the first pattern that matches the path says."""
    return next((said for pattern, said in table.items() if fnmatch.fnmatchcase(path, pattern)), default)


def matches(patterns: tuple[str, ...], path: str) -> bool:
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)


def differences(case: Case, path: str, where: str, old: Any, new: Any) -> Iterator[str]:
    """Lines that say what differs; `path` names the field for the rules, `where` the place for people."""
    if matches(rules.IGNORED, path):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys([*old, *new]):
            inner = f"{path}.{name}"
            if name in old or not matches(rules.ADDED, inner):
                sides = (old.get(name, ABSENT), new.get(name, ABSENT))
                yield from differences(case, inner, f"{where}.{name}", *sides)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for place, sides in enumerate(zip(old, new, strict=True)):
            yield from differences(case, path, f"{where}[{place}]", *sides)
    elif not equal(case, path, old, new):
        yield f"{where}: {short(old)} -> {short(new)}"


def equal(case: Case, path: str, old: Any, new: Any) -> bool:
    if matches(rules.PROSE, path) and isinstance(old, str) and isinstance(new, str):
        return bool(old) == bool(new)
    if case.tolerance and isinstance(old, float) and isinstance(new, float):
        return abs(old - new) <= case.tolerance * max(1.0, abs(old), abs(new))
    return type(old) is type(new) and bool(old == new)


def short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 160 else f"{text[:157]}..."


if __name__ == "__main__":
    sys.exit(main())
