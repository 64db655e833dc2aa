"""Everything in evonas that reads what may come from anybody, each with a few good inputs to spoil."""

import contextlib
import io
import json
import random
import shutil
import struct
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import numpy as np
from evonas.genomes.graph import GraphGenome
from parsing import SPACES, Parser, as_json, loads
from run_parsers import made_fitness, run_parsers

import evonas
from evonas.architecture.architecture import Architecture
from evonas.cli import main
from evonas.cli.figures import read_duration
from evonas.cli.targets import read_genotype_file
from evonas.data import load_dataset
from evonas.evolution.genome import Genome
from evonas.evolution.morphism import read_morphisms
from evonas.evolution.offers import entries, find
from evonas.evolution.registry import genome_type
from evonas.files.sizes import read_size
from evonas.results import final
from evonas.run.weights import FolderStore, Stored, digest
from evonas.settings import genotype_from_text
from evonas.settings.composition import compose, resolve
from evonas.settings.recipe import load_recipe, parse_recipe, recipe_names
from evonas.settings.settings import Settings
from evonas.task import Task
from evonas.training.plan import Plan

TASK = Task(3, 8, 8, 4)


def _genomes() -> Iterator[Parser]:
    for name, choices in SPACES.items():
        kind = genome_type(name)
        space = kind.space_type.from_dict(choices).for_task(TASK)
        found = [kind.random(space, random.Random(seed)) for seed in range(4)]

        def use(genome: Genome) -> None:
            genome.key()
            str(genome)
            genome.summary()
            genome.decode(TASK).parameter_count()
            json.dumps(genome.to_dict())

        def read(content: bytes, kind: type = kind, space: object = space, use: Callable = use) -> None:
            use(kind.from_dict(loads(content), space))

        def text(content: bytes, kind: type = kind, space: object = space, use: Callable = use) -> None:
            use(kind.from_text(content.decode(errors="replace"), space))

        def spaces(content: bytes, kind: type = kind, example: Genome = found[0]) -> None:
            data = loads(content)
            if not isinstance(data, dict):
                return
            made = kind.space_type.from_dict(data)
            made.for_task(TASK).check(TASK)
            kind.from_dict(example.to_dict(), made).decode(TASK)

        yield Parser(f"genotype {name}", as_json(*(one.to_dict() for one in found)), read, "json")
        yield Parser(f"text of {name}", tuple(str(one).encode() for one in found), text, "text")
        yield Parser(f"space of {name}", as_json(space.to_dict()), spaces, "json")


def _texts_of_genotypes() -> tuple[bytes, ...]:
    """One of each genome in the box."""
    kinds = [genome_type(name) for name in entries("genomes")]
    return tuple(str(kind.random(kind.default_space(), random.Random(1))).encode() for kind in kinds)


def _any_genotype(content: bytes) -> None:
    genome = genotype_from_text(content.decode(errors="replace"))
    if genome is not None:
        genome.key()


def _architecture(content: bytes) -> None:
    net = Architecture.from_dict(loads(content))
    net.parameter_count()
    net.flops()
    net.key()


def _morphisms(content: bytes) -> None:
    data = loads(content)
    if isinstance(data, list):
        read_morphisms(data)


def _morphism_examples() -> tuple[bytes, ...]:
    for name in entries("morphisms"):
        find("morphisms", name)
    from evonas.evolution.morphism import Morphism

    space = GraphGenome.space_type.from_dict(SPACES["graph"]).for_task(TASK)
    net = GraphGenome.random(space, random.Random(0)).decode(TASK)
    found = []
    for kind in Morphism.kinds.values():
        with contextlib.suppress(Exception):
            found.append(kind.draw(net, random.Random(3)).to_dict())
    return as_json(found, found[:1])


def _recipe(content: bytes) -> None:
    tables = parse_recipe(content.decode(errors="replace"), "config x.toml")
    resolve(compose(None, tables, {}), True)


def _settings(content: bytes) -> None:
    data = loads(content)
    if isinstance(data, dict):
        settings = Settings.from_dict(data)
        settings.make_space()
        settings.plan  # noqa: B018 - read for what it raises
        settings.final_plan  # noqa: B018
        settings.start_genome()


def _plan(content: bytes) -> None:
    data = loads(content)
    if isinstance(data, dict):
        Plan.from_dict(data)


def _sizes(content: bytes) -> None:
    text = content.decode(errors="replace")
    for read in (read_size, read_duration):
        with contextlib.suppress(evonas.UserError):
            read(text, "option")


