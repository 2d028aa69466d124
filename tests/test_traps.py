"""The inventory of traps is whole: each has a fault, each fault a test that is there."""

import re
from pathlib import Path

import headstart
from tests.planted import FILES, SHARES, all_faults, faults_in, share_of
from tests.trap_faults import TRAP_FAULTS
from tests.traps import TRAPS

HERE = Path(__file__).parent
PACKAGE = Path(headstart.__file__).parent
METHODS = {page.stem for page in (HERE.parent / "docs" / "methods").glob("*.md")}
CLAIMS = {path.stem.replace("_", "-") for path in (PACKAGE / "claims").glob("[!_]*.py")}
FAULTS = {fault.why: fault for fault in all_faults()}


def unknown(tests):
    """The words of a selection that -k can't find: in names of tests, of the file, of parameters."""
    file, words = tests.split(" ", 1)
    text = (HERE / file).read_text("utf-8")
    names = [*re.findall(r"^ *def (test_\w+)", text, re.MULTILINE), file, *METHODS, *CLAIMS]
    parameters = set(re.findall(r"\w+", text))
    words = re.split(r" or | and ", words)
    return [word for word in words if word not in parameters and not any(word in name for name in names)]


def test_each_trap_has_a_fault():
    assert not [trap for trap in TRAPS if trap.fault not in FAULTS]


def test_each_fault_can_be_planted_and_the_tests_that_catch_it_are_there():
    """A line that has changed, or a test that has another name, would make a fault test nothing."""
    files = [path for path in PACKAGE.rglob("*") if path.suffix in (".py", ".txt", ".js", ".html", ".css")]
    sources = {path.relative_to(PACKAGE).as_posix(): path.read_text("utf-8") for path in files}
    moved = [(f.file, f.old) for f in FAULTS.values() if sources.get(f.file, "").count(f.old) != 1]
    assert not moved, "these lines have changed: plant their faults anew"
    assert not [f.tests for f in FAULTS.values() if unknown(f.tests)], "no test has these names"


def test_no_fault_is_planted_twice():
    faults = all_faults()
    assert len(FAULTS) == len({(f.file, f.old, f.new) for f in faults}) == len(faults) >= 375


def test_faults_are_found_by_walking():
    assert Path(__file__).with_name("trap_faults.py") in FILES
    assert faults_in(Path(__file__).with_name("trap_faults.py")) == TRAP_FAULTS


def test_the_line_of_each_fault_is_in_the_package_once():
    """`make test` plants a third of them, so that this would be seen in two landings of three only."""
    texts = {fault.file: (PACKAGE / fault.file).read_text("utf-8") for fault in all_faults()}
    assert not [fault for fault in all_faults() if texts[fault.file].count(fault.old) != 1]


def test_each_fault_that_is_planted_for_a_trap_is_in_the_inventory():
    assert not {fault.why for fault in TRAP_FAULTS} - {trap.fault for trap in TRAPS}
    assert len({(trap.seen, trap.fault) for trap in TRAPS}) == len(TRAPS) >= 40


def test_a_selection_of_nothing_would_be_seen():
    assert unknown("test_sklearn_face.py no_such_test or clone") == ["no_such_test"]
    assert not unknown("test_traps.py selection_of_nothing and ridge")


def test_each_fault_is_in_one_of_the_shares_between_which_changes_of_the_package_choose(
    tmp_path, monkeypatch
):
    monkeypatch.delenv("FAULTS", raising=False)
    faults, found = all_faults(), set()
    for number in range(20):
        (tmp_path / "module.py").write_text(f"number = {number}")
        found.add(share_of(faults, tmp_path))
    assert len(found) == SHARES
    assert sorted(fault.why for share in found for fault in share) == sorted(FAULTS)
    monkeypatch.setenv("FAULTS", "all")
    assert share_of(faults, tmp_path) == faults
