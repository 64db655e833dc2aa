"""Checks the wheel as a user gets it: built afresh, installed, and used outside the checkout.

A type checker does not follow setup.cfg's package_dir, doctests under genomes/ cannot be collected from the
source tree, and a sub-package that setup.cfg forgets works in an editable install but is missing from the
wheel. So all of that is checked here, on the installed wheel:

    python tests/packaging/check_wheel.py               every check
    python tests/packaging/check_wheel.py types files   only these
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
INSTALLS_AS = {"evonas": "evonas", "genomes": "evonas/genomes", "operators": "evonas/operators"}


@dataclass(frozen=True)
class Room:
    """A virtual environment outside the checkout that has the wheel, and an empty folder to stand in."""

    wheel: Path
    environment: Path
    folder: Path

    @property
    def bin(self) -> Path:
        return self.environment / "bin"

    @property
    def site_packages(self) -> Path:
        return Path(sysconfig.get_path("purelib", vars={"base": str(self.environment)}))

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables without those that would lead back to the checkout."""
        return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "MYPYPATH")}

    def run(self, *command: str | Path) -> bool:
        """Runs a command in the empty folder; its output is shown, and whether it succeeded returned."""
        return subprocess.run(command, cwd=self.folder, env=self.variables).returncode == 0


def build_wheel(into: Path) -> Path:
    """Builds the wheel; an old build/ would hide that a file is gone, so none is left before or after."""
    build = CHECKOUT / "build"
    shutil.rmtree(build, ignore_errors=True)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", into, CHECKOUT]
    try:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    finally:
        shutil.rmtree(build, ignore_errors=True)
    (wheel,) = into.glob("*.whl")
    return wheel


def install(wheel: Path, temporary: Path) -> Room:
    """Installs the wheel alone; what it depends on is borrowed from the environment that runs this script.

    The borrowed site-packages come through a .pth file. Python does not read the .pth files in there, so the
    editable install of the checkout is not borrowed with them.
    """
    room = Room(wheel, temporary / "environment", temporary / "empty")
    room.folder.mkdir()
    venv.create(room.environment, symlinks=True, with_pip=False)
    borrowed = dict.fromkeys([sysconfig.get_path("purelib"), sysconfig.get_path("platlib")])
    (room.site_packages / "borrowed.pth").write_text("\n".join(borrowed) + "\n")
    pip = [sys.executable, "-m", "pip", "--python", room.bin / "python"]
    subprocess.run([*pip, "install", "--quiet", "--no-deps", "--no-index", wheel], check=True)
    return room


def files_of_tree() -> set[str]:
    """Every file of the three folders under the name that it should have in the wheel."""
    return {
        f"{package}/{path.relative_to(CHECKOUT / folder).as_posix()}"
        for folder, package in INSTALLS_AS.items()
        for path in (CHECKOUT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }


def check_files(room: Room) -> bool:
    """The wheel holds the files of the tree: none is missing, none is left over."""
    with zipfile.ZipFile(room.wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    tree = files_of_tree()
    for name in sorted(tree - packed):
        print(f"missing from the wheel: {name} (list its package, or its pattern, in setup.cfg)")
    for name in sorted(packed - tree):
        print(f"in the wheel but not in the tree: {name}")
    print(f"{len(packed)} files in the wheel, {len(tree)} in the tree")
    return packed == tree


def check_imports(room: Room) -> bool:
    """Every module can be imported and every entry point loaded."""
    return room.run(room.bin / "python", "-I", Path(__file__).with_name("import_installed.py"))


def check_command(room: Room) -> bool:
    """The installed command starts."""
    return room.run(room.bin / "evonas", "--help")


def check_doctests(room: Room) -> bool:
    """The examples in the docstrings give what they say."""
    settings = ["-c", CHECKOUT / "pyproject.toml", "--rootdir", room.folder, "-p", "no:cacheprovider"]
    return room.run(room.bin / "python", "-m", "pytest", "--doctest-modules", *settings, "--pyargs", "evonas")


def check_types(room: Room) -> bool:
    """Types hold, as a type checker sees them that only knows the installed package."""
    settings = ["--config-file", CHECKOUT / "pyproject.toml", "--cache-dir", room.environment / "mypy"]
    interpreter = ["--python-executable", room.bin / "python"]
    mypy = [sys.executable, "-m", "mypy", "--strict", *settings, *interpreter, "-p", "evonas"]
    ended = subprocess.run(mypy, cwd=room.folder, env=room.variables, stdout=subprocess.PIPE, text=True)
    print(named_as_in_tree(ended.stdout, room), end="")
    return ended.returncode == 0


def named_as_in_tree(report: str, room: Room) -> str:
    """The report with the checkout's file names in place of the installed ones."""
    for folder, package in sorted(INSTALLS_AS.items(), key=lambda pair: len(pair[1]), reverse=True):
        report = report.replace(f"{room.site_packages / package}/", f"{folder}/")
    return report


CHECKS = {
    "files": check_files,
    "imports": check_imports,
    "command": check_command,
    "doctests": check_doctests,
    "types": check_types,
}


def main() -> int:
    parser = argparse.ArgumentParser(description="Checks the installed wheel.")
    parser.add_argument(
        "checks", nargs="*", metavar="check", help=f"{', '.join(CHECKS)}; all if none is named"
    )
    names = parser.parse_args().checks or list(CHECKS)
    if unknown := set(names) - set(CHECKS):
        parser.error(f"expected checks among {', '.join(CHECKS)}; got {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="evonas-wheel-") as name:
        temporary = Path(name).resolve()
        print("== building the wheel", flush=True)
        room = install(build_wheel(temporary), temporary)
        failed = []
        for check in names:
            print(f"== {check}", flush=True)
            if not CHECKS[check](room):
                failed.append(check)
    print(f"the wheel fails: {', '.join(failed)}" if failed else f"the wheel passes: {', '.join(names)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
