"""Fetching published data: from the disk here, as there is no network in the tests."""

import io
import json
import tarfile
import zipfile
from dataclasses import replace

import pytest
from tests.data.published_files import cifar100
from typer.testing import CliRunner

import headstart as hs
from headstart.cli import app
from headstart.core import BadData, BadInput, Unknown
from headstart.data.published import register


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder that stands for the site of the data, from which cifar100 and trec6 are fetched."""
    site = tmp_path / "site"
    with tarfile.open(tmp_path / "cifar-100-binary.tar.gz", "w:gz") as packed:
        packed.add(cifar100(tmp_path / "made"), "cifar-100-binary")
    site.mkdir()
    (tmp_path / "cifar-100-binary.tar.gz").rename(site / "cifar-100-binary.tar.gz")
    (site / "train_5500.label").write_text("HUM:ind Who ?\nNUM:count How many ?\n")
    (site / "TREC_10.label").write_text("HUM:ind Whose ?\n")
    urls = {
        "cifar100": [(site / "cifar-100-binary.tar.gz").as_uri()],
        "trec6": [(site / name).as_uri() for name in ("train_5500.label", "TREC_10.label")],
    }
    known = dict(register._BY_NAME)
    known |= {name: replace(known[name], urls=tuple(found)) for name, found in urls.items()}
    monkeypatch.setattr(register, "_BY_NAME", known)
    monkeypatch.setenv("HEADSTART_DATA", str(tmp_path / "all"))
    return site


def test_nothing_is_fetched_by_loading(site, tmp_path):
    with pytest.raises(BadInput, match="headstart download cifar100"):
        hs.data.load("cifar100")
    assert not (tmp_path / "all").exists()


def test_an_archive_and_files(site, tmp_path):
    folder = hs.data.download("cifar100")
    assert folder == tmp_path / "all" / "cifar-100-binary"
    assert len(hs.data.load("cifar100")) == 6
    assert hs.data.download("trec6", root=tmp_path / "other") == tmp_path / "other" / "trec"
    assert hs.data.load(f"trec6:{tmp_path / 'other'}").split == ("train", "train", "test")
    assert [path.name for path in (tmp_path / "all").iterdir()] == ["cifar-100-binary"]
    (site / "cifar-100-binary.tar.gz").unlink()
    assert hs.data.download("cifar100") == folder  # which is there


def test_what_can_not_be_fetched(site, tmp_path):
    with pytest.raises(
        Unknown, match=r"No published data set is called 'cifar1000'\. Did you mean 'cifar100'"
    ):
        hs.data.download("cifar1000")
    with pytest.raises(
        BadInput, match=r"'imagenet' can't be fetched by name\. It is fetched with an account"
    ):
        hs.data.download("imagenet")
    (site / "TREC_10.label").unlink()
    with pytest.raises(BadInput, match=r"TREC_10\.label can't be fetched: .*Fetch it by hand"):
        hs.data.download("trec6")
    assert list((tmp_path / "all").iterdir()) == []


def test_what_is_no_such_archive(site, tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("readme.txt", "moved")
    (site / "cifar-100-binary.tar.gz").write_bytes(packed.getvalue())
    with pytest.raises(BadData, match=r"What was fetched for 'cifar100' lacks train\.bin"):
        hs.data.download("cifar100")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("../../escaped.txt"))
    (site / "cifar-100-binary.tar.gz").write_bytes(packed.getvalue())
    with pytest.raises(BadData, match="can't be unpacked"):
        hs.data.download("cifar100")
    assert not list(tmp_path.rglob("escaped.txt"))
    (tmp_path / "all" / "trec").mkdir(parents=True)
    with pytest.raises(BadData, match=r"trec is in the way: it lacks train_5500\.label"):
        hs.data.download("trec6")


def test_the_commands(site, tmp_path):
    run = CliRunner()
    listed = json.loads(run.invoke(app, ["datasets", "--json"]).stdout)
    assert [row["found"] for row in listed] == [None] * len(listed)
    fetched = run.invoke(app, ["download", "cifar100"])
    assert "Next: headstart adapt cifar100\n" in fetched.stdout
    listed = {row["name"]: row for row in json.loads(run.invoke(app, ["datasets", "--json"]).stdout)}
    folder = str(tmp_path / "all" / "cifar-100-binary")  # which has .txt files
    assert listed["cifar100"]["found"] == listed["cifar100-coarse"]["found"] == folder
    assert listed["gutenberg"]["found"] is listed["recount3"]["found"] is None
    assert listed["trec6"]["folder"] == str(tmp_path / "all" / "trec")
    assert "not in" in run.invoke(app, ["datasets", "--root", str(tmp_path)]).stdout