class Folder:
    """A folder in which files are put for what reads files; gone with the process."""

    def __init__(self) -> None:
        # In memory where that can be: journals that are gone on with wait for the disk at every turn.
        memory = Path("/dev/shm")
        self.path = Path(tempfile.mkdtemp(prefix="fuzz-", dir=memory if memory.is_dir() else None))

    def parsers(self) -> Iterator[Parser]:
        """What reads files."""
        yield Parser("genotype file", self._genotype_files(), self._genotype, "json")
        yield Parser("dataset .npz", self._archives(), self._dataset, "bytes")
        yield Parser("genotype as text", _texts_of_genotypes(), _any_genotype, "text")
        yield Parser("header in .npz", (self._header(),), self._array, "bytes")
        yield Parser("image file", self._images(), self._image, "bytes")
        yield Parser("weights", self._weights(), self._safetensors, "bytes")
        yield Parser("header of weights", (self._weights_header(),), self._weights_of_header, "json")
        yield from run_parsers(self.path)
        yield Parser("final.json", self._final(), self._report, "json")

    def close(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    def _put(self, name: str, content: bytes) -> Path:
        path = self.path / name
        path.write_bytes(content)
        return path

    def _genotype_files(self) -> tuple[bytes, ...]:
        amoeba = json.loads(_genotype_of("amoeba"))
        whole = {"genome": "amoeba", "space": SPACES["amoeba"], "genotype": amoeba}
        genet = {"settings": {"genome": "genet", "space": SPACES["genet"]}}
        return as_json(whole, amoeba, {**genet, "best": {"genome": json.loads(_genotype_of("genet"))}})

    def _genotype(self, content: bytes) -> None:
        read_genotype_file(self._put("x.json", content)).key()

    def _archives(self) -> tuple[bytes, ...]:
        rng = np.random.default_rng(0)
        arrays = {"x_train": rng.integers(0, 255, (12, 4, 4, 3), np.uint8), "y_train": np.arange(12) % 2}
        found = []
        for save in (np.savez, np.savez_compressed):
            stream = io.BytesIO()
            save(stream, **arrays, classes=np.array(["cat", "dog"]))
            found.append(stream.getvalue())
        return tuple(found)

    def _dataset(self, content: bytes) -> None:
        load_dataset(str(self._put("x.npz", content)))

    def _header(self) -> bytes:
        stream = io.BytesIO()
        np.save(stream, np.zeros((12, 4, 4, 3), np.uint8))
        return stream.getvalue()

    def _array(self, content: bytes) -> None:
        """A spoilt array in a zip file that is whole."""
        import zipfile

        with zipfile.ZipFile(self.path / "y.npz", "w") as archive:
            archive.writestr("x_train.npy", content)
            stream = io.BytesIO()
            np.save(stream, np.arange(12) % 2)
            archive.writestr("y_train.npy", stream.getvalue())
        load_dataset(str(self.path / "y.npz"))

    def _images(self) -> tuple[bytes, ...]:
        from PIL import Image

        found = []
        for kind in ("png", "bmp", "gif", "jpeg", "ppm"):
            stream = io.BytesIO()
            Image.fromarray(np.arange(192, dtype=np.uint8).reshape(8, 8, 3)).save(stream, kind)
            found.append(stream.getvalue())
        return tuple(found)

    def _image(self, content: bytes) -> None:
        root = self.path / "pets"
        if not root.exists():
            for name in ("cat", "dog"):
                (root / name).mkdir(parents=True)
                for number in range(5):
                    (root / name / f"{number}.png").write_bytes(self._images()[0])
        (root / "cat" / "0.png").write_bytes(content)
        load_dataset(str(root))

    def _weights(self) -> tuple[bytes, ...]:
        import torch
        from safetensors.torch import save

        return (save({"a.weight": torch.ones(3, 2), "a.bias": torch.zeros(3, dtype=torch.bfloat16)}),)

    def _safetensors(self, content: bytes) -> None:
        self._put("000000.safetensors", content)
        FolderStore(self.path).load(Stored(0, "000000.safetensors", len(content), digest(content)))

    def _weights_header(self) -> bytes:
        content = self._weights()[0]
        (length,) = struct.unpack("<Q", content[:8])
        return content[8 : 8 + length].strip()

    def _weights_of_header(self, content: bytes) -> None:
        """A spoilt header with its right length, and some data."""
        self._safetensors(struct.pack("<Q", len(content)) + content + bytes(30))

    def _final(self) -> tuple[bytes, ...]:
        kind = genome_type("amoeba")
        space = kind.space_type.from_dict(SPACES["amoeba"])
        genome = kind.random(space, random.Random(0))
        content = self._weights()[0]
        self._put("000001.safetensors", content)
        whole = {
            "format": 1,
            "genome": {"kind": "amoeba", "space": space.to_dict()},
            "genotype": genome.to_dict(),
            "task": {"channels": 3, "height": 8, "width": 8, "classes": 4},
            "statistics": [[0.5] * 3, [0.2] * 3],
            "classes": ["a", "b", "c", "d"],
            "weights": {
                "number": 1, "file": "000001.safetensors", "size": len(content), "digest": digest(content),
            },
            "report": {"test_accuracy": 0.5},
        }  # fmt: skip
        return as_json(whole)

    def _report(self, content: bytes) -> None:
        self._put(final.DESCRIPTION, content)
        final.load_trained(self.path).genome.key()


def _genotype_of(name: str) -> bytes:
    kind = genome_type(name)
    space = kind.space_type.from_dict(SPACES[name])
    return json.dumps(kind.random(space, random.Random(0)).to_dict()).encode()


COMMANDS = (
    "evolve --genome amoeba --budget 3 --seed 1 --epochs 1 --strategy aging --population 2 --sample 2",
    "evolve --dataset nowhere.npz --train-limit 10 --workers 2 --timeout 5m --max-time 2h --json",
    "evolve --recipe genet-small --inherit match --device cpu --threads 1 --look-ahead 4 --keep 2GB",
    "resume nowhere --budget 10 --max-time 90s --quiet",
    "refine nowhere --dataset digits --budget 5",
    "show nowhere --json",
    "draw amoebanet-a -o x.svg --what cells",
    "draw nowhere.json",
    "train nowhere --dataset digits --epochs 1 --cells 1 --filters 8",
    "export nowhere --to onnx -o x.onnx --id 3",
    "list genomes",
    "doctor --help",
    "--version",
)


DONE_BY = (
    "evonas.api.search",
    "evonas.api.go_on",
    "evonas.refinement.climb",
    "evonas.results.train_finally",
    "evonas.drawing.write_picture",
)
"""What does what a command asks for, once its words are understood."""


def _command_line(content: bytes) -> None:
    """What the command line makes of words; nothing that they ask for is done."""
    words = content.decode(errors="replace").replace("\0", "").split(" ")

    def refuse(*_: object, **__: object) -> None:
        raise evonas.UserError("far enough")

    out, err = io.StringIO(), io.StringIO()
    with contextlib.ExitStack() as stack:
        for place in DONE_BY:
            stack.enter_context(mock.patch(place, refuse))
        stack.enter_context(contextlib.chdir(tempfile.gettempdir()))
        stack.enter_context(contextlib.redirect_stdout(out))
        stack.enter_context(contextlib.redirect_stderr(err))
        status = main(words)
    if status not in (0, 1, 2) or "Traceback" in err.getvalue():
        raise AssertionError(f"status {status}: {err.getvalue()[-300:]}")


def all_parsers(folder: Folder) -> list[Parser]:
    """Every parser, files' and others."""
    space = GraphGenome.space_type.from_dict(SPACES["graph"]).for_task(TASK)
    net = GraphGenome.random(space, random.Random(0)).decode(TASK)
    settings = evonas.evolve("amoeba", evaluate=made_fitness, needs="genome", budget=1).settings
    recipes = tuple(
        (Path(evonas.__file__).parent / "settings" / "recipes" / f"{name}.toml").read_bytes()
        for name in recipe_names()
    )
    return [
        *_genomes(),
        Parser("architecture", as_json(net.to_dict()), _architecture, "json"),
        Parser("morphisms", _morphism_examples(), _morphisms, "json"),
        Parser("recipe", recipes, _recipe, "text"),
        Parser("settings", as_json(settings.to_dict()), _settings, "json"),
        Parser("plan", as_json(load_recipe("amoebanet")["training"], settings.training), _plan, "json"),
        Parser("sizes and times", (b"1.5 GiB", b"1h30m", b"90s", b"512MB"), _sizes, "text"),
        Parser("command line", tuple(line.encode() for line in COMMANDS), _command_line, "words"),
        *folder.parsers(),
    ]
