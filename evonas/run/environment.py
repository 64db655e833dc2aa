"""What results depend on beside the settings: versions, processor, device, revision of the code."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path

PACKAGES = ("evonas", "torch", "numpy", "deap", "networkx")

WORDS = {
    "python": "Python",
    "machine": "processor",
    "processor": "processor",
    "vectors": "vector instructions",
    "system": "system",
    "device": "device",
    "revision": "revision of evonas",
}
"""What messages call a part that is no package."""

_VECTORS = ("avx512f", "avx2", "avx", "sve", "asimd")
"""The widest of them decides which kernels a processor runs, and so the last bits of sums."""


def environment(device: str = "cpu") -> dict[str, str]:
    """What results depend on, for a journal.

    Args:
        device: Where networks are trained.
    """
    found = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.system(),
        "vectors": _vectors(),
        "revision": revision(),
    }
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    if device.startswith("cuda"):
        found["device"] = _gpu(device)
    return found


def drift(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """What differs between two environments, in words; empty where nothing that both know does.

    >>> drift({"python": "3.11.7", "torch": "2.6.0"}, {"python": "3.11.9", "torch": "2.6.0", "deap": "1.4"})
    'Python 3.11.7, now 3.11.9'
    """
    changed = [key for key in before if key in now and before[key] != now[key]]
    return "; ".join(f"{WORDS.get(key, key)} {before[key]}, now {now[key]}" for key in changed)


def _vectors() -> str:
    """The widest vector instructions of a Linux machine; empty elsewhere."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            flags = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    except OSError:
        return ""
    known = set(flags.partition(":")[2].split())
    return next((name for name in _VECTORS if name in known), "")


def _gpu(device: str) -> str:
    """The model of a GPU, and what drives it."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return device
    properties = torch.cuda.get_device_properties(torch.device(device))
    cudnn = torch.backends.cudnn.version()
    return f"{properties.name}, CUDA {torch.version.cuda}, cuDNN {cudnn}"


def revision() -> str:
    """The commit that this evonas is of, with ``-dirty`` where files differ from it; empty if not known."""
    try:
        noted = distribution("evonas").read_text("direct_url.json")
        commit = json.loads(noted or "{}").get("vcs_info", {}).get("commit_id", "")
    except (PackageNotFoundError, ValueError, AttributeError):
        commit = ""
    checkout = Path(__file__).parents[2]
    if commit or not (checkout / ".git").exists():
        return str(commit)
    words = [
        "git",
        "--no-optional-locks",
        "-C",
        str(checkout),
        "describe",
        "--always",
        "--dirty",
        "--abbrev=12",
        "--match",
        "=",
    ]
    try:
        ended = subprocess.run(words, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return ended.stdout.strip()
