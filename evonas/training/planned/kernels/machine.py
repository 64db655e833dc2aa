"""Kernels as machine code of the processor that this process runs on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import llvmlite
from llvmlite import binding

from .store import ObjectStore, object_store

_compiling = threading.Lock()
"""LLVM's state is one for the process."""


@cache
def processor() -> str:
    """LLVM's name of this processor, and what it can do."""
    return f"{binding.get_host_cpu_name()} {binding.get_host_cpu_features().flatten()}"


@cache
def lanes() -> int:
    """Floats in a vector: 16 where the processor has AVX-512, else 8 (two registers where it has 4)."""
    return 16 if binding.get_host_cpu_features().get("avx512f", False) else 8


@cache
def _sources() -> bytes:
    """A digest of all that writes kernels, and of what compiles them."""
    found = sha256(f"{version('evonas')} {llvmlite.__version__} {processor()} {lanes()}".encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        found.update(path.read_bytes())
    return found.digest()


@cache
def _store() -> ObjectStore | None:
    return object_store()


class Library:
    """Compiled kernels: each is made once for a process, and kept for the next where there is a store."""

    def __init__(self) -> None:
        self._engines: dict[str, Any] = {}

    def address(self, name: str, write: Callable[[], str]) -> int:
        """Where a kernel is.

        Args:
            name: Of its function, which says all that it is made for.
            write: Gives its module, as LLVM's IR.
        """
        with _compiling:
            if name not in self._engines:
                self._engines[name] = _engine(sha256(_sources() + name.encode()).hexdigest(), write)
            return int(self._engines[name].get_function_address(name))


def _engine(key: str, write: Callable[[], str]) -> Any:
    """What holds a kernel's code."""
    store = _store()
    code = None if store is None else store.get(key)
    if code is not None:
        engine = binding.create_mcjit_compiler(binding.parse_assembly(""), _target())
        engine.add_object_file(binding.ObjectFileRef.from_data(code))
        engine.finalize_object()
        return engine
    return _compiled(write(), (lambda made: None) if store is None else (lambda made: store.put(key, made)))


@cache
def _begin() -> None:
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()


def _target() -> Any:
    """A target machine of its own for each engine, which frees it."""
    _begin()
    target = binding.Target.from_default_triple()
    name, features = binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten()
    return target.create_target_machine(cpu=name, features=features, opt=3, jit=True)


def _compiled(text: str, keep: Callable[[bytes], None]) -> Any:
    machine = _target()
    module = binding.parse_assembly(text)
    module.triple, module.data_layout = machine.triple, str(machine.target_data)
    module.verify()
    options = binding.create_pipeline_tuning_options(speed_level=2)
    # Kernels are unrolled and made of vectors as they are written: more of both costs seconds, gains nothing.
    options.loop_unrolling = options.loop_vectorization = options.slp_vectorization = False
    builder = binding.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    engine = binding.create_mcjit_compiler(module, machine)
    engine.set_object_cache(lambda _, made: keep(made), None)
    engine.finalize_object()
    return engine


library = Library()
"""This process's."""
