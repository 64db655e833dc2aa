"""Options that several commands share, each described once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def option(metavar: str, text: str, *names: str) -> Any:
    """An option whose default is not a constant: the recipe, the run or the machine decides.

    Args:
        metavar: What stands for its value.
        text: Its help.
        names: By default the parameter's name.
    """
    return typer.Option(*names, metavar=metavar, help=text, show_default=False)


RunFolder = Annotated[Path, typer.Argument(metavar="DIR", show_default=False, help="A run folder.")]
Target = Annotated[
    str,
    typer.Argument(
        metavar="DIR|GENOTYPE",
        show_default=False,
        help="A run folder, FILE.json, a published genotype (evonas list genotypes), or one as text.",
    ),
]

Dataset = Annotated[
    str | None,
    option(
        "NAME|FILE.npz|FOLDER", "Images to learn: a name (evonas list datasets), arrays, or files in folders."
    ),
]
Layout = Annotated[
    str | None,
    option(
        "auto|classes|parts",
        "Folders named train, val, test and so on: parts of the dataset (auto), or classes; or parts in "
        "which every folder is a class.",
    ),
]
TrainLimit = Annotated[int | None, option("N", "Use only N training images.")]
WithoutDamaged = Annotated[
    bool, typer.Option("--without-damaged", help="Go on without image files that cannot be read.")
]
Background = Annotated[
    str | None,
    option("COLOUR", "What lies below transparent pixels of image files, such as white or #ff8000."),
]
DataDir = Annotated[Path | None, option("FOLDER", "Where named datasets are kept.")]
Download = Annotated[bool, typer.Option("--download", help="Fetch a named dataset that is not there.")]

Device = Annotated[
    str | None,
    option("auto|cpu|cuda|cuda:1", "Where networks are trained; auto takes a GPU if there is one."),
]
MaxTime = Annotated[
    str | None, option("TIME", "Begin no candidate after 90s, 5m or 2h; evonas resume goes on.")
]
Finish = Annotated[
    bool,
    typer.Option(
        "--finish", help="At Ctrl-C wait for candidates that are being evaluated; a second one drops them."
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print the folder and nothing else.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]

Workers = Annotated[
    str | None,
    option("N|auto", "Worker processes: by default one on each share of the cores; 0 for none."),
]
Devices = Annotated[
    str | None, option("cuda:0,cuda:1|all", "Devices with a worker each, instead of --workers.")
]
PerDevice = Annotated[
    str | None,
    option("K|auto", "Candidates at a time on each device, or that share a GPU with --ray."),
]
DeviceMemory = Annotated[
    str | None, option("SIZE", "What these may take together, such as 20GB; by default what is free.")
]
MaxParameters = Annotated[
    str | None, option("N", "Reject larger candidates before training, such as 3.5M or 500k.")
]
MaxFlops = Annotated[str | None, option("N", "Likewise, floating-point operations for one image.")]
MaxMemory = Annotated[
    str | None,
    option(
        "SIZE", "What training may take, such as 2GB: batches are split to fit; what cannot fit is rejected."
    ),
]
Timeout = Annotated[str | None, option("TIME", "A candidate has failed after 90s, 5m or 2h.")]
Ray = Annotated[str | None, option("ADDRESS|local", "Evaluate on a Ray cluster (evonas[ray]).")]

Keep = Annotated[
    str | None,
    option("SIZE", "Room for weights that nothing needs any more, such as 2GB; the best stay longest."),
]
Csv = Annotated[Path | None, option("FILE.csv", "Write a line there for each candidate that has ended.")]
TensorBoard = Annotated[
    bool, typer.Option("--tensorboard", help="Write curves to DIR/tensorboard (evonas[tensorboard]).")
]
Mlflow = Annotated[str | None, option("URI", "Log to MLflow there, or in a folder (evonas[mlflow]).")]

Operators = Annotated[
    list[Path] | None,
    option("FILE.py", "Operators, genomes and strategies of your own: code, which is run. May be repeated."),
]

Verify = Annotated[
    bool,
    typer.Option(
        "--verify-morphisms",
        help="Compare every child of morphisms with its parent, and fail it if they differ.",
    ),
]

Individual = Annotated[int | None, option("N", "Candidate N of the run instead of its best.", "--id")]
Cells = Annotated[int | None, option("N", "Cells in each stage; by default as it was found.")]
Filters = Annotated[int | None, option("F", "Filters of the first stage; likewise.")]
