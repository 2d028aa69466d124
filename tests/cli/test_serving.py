"""`headstart serve` as a program: it says where it answers, and an interruption ends it."""

import json
import signal
import subprocess
import sys
import urllib.request

import pytest

import headstart as hs


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "cells"
    table = {"length": [1.0, 2.0, 8.0, 9.0] * 4, "label": ["no", "no", "yes", "yes"] * 4}
    hs.fit(hs.methods.RidgeProbe(), "table", hs.data.load(table)).save(folder, onnx=True)
    return folder


def test_what_would_be_served(headstart, run):
    said = headstart("serve", run, run, "--check")
    assert said.code == 0
    assert [line.split()[1::2] for line in said.out.splitlines() if "cells" in line] == [
        ["cells", "tables", "classes", "1"],
        ["cells-2", "tables", "classes", "1"],
    ]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--port", 70000), "--port is 70000; it must be in [0, 65535]"),
        (("--batch", 0), "--batch is 0; it must be at least 1"),
        (("--timeout", "nan"), "--timeout is nan"),
        (("--token", "a b"), "printable ASCII"),
        (("--name", "a", "--name", "b"), "2 names for 1 runs"),
        (("--host", "no.such.host.invalid"), "Can't listen at no.such.host.invalid:8000"),
    ],
)
def test_options_that_can_not_be_used(headstart, run, options, words):
    said = headstart("serve", run, *options)
    assert said.code == 2
    assert words in " ".join(said.err.split())


def test_no_model(headstart, tmp_path):
    assert "no config.json" in headstart("serve", tmp_path).err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_program_answers_until_it_is_interrupted_and_does_not_import_torch(run, number):
    code = "import sys; from headstart.__main__ import main; main(); assert 'torch' not in sys.modules"
    command = [sys.executable, "-c", code, "serve", str(run), "--port", "0", "--host", "127.0.0.1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        address = next(line for line in process.stdout if "answers until" in line).split()[0]
        rows, kind = json.dumps({"rows": [{"length": 8.5}]}).encode(), {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{address}/predict", rows, kind)
        with urllib.request.urlopen(request, timeout=20) as answer:
            (found,) = json.load(answer)["predictions"]
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
    assert found["label"] == "yes"
    assert (process.returncode, said) == (0, "")
