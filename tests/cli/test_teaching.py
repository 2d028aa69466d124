"""`headstart teach` on the command line: what it begins with, what it refuses, how it ends."""

import os
import re
import signal
import socket
import subprocess
import sys

import pytest
from tests.cli.telling import refused
from tests.serving import ask
from tests.study import tiny

from headstart.core import BadData, BadInput, CannotWrite

SHOWN = re.compile(r"http://127\.0\.0\.1:(\d+) is the page")


def test_data_are_taught_and_gone_on_with(headstart, tmp_path):
    data = tiny.folders(tmp_path / "photos", each=4)
    out = tmp_path / "lesson"
    said = headstart("teach", data, "--out", out, "--check")
    assert said.code == 0, said.err
    assert re.search(r"Leave-one-out accuracy: [\d.]+\s% \([\d.]+ to [\d.]+\), 12 examples\.", said.out), (
        said.out
    )
    assert "fewer than 10 examples" in " ".join(said.out.split())
    (out / "examples" / "disc" / "00001.png").unlink()
    assert "11 examples." in headstart("teach", "--out", out, "--check").out
    said = headstart("teach", data, "--out", out, "--check")
    assert refused(said, BadInput.code, "has examples already", "--out FOLDER")


def test_what_it_refuses(headstart, tmp_path, pictures):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "letter.txt").write_text("Dear all")
    (tmp_path / "file").write_text("")
    said = headstart("teach", "--out", mine, "--check")
    assert refused(said, CannotWrite.code, mine, "no teaching session")
    assert refused(headstart("teach", "--out", tmp_path / "file" / "deeper", "--check"), CannotWrite.code)
    out = ("--out", tmp_path / "new", "--check")
    assert refused(headstart("teach", pictures, "--texts", *out), BadData.code, "takes texts")
    assert refused(headstart("teach", "spambase", *out), BadData.code, "takes pictures or texts")
    assert refused(headstart("teach", "--token", "a b", *out), BadInput.code, "--token")
    assert refused(headstart("teach", "--backbone", "table", *out), BadData.code, "table")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = headstart("teach", "--port", port, *out[:2])
    assert refused(said, BadInput.code, f"127.0.0.1:{port}: address already in use. Choose")
    assert not (tmp_path / "new").exists()


@pytest.mark.slow
def test_an_interruption_loses_nothing(tmp_path):
    out = tmp_path / "lesson"
    command = [sys.executable, "-m", "headstart", "teach", "--port", "0", "--out", str(out)]
    environment = os.environ | {"PYTHONUNBUFFERED": "1", "COLUMNS": "200"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=tmp_path) as run:
        try:
            port = int(SHOWN.match(run.stdout.readline())[1])
            assert ask(port, "POST", "/classes", {"name": "disc"})[0] == 200
            tiny.shape("disc", 1).save(tmp_path / "disc.png")
            content = (tmp_path / "disc.png").read_bytes()
            assert ask(port, "POST", "/examples?class=disc", content)[0] == 201
            run.send_signal(signal.SIGINT)
            rest = run.stdout.read()
            assert run.wait(20) == 0
        finally:
            run.kill()
    assert f"headstart teach --out {out}" in rest
    assert (out / "examples" / "disc" / "00001.png").read_bytes() == content
