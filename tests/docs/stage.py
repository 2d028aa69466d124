"""Carry out commands of the pages in folders that hold what they name."""

import contextlib
import io
import itertools
import shutil
import socket
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from tests.cli.conftest import Said
from tests.docs import stand_ins
from tests.docs.commands import Command, carried_out_for, key_of, makers

import headstart as hs
from headstart.__main__ import main
from headstart.claims import Lab
from headstart.claims._lab import Tier
from headstart.core import MissingPackage
from headstart.studies.adapt import explained_rows
from headstart.studies.claims import run as claims


class Stage:
    """Carries out commands, each in a folder of its own, and keeps what they made for others."""

    def __init__(self, folder: Path) -> None:
        self.data, self.places = folder / "data", folder / "places"
        self.data.mkdir()
        stand_ins.make_all(self.data)
        self._numbers = itertools.count()
        self._done: dict[Any, tuple[Said, Path, Command]] = {}

    def carry_out(self, command: Command) -> tuple[Said, Path, Command]:
        """What a command, or one like it, says, the folder that it ran in, and which it was."""
        key = key_of(command)
        if key not in self._done:
            place = self.places / str(next(self._numbers))
            place.mkdir(parents=True)
            self._furnish(place, command)
            self._done[key] = (run(expanded(command.small(), place), place), place, command)
        return self._done[key]

    def _furnish(self, place: Path, command: Command) -> None:
        """Put what a command needs into a folder."""
        for file in self.data.iterdir():
            (place / file.name).symlink_to(file)
        stand_ins.new_rows(place / "new.csv", " ".join(command.words))
        for name, maker in makers(command).items():
            said, other, done = self.carry_out(carried_out_for(maker))
            if said.code == MissingPackage.code:
                pytest.skip(said.err)
            assert said.code == 0, (str(maker), said.err)
            assert done.made is not None
            assert maker.made is not None
            made = other / done.made / Path(name).relative_to(maker.made)
            goal = place / name
            goal.parent.mkdir(parents=True, exist_ok=True)
            if made.is_file():
                shutil.copy(made, goal)
            else:
                shutil.copytree(made, goal)
            if command.after("--engine") == "onnx":  # runs of the tests are made without the file
                hs.open(goal).save(goal / "model", onnx=True)


def tiny_lab(_: Tier, null: bool, cache: Path, seed: int) -> Lab:
    """Claims are measured with the fewest steps."""
    return Lab("tiny", null, cache, seed)


def expanded(words: tuple[str, ...], place: Path) -> list[str]:
    """Words with the files that a pattern names, as a shell gives them."""
    return [
        found
        for word in words
        for found in (sorted(f"{p.relative_to(place)}" for p in place.glob(word)) if "*." in word else [word])
    ]


def run(words: list[str], place: Path) -> Said:
    """Carry out a command in this process, in a folder, without a network."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with (
        contextlib.chdir(place),
        mock.patch.object(sys, "argv", ["headstart", *words]),
        mock.patch.object(explained_rows, "PATCHES", 2),
        mock.patch.object(claims, "Lab", tiny_lab),
        mock.patch.object(socket, "getaddrinfo", side_effect=socket.gaierror("no network")),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code
    return Said(code, out.getvalue(), err.getvalue())
