"""`evonas doctor`: what is installed, and what a search would use here."""

from __future__ import annotations

import os
import platform
import re
from importlib.metadata import PackageNotFoundError, requires, version

import typer

EXTRAS = {
    "vision": (("torchvision",), "datasets cifar10, cifar100, mnist, fashion-mnist, svhn"),
    "onnx": (("onnx", "onnxscript", "onnxruntime"), "evonas export --to onnx"),
    "png": (("vl-convert-python",), "evonas draw -o FILE.png"),
    "tensorboard": (("tensorboard",), "evonas evolve --tensorboard"),
    "mlflow": (("mlflow-skinny",), "evonas evolve --mlflow"),
    "ray": (("ray",), "evonas evolve --ray, on a cluster"),
    "figures": (("matplotlib",), "the figures of evonas compare"),
    "bench": (("optuna", "matplotlib", "pandas"), "the benchmarks"),
}
GROUPS = ("genomes", "operators", "morphisms", "strategies", "datasets")
MISSING = "not installed"


def doctor() -> None:
    """Check the installation and say what a search would use."""
    from .page import Page, make_table

    needed = [(name, _version(name)) for name in _needed()]
    problems = [f"{name} is not installed" for name, found in needed if found == MISSING]
    problems = problems or _broken_torch() or _broken_entries()  # nothing loads while something is missing
    page = Page()
    page.line(
        f"evonas {_version('evonas')}, Python {platform.python_version()}, {platform.platform(terse=True)}"
    )
    page.section("Needed", make_table(("", ""), needed))
    page.section("Extras", *(_extra(name) for name in EXTRAS))
    if not problems:
        page.section("Devices", make_table(("", ""), _devices()))
        page.section("A search here uses, unless told otherwise", make_table(("", ""), _chosen()))
    page.section("Problems", *(problems or ["none found"]))
    if problems:
        raise typer.Exit(1)


def _needed() -> list[str]:
    """The packages that evonas does not work without, as its own metadata say."""
    try:
        lines = [line for line in requires("evonas") or () if "extra ==" not in line]
    except PackageNotFoundError:  # it runs from a folder, and nothing is registered
        return ["evonas"]
    return [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in lines]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return MISSING


def _extra(name: str) -> str:
    packages, purpose = EXTRAS[name]
    versions = {package: _version(package) for package in packages}
    missing = [package for package, found in versions.items() if found == MISSING]
    if missing:
        return f"{name}, for {purpose}: missing {', '.join(missing)}: python -m pip install 'evonas[{name}]'"
    found = ", ".join(f"{package} {number}" for package, number in versions.items())
    return f"{name}, for {purpose}: {found}"


def _broken_torch() -> list[str]:
    """Why PyTorch, which is installed, does not start; empty where it does."""
    try:
        import torch  # noqa: F401
    except Exception as error:  # a library that is missing, or of another version
        return [f"torch is installed and cannot be imported: {error}"]
    return []


def _broken_entries() -> list[str]:
    """What is registered with evonas and cannot be loaded, or is none of its kind."""
    from ..errors import UserError
    from ..evolution import entries, find, genome_type

    broken = []
    for group in GROUPS:
        for name in entries(group):
            try:
                genome_type(name) if group == "genomes" else find(group, name)
            except UserError as error:
                broken.append(str(error))
    return broken


def _devices() -> list[tuple[str, str]]:
    import torch

    from ..training import fast_bfloat16

    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    fast = "bfloat16 in hardware" if fast_bfloat16() else "no bfloat16 in hardware"
    rows = [("cpu", f"{usable} of {os.cpu_count()} cores usable, {fast}")]
    if not torch.cuda.is_available():
        built = (
            f"torch is built for CUDA {torch.version.cuda}"
            if torch.version.cuda
            else "torch is built without CUDA"
        )
        return [*rows, ("cuda", f"no device ({built})")]
    for number in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(number)
        memory = f"{properties.total_memory / 2**30:.0f} GiB"
        rows.append((f"cuda:{number}", f"{properties.name}, {memory}, CUDA {torch.version.cuda}"))
    return rows


def _chosen() -> list[tuple[str, str]]:
    """What `evolve` takes by default: device, precision, threads, memory, and where data are."""
    from ..data import default_data_dir
    from ..evolution import entries, genome_type
    from ..search.executors import memory_of_workers
    from ..training import choose_device, choose_kernels, choose_precision, no_kernels

    device = choose_device("auto")
    kernels = choose_kernels(device, "float32", 1)
    why = no_kernels()
    precisions: dict[str, list[str]] = {}
    for name in entries("genomes"):
        precision = choose_precision(device, genome_type(name).space_type.separable)
        precisions.setdefault(precision, []).append(name)
    folder = default_data_dir()
    return [
        ("device", device),
        (
            "precision",
            "; ".join(f"{precision} for {', '.join(names)}" for precision, names in precisions.items()),
        ),
        ("threads", "1 a candidate on a CPU (--threads)"),
        ("memory of workers", memory_of_workers()),
        ("kernels", f"{kernels}{f' (none can be compiled: {why})' if why else ''} in float32"),
        ("kernel cache", _kernel_cache()),
        ("data", f"{folder}{'' if folder.is_dir() else ' (not there yet)'}"),
        ("runs", str(os.path.join(os.getcwd(), "runs"))),
    ]


def _kernel_cache() -> str:
    """Where compiled kernels are kept, or why nowhere."""
    from ..training import object_store, why_no_store

    store = object_store()
    return str(store.folder) if store else f"none, each process compiles its own: {why_no_store()}"
