"""Options that several commands share, each described once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .panels import HOW, IMAGES, LONG, OUTPUT, RARE, SEARCHED, TRAINING, WHERE


def option(metavar: str, text: str, *names: str, panel: str | None = None) -> Any:
    """An option whose default is not a constant: the recipe, the run or the machine decides.

    Args:
        metavar: What stands for its value.
        text: Its help.
        names: By default the parameter's name.
        panel: The group that help shows it in (`panels`); every option of a command with many has one.
    """
    return typer.Option(*names, metavar=metavar, help=text, show_default=False, rich_help_panel=panel)


def flag(name: str, text: str, panel: str | None = None) -> Any:
    """An option without a value.

    Args:
        name: With its dashes.
        text: Its help.
        panel: As of `option`.
    """
    return typer.Option(name, help=text, rich_help_panel=panel)


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
        "NAME|FILE.npz|FOLDER",
        "Images to learn: a name (evonas list datasets), arrays, or files in folders.",
        panel=IMAGES,
    ),
]
Layout = Annotated[
    str | None,
    option(
        "auto|classes|parts",
        "Folders named train, val, test and so on: parts of the dataset (auto), or classes; or parts in "
        "which every folder is a class.",
        panel=IMAGES,
    ),
]
TrainLimit = Annotated[int | None, option("N", "Use only N training images.", panel=IMAGES)]
WithoutDamaged = Annotated[
    bool, flag("--without-damaged", "Go on without image files that cannot be read.", IMAGES)
]
Background = Annotated[
    str | None,
    option(
        "COLOUR", "What lies below transparent pixels of image files, such as white or #ff8000.", panel=IMAGES
    ),
]
DataDir = Annotated[Path | None, option("FOLDER", "Where named datasets are kept.", panel=IMAGES)]
Download = Annotated[bool, flag("--download", "Fetch a named dataset that is not there.", IMAGES)]

Device = Annotated[
    str | None,
    option(
        "auto|cpu|cuda|cuda:1", "Where networks are trained; auto takes a GPU if there is one.", panel=WHERE
    ),
]
MaxTime = Annotated[
    str | None, option("TIME", "Begin no candidate after 90s, 5m or 2h; evonas resume goes on.", panel=LONG)
]
Finish = Annotated[
    bool,
    flag(
        "--finish", "At Ctrl-C wait for candidates that are being evaluated; a second one drops them.", RARE
    ),
]
Quiet = Annotated[bool, flag("--quiet", "Print the folder and nothing else.", OUTPUT)]
Json = Annotated[bool, flag("--json", "Print one JSON object and nothing else.", OUTPUT)]

Workers = Annotated[
    str | None,
    option("N|auto", "Worker processes: by default one on each share of the cores; 0 for none.", panel=WHERE),
]
Devices = Annotated[
    str | None, option("cuda:0,cuda:1|all", "Devices with a worker each, instead of --workers.", panel=WHERE)
]
PerDevice = Annotated[
    str | None,
    option("K|auto", "Candidates at a time on each device, or that share a GPU with --ray.", panel=WHERE),
]
DeviceMemory = Annotated[
    str | None,
    option("SIZE", "What these may take together, such as 20GB; by default what is free.", panel=WHERE),
]
MaxParameters = Annotated[
    str | None, option("N", "Reject larger candidates before training, such as 3.5M or 500k.", panel=SEARCHED)
]
MaxFlops = Annotated[
    str | None, option("N", "Likewise, floating-point operations for one image.", panel=SEARCHED)
]
MaxMemory = Annotated[
    str | None,
    option(
        "SIZE",
        "What training may take, such as 2GB: batches are split to fit; what cannot fit is rejected.",
        panel=TRAINING,
    ),
]
Timeout = Annotated[str | None, option("TIME", "A candidate has failed after 90s, 5m or 2h.", panel=LONG)]
Ray = Annotated[str | None, option("ADDRESS|local", "Evaluate on a Ray cluster (evonas[ray]).", panel=WHERE)]

Keep = Annotated[
    str | None,
    option(
        "SIZE",
        "Room for weights that nothing needs any more, such as 2GB; the best stay longest.",
        panel=OUTPUT,
    ),
]
Csv = Annotated[
    Path | None, option("FILE.csv", "Write a line there for each candidate that has ended.", panel=OUTPUT)
]
TensorBoard = Annotated[
    bool, flag("--tensorboard", "Write curves to DIR/tensorboard (evonas[tensorboard]).", OUTPUT)
]
Mlflow = Annotated[
    str | None, option("URI", "Log to MLflow there, or in a folder (evonas[mlflow]).", panel=OUTPUT)
]

Operators = Annotated[
    list[Path] | None,
    option(
        "FILE.py",
        "Operators, genomes and strategies of your own: code, which is run. May be repeated.",
        panel=HOW,
    ),
]

OwnFiles = Annotated[
    list[Path] | None,
    option(
        "FILE.py",
        "Where a genome of your own is: code, which is run. May be repeated.",
        "--operators",
        panel=RARE,
    ),
]

Verify = Annotated[
    bool,
    flag(
        "--verify-morphisms",
        "Compare every child of morphisms with its parent, and fail it if they differ.",
        RARE,
    ),
]

Individual = Annotated[
    int | None, option("N", "Candidate N of the run instead of its best.", "--id", panel=SEARCHED)
]
Cells = Annotated[int | None, option("N", "Cells in each stage; by default as it was found.", panel=TRAINING)]
Filters = Annotated[int | None, option("F", "Filters of the first stage; likewise.", panel=TRAINING)]
