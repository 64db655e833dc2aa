"""`evonas predict`: what a trained network takes images of one's own for."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UserError
from ..files import expanded
from . import options
from .export import refuse_genotype
from .options import option
from .saying import say

if TYPE_CHECKING:
    from ..prediction import Predictor


def predict(
    target: Annotated[
        str,
        typer.Argument(
            metavar="DIR|FILE",
            show_default=False,
            help="A run folder, one that evonas train made, or what evonas export wrote: FILE.onnx, or "
            "FILE.pt2 or FILE.py, which are code and run.",
        ),
    ],
    images: Annotated[
        str,
        typer.Argument(
            metavar="IMAGES",
            show_default=False,
            help="An image file; a folder of them, or with a folder for each class; FILE.npz with x, or x "
            "and y; or a dataset's name, for its test part.",
        ),
    ],
    weights: Annotated[
        str,
        typer.Option(
            metavar="auto|final|search",
            help="Of a run: those of evonas train, or those that the search left; auto: the former if there "
            "are any.",
        ),
    ] = "auto",
    individual: options.Individual = None,
    top: Annotated[int, typer.Option(metavar="K", help="So many classes for each image.")] = 1,
    out: Annotated[Path | None, option("FILE.csv", "Write all images with all probabilities there.")] = None,
    test_part: Annotated[
        bool,
        typer.Option("--test-part", help="Take IMAGES as a dataset, and of it what a search keeps to test."),
    ] = False,
    layout: options.Layout = None,
    without_damaged: options.WithoutDamaged = False,
    data_dir: options.DataDir = None,
    download: options.Download = False,
    device: Annotated[
        str,
        typer.Option(metavar="auto|cpu|cuda|cuda:1", help="Where it runs; auto takes a GPU if there is one."),
    ] = "auto",
    as_json: options.Json = False,
) -> None:
    """Tell the classes of images of your own.

    They are brought to the form of the images that the network was trained on. Where folders or labels say
    their classes, it is told how many are right.
    """
    from ..data import AUTO
    from .predictions import as_object, show

    if top < 1:
        raise UserError(f"--top: expected a whole number of at least 1, got {top}")
    if layout is not None and not test_part:
        raise UserError("--layout: expected only with --test-part, for it says what parts of a dataset are")
    _check_out(out)
    predictor = _predictor(target, weights, individual, device)
    found = predictor.predict(
        images,
        test_part=test_part,
        data_dir=data_dir,
        download=download,
        layout=layout or AUTO,
        without_damaged=without_damaged,
    )
    written = None if out is None else found.write_csv(expanded(out))
    if as_json:
        about = {
            "target": target,
            "network": predictor.title,
            "out": None if written is None else str(written),
        }
        say(json.dumps({**about, **as_object(found, top)}))
        return
    show(found, predictor.title, images, top, written)


def _check_out(out: Path | None) -> None:
    """Refuses a file that cannot be written, before the images are read.

    Raises:
        UserError: It is a folder, or in one that is not there; or a file that is no sheet, perhaps an image.
    """
    if out is None:
        return
    path = expanded(out)
    if path.is_dir():
        raise UserError(f"--out: expected a file, got the folder {str(path)!r}")
    if path.is_file() and path.suffix.lower() != ".csv":
        raise UserError(f"--out: expected FILE.csv or a new file, got {str(path)!r}, which would be lost")
    if not path.parent.is_dir():
        raise UserError(f"--out: expected a folder that exists, got {str(path.parent)!r}")


def _predictor(target: str, weights: str, number: int | None, device: str) -> Predictor:
    """Opens a network.

    Raises:
        UserError: There is none, or what was said of weights does not suit it.
    """
    from ..api import load
    from ..prediction import ENDINGS, open_exported
    from ..results import predictor_in, predictor_of
    from .targets import is_trained

    path = expanded(target)
    if path.suffix.lower() in ENDINGS and not path.is_dir():
        _alone(path, weights, number, "an exported network")
        return open_exported(path, device)
    refuse_genotype(path)
    if path.is_file():
        raise UserError(f"{target}: expected a run folder or an exported network ({', '.join(ENDINGS)})")
    if is_trained(path):
        _alone(path, weights, number, "a finally trained network")
        return predictor_in(path, device)
    with closing((result := load(path)).journal):
        return predictor_of(result, weights, number, device)


def _alone(path: Path, weights: str, number: int | None, what: str) -> None:
    if weights == "search" or number is not None:
        raise UserError(f"--weights, --id: expected only with a run folder, {path} is {what} alone")
