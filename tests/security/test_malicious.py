"""A run folder, a dataset, a genotype or a recipe from anybody executes nothing, writes nothing outside."""

import io
import json
import os
import pickle
import sqlite3
import struct
import zipfile

import numpy as np
import pytest

import evonas
from evonas.cli import main
from evonas.data import load_dataset
from evonas.run.journal.file import sealed, to_json
from evonas.run.weights import LARGEST, FolderStore, Stored, WeightsError, digest


def fitness(genome, rng):
    return rng.random()


HOW = {"evaluate": fitness, "needs": "genome"}


class Payload:
    """A pickle that makes a folder when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.fixture
def payload(tmp_path):
    """Bytes that make a folder where they are unpickled, and that folder."""
    path = tmp_path / "executed"
    return pickle.dumps(Payload(path)), path


@pytest.fixture
def run(tmp_path):
    """A run of eight candidates, its journal one file."""
    folder = tmp_path / "run"
    evonas.evolve("amoeba", **HOW, budget=8, population=4, sample=2, run=folder).journal.close()
    return folder


def execute(run, *statements):
    """Changes a journal as an attacker would."""
    connection = sqlite3.connect(run / "journal.db", isolation_level=None)
    for statement, values in statements:
        connection.execute(statement, values)
    connection.close()


def refused(run, match):
    """Whether readers and writers refuse a run."""
    with pytest.raises(evonas.UserError, match=match):
        list(evonas.load(run).history)
    with pytest.raises(evonas.UserError, match=match):
        evonas.resume(run, **HOW, budget=12)


# -- pickles ----------------------------------------------------------------------------------------


def test_a_payload_would_work(payload):
    content, executed = payload
    pickle.loads(content)  # noqa: S301 - to know that the other tests would see it
    assert executed.exists()


def test_a_pickle_in_place_of_each_file(run, payload, tmp_path):
    content, executed = payload
    (run / "weights").mkdir()
    (run / "weights" / "000001.safetensors").write_bytes(content)
    row = sealed(1, "000001.safetensors", len(content), digest(content))
    execute(run, ("INSERT INTO weights VALUES (?, ?, ?, ?, ?)", row))
    result = evonas.load(run)
    with pytest.raises(evonas.UserError, match="no safetensors file"):
        result.individual(1).weights()
    result.journal.close()
    (run / "journal.db").write_bytes(content)
    refused(run, "damaged")
    for name, words in (
        ("genotype.json", ["draw", "{}", "-o", "x.svg"]),
        ("recipe.toml", ["evolve", "--config", "{}", "--run", str(tmp_path / "new")]),
        ("images.npz", ["evolve", "--dataset", "{}", "--run", str(tmp_path / "new")]),
    ):
        (tmp_path / name).write_bytes(content)
        assert main([word.format(tmp_path / name) for word in words]) == 2
    assert not executed.exists()
    assert not (tmp_path / "new").exists()


def test_a_pickle_in_a_dataset(payload, tmp_path):
    content, executed = payload
    objects = io.BytesIO()
    np.save(objects, np.array([Payload(executed)], dtype=object), allow_pickle=True)
    header = objects.getvalue()
    plain = io.BytesIO()
    np.save(plain, np.arange(1))
    for member in (content, header):
        with zipfile.ZipFile(tmp_path / "images.npz", "w") as archive:
            archive.writestr("x_train.npy", member)
            archive.writestr("y_train.npy", plain.getvalue())
        with pytest.raises(evonas.UserError, match="images.npz"):
            load_dataset(str(tmp_path / "images.npz"))
    assert not executed.exists()


def test_operators_of_a_run_are_not_run(run, tmp_path):
    """The journal may name a file of code: only whoever resumes can name it again."""
    code = tmp_path / "operators.py"
    code.write_text(f"import os\nos.mkdir({str(tmp_path / 'executed')!r})\n")
    noted = {"operators": [["my-mutation", 1.0, str(code)]]}
    execute(run, ("INSERT OR REPLACE INTO meta VALUES (?, ?, ?)", sealed("variation", to_json(noted))))
    assert len(evonas.load(run).history) == 8
    with pytest.raises(evonas.UserError, match="name its file again"):
        evonas.resume(run, **HOW, budget=12)
    assert not (tmp_path / "executed").exists()


# -- paths ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["../../victim.safetensors", "/victim.safetensors", "a/b.safetensors", ".."])
def test_a_name_that_leads_elsewhere(run, tmp_path, name):
    """Neither read nor, where a search drops it, removed."""
    victim = tmp_path / "victim.safetensors"
    victim.write_bytes(b"precious")
    name = str(victim) if name.startswith("/") else name
    execute(run, ("INSERT INTO weights VALUES (?, ?, ?, ?, ?)", sealed(0, name, 8, digest(b"precious"))))
    with pytest.raises(evonas.UserError, match="is not a plain file name"):
        evonas.load(run).individual(0).weights()
    with pytest.raises(evonas.UserError, match="is not a plain file name"):
        evonas.resume(run, **HOW, budget=40)
    assert victim.read_bytes() == b"precious"


@pytest.mark.parametrize("name", ["weights", "run.lock", "journal.db", "journal.db-wal", "given"])
def test_a_symbolic_link(run, tmp_path, name):
    """What is outside is neither swept nor cut short nor written to."""
    outside = tmp_path / "outside"
    if name in ("weights", "given"):
        outside.mkdir()
        (outside / "model.safetensors").write_bytes(b"precious")
    else:
        outside.write_bytes((run / name).read_bytes() if (run / name).exists() else b"precious")
    before = outside.read_bytes() if outside.is_file() else sorted(outside.iterdir())
    (run / name).unlink(missing_ok=True)
    (run / name).symlink_to(outside)
    with pytest.raises(evonas.UserError, match=f"{name} is a symbolic link, which may lead anywhere"):
        evonas.resume(run, **HOW, budget=12)
    assert (outside.read_bytes() if outside.is_file() else sorted(outside.iterdir())) == before


def test_a_link_in_place_of_weights(tmp_path):
    (tmp_path / "secret").write_bytes(b"x" * 8)
    (tmp_path / "000000.safetensors").symlink_to(tmp_path / "secret")
    with pytest.raises(WeightsError, match="cannot be read"):
        FolderStore(tmp_path).load(Stored(0, "000000.safetensors", 8, digest(b"x" * 8)))


def test_a_pipe_in_place_of_a_file_does_not_wait(run, tmp_path):
    os.mkfifo(tmp_path / "000000.safetensors")
    with pytest.raises(WeightsError, match="expected a plain file"):
        FolderStore(tmp_path).load(Stored(0, "000000.safetensors", 8, ""))
    os.mkfifo(tmp_path / "genotype.json")
    assert main(["draw", str(tmp_path / "genotype.json"), "-o", str(tmp_path / "x.svg")]) == 2


# -- databases that do things -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TRIGGER t AFTER INSERT ON told BEGIN DELETE FROM asked; END",
        "CREATE VIEW v AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x FROM n) SELECT x FROM n",
    ],
)
def test_a_database_that_does_things(run, sql):
    execute(run, (sql, ()))
    refused(run, r"expected tables alone, got the (trigger|view)")


@pytest.mark.parametrize(
    "column",
    [
        *("AS (1.0)", "as (1.0)", "AS(1.0)", "GENERATED ALWAYS as(1.0)", "as/**/(1.0) virtual"),
        *("AS\n(1.0)", "GENERATED ALWAYS AS\t(fitness) VIRTUAL"),
    ],
)
def test_a_column_that_is_computed(run, column):
    execute(run, (f"ALTER TABLE told ADD COLUMN extra REAL {column}", ()))
    refused(run, r"expected tables alone, got the table 'told'")


def test_an_index_that_is_computed(run):
    execute(run, ("CREATE INDEX i ON told (fitness * 2)", ()))
    refused(run, r"expected tables alone, got the index 'i'")


def test_what_computes_nothing_is_read(run):
    """A column or a table whose name or default looks like it, and an index of a column."""
    execute(
        run,
        ("CREATE INDEX i ON told (fitness)", ()),
        ("CREATE TABLE other (\"x AS (1)\" TEXT DEFAULT ' AS (')", ()),
    )
    assert len(evonas.load(run).history) == 8


def test_a_lineage_that_never_ends(run):
    body = json.loads(sqlite3.connect(run / "journal.db").execute("SELECT body FROM asked").fetchone()[0])
    text = to_json({**body, "parents": [7]})
    execute(run, ("INSERT OR REPLACE INTO asked VALUES (?, ?, ?, ?)", sealed(7, 4, text)))
    refused(run, "candidate 7 comes from")


def test_a_fitness_that_is_infinite_does_not_win(run):
    row = sealed(3, 3, float("inf"), 0.0, '{"status":"done"}')
    execute(run, ("INSERT OR REPLACE INTO told VALUES (?, ?, ?, ?, ?, ?)", row))
    refused(run, "candidate 3 has fitness inf|expected a finite number")


# -- bombs ------------------------------------------------------------------------------------------


def test_a_compressed_bomb(tmp_path):
    images = 4600
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("x_train.npy", "w", force_zip64=True) as member:
            header = io.BytesIO()
            np.lib.format.write_array_header_1_0(
                header, {"descr": "|u1", "fortran_order": False, "shape": (images, 256, 256)}
            )
            member.write(header.getvalue())
            for _ in range(images // 100):
                member.write(bytes(100 * 256 * 256))
        labels = io.BytesIO()
        np.save(labels, np.arange(images) % 2)
        archive.writestr("y_train.npy", labels.getvalue())
    assert (tmp_path / "bomb.npz").stat().st_size < 2**21
    with pytest.raises(evonas.UserError, match="as in a file made to fill the memory"):
        load_dataset(str(tmp_path / "bomb.npz"))


@pytest.mark.parametrize("noted", ["small", "as large"])
def test_a_header_of_ten_gigabytes(tmp_path, noted):
    """Nothing of a sparse file is read, and of a small one no more than it has."""
    path = tmp_path / "000000.safetensors"
    content = struct.pack("<Q", 10 * 2**30) + b"{}"
    path.write_bytes(content)
    size = len(content)
    if noted == "as large":
        size = 10 * 2**30 + 8
        os.truncate(path, size)
    with pytest.raises(WeightsError, match=r"no safetensors file|expected at most .* with a header"):
        FolderStore(tmp_path).load(Stored(0, path.name, size, digest(content)))


def test_weights_larger_than_any(tmp_path):
    path = tmp_path / "000000.safetensors"
    path.write_bytes(struct.pack("<Q", 2) + b"{}")
    os.truncate(path, LARGEST + 1)
    with pytest.raises(WeightsError, match="expected at most"):
        FolderStore(tmp_path).load(Stored(0, path.name, LARGEST + 1, ""))


def test_a_genotype_of_a_billion_nodes(tmp_path):
    """Refused before it is built: a file that is too long, a space that asks for it, a network of it."""
    path = tmp_path / "genotype.json"
    with path.open("wb") as file:
        file.write(b'{"nodes": [')
        file.truncate(65 * 2**20)
    assert main(["draw", str(path), "-o", str(tmp_path / "x.svg")]) == 2
    combination = [["sep3x3", 0], ["sep3x3", 1]]
    cell = {"combinations": [combination] * 2}
    for space in ({"cells": 10**9}, {"stages": 10**9}, {"cells": 3, "filters": 10**12}):
        genotype = {
            "genome": "amoeba",
            "space": {"combinations": 2, **space},
            "genotype": {"normal": cell, "reduction": cell},
        }
        path.write_text(json.dumps(genotype))
        words = ["export", str(path), "--to", "onnx", "-o", str(tmp_path / "x.onnx")]
        assert main(["draw", str(path), "--what", "network", "-o", str(tmp_path / "x.svg")]) in (0, 2)
        assert main(words) == 2
    assert not (tmp_path / "x.onnx").exists()


@pytest.mark.parametrize("text", ["[" * 10**6, '{"a":' * 10**5, "9" * 10**5, '"' + "a" * 10**6])
def test_json_and_toml_that_nest_or_never_end(tmp_path, text):
    (tmp_path / "genotype.json").write_text(text)
    (tmp_path / "recipe.toml").write_text(f"x = {text}")
    assert main(["draw", str(tmp_path / "genotype.json"), "-o", str(tmp_path / "x.svg")]) == 2
    assert main(["evolve", "--config", str(tmp_path / "recipe.toml"), "--run", str(tmp_path / "r")]) == 2
    assert not (tmp_path / "r").exists()


def test_a_huge_recipe(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_bytes(b"# long\n" * 2**18)
    with pytest.raises(evonas.UserError, match=r"config .*recipe\.toml: expected at most 1\.0 MiB, got 1\.8"):
        evonas.evolve(config=path)
