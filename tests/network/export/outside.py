"""Runs exported files where evonas cannot be imported.

Reads one JSON object a line: the file, its inputs and where its outputs go, both safetensors. Answers each
with one: the error, if there was one, and what the file says of its classes.
"""

import importlib.util
import json
import sys
import traceback
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any


class OutOfBounds(MetaPathFinder):
    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        if fullname.partition(".")[0] == "evonas":
            raise ImportError(f"{fullname} is out of bounds here")


sys.meta_path.insert(0, OutOfBounds())
sys.dont_write_bytecode = True  # a file may be replaced within the second that a bytecode's age is told in

import torch  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402

torch.set_num_threads(1)
Network = Callable[[torch.Tensor], torch.Tensor]


def python(path: str) -> tuple[Network, Any]:
    spec = importlib.util.spec_from_file_location("exported", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.load(), module.CLASSES


def pt2(path: str) -> tuple[Network, Any]:
    extra = {"classes.json": ""}
    program = torch.export.load(path, extra_files=extra)
    return program.module(), json.loads(extra["classes.json"])


def onnx(path: str) -> tuple[Network, Any]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options)

    def network(images: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(session.run(["logits"], {"images": images.numpy()})[0])

    return network, json.loads(session.get_modelmeta().custom_metadata_map["classes"])


def answer(job: dict[str, str]) -> dict[str, Any]:
    try:
        load = {".py": python, ".pt2": pt2, ".onnx": onnx}[Path(job["file"]).suffix]
        network, classes = load(job["file"])
        with torch.no_grad():
            outputs = {name: network(images) for name, images in load_file(job["inputs"]).items()}
        save_file(outputs, job["outputs"])
    except Exception:
        return {"error": traceback.format_exc(), "classes": None}
    return {"error": None, "classes": classes}


def main() -> None:
    try:
        import evonas  # noqa: F401
    except ImportError:
        pass
    else:
        sys.exit("evonas can be imported")
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
