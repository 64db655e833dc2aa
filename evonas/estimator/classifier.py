"""The classifier: scikit-learn's side of a search."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, check_is_fitted, check_X_y, validate_data

from ..errors import UserError
from ..settings import said
from .fitted import FittedNetwork
from .layout import Layout
from .samples import divided
from .searching import search_and_train
from .units import Units
from .wishes import Wishes

if TYPE_CHECKING:
    from torch import nn

    from ..architecture import Architecture
    from ..evolution import Genome
    from ..network import Deployable
    from ..results import SearchResult

SEEDS = 2**31 - 1
"""Seeds that are drawn are below this."""


class EvolvedClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """A classifier whose `fit` searches for a network and trains the best that it has found.

    A part of the samples (a fifth, of 10,000 or more a tenth) validates candidates, each class in proportion;
    the final training learns from all of them. Weights of samples are not supported.

    Samples are flat rows, which become images (`image_shape`), or images (N, H, W), (N, H, W, C) or
    (N, C, H, W). Images of type uint8 stay bytes, others are brought to mean 0 and deviation 1 in float64
    before a network sees them in float32; so they may have any units. Labels are integers or text.

    Args:
        genome: What evolves: a genome's name, or its class. By default one that begins with a small network
            and lets it grow by morphisms, which costs the least.
        strategy: How: a strategy's name or class; None for that of the genome's recipe.
        budget: Candidates to evaluate; by default the first network and four climbs to the best of four.
        max_seconds: No evaluation begins after so long; None for no limit. With one, the same
            ``random_state`` may give another network.
        epochs: Of each candidate; None for the recipe's.
        final_epochs: Of the final training; None for the recipe's, 0 for none: the best keeps the weights of
            the search then.
        max_parameters: Candidates with more are rejected before training; None for no limit.
        workers: Worker processes; ``auto`` for one on each share of the cores; None for none.
        run: A folder in which every `fit` keeps its run: ``fit-1``, and its images ``fit-1.npz``; then
            ``fit-2``, and so on. None keeps all in memory.
        image_shape: What flat rows are: (height, width) or (height, width, channels), in the order of
            ``numpy.reshape``. None: a square number of features, 16 or more, is a square picture; any other
            row fills the smallest square that holds it whose side is a multiple of 4, at least 8, and the
            rest has the median of all values. Of images in four dimensions it says which axis has the
            channels; by default the last, unless that has more than four entries and the second has not.
        validation_fraction: Part of the samples that validates candidates; None for what the text above says.
        random_state: As of all of scikit-learn: a whole number, a `numpy.random.RandomState` or None.
        verbose: 0 is quiet; 1 prints a line for each candidate, 2 for each epoch of the final training, too.
        settings: More arguments of `evonas.evolve` by name, such as ``{"device": "cpu", "population": 8}`` or
            ``{"config": {"training": {"cutout": 2}}}``.

    Attributes:
        classes_: The labels, ascending, shape (K,).
        n_features_in_: Numbers in a sample, channels included.
        feature_names_in_: Names of the columns, where X was a data frame that has them.
        image_shape_: Height, width and channels of the images that samples became.
        history_: A dict for each candidate of the search.
        fitted_: The network, as it is pickled.
    """

    def __init__(
        self,
        genome: str | type[Genome] = "graph",
        *,
        strategy: Any = None,
        budget: int = 17,
        max_seconds: float | None = None,
        epochs: int | None = None,
        final_epochs: int | None = None,
        max_parameters: int | None = None,
        workers: int | str | None = None,
        run: str | Path | None = None,
        image_shape: tuple[int, ...] | None = None,
        validation_fraction: float | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.genome = genome
        self.strategy = strategy
        self.budget = budget
        self.max_seconds = max_seconds
        self.epochs = epochs
        self.final_epochs = final_epochs
        self.max_parameters = max_parameters
        self.workers = workers
        self.run = run
        self.image_shape = image_shape
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.verbose = verbose
        self.settings = settings

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Searches, and trains the best.

        Args:
            X: Rows (N, features), or images (N, H, W), (N, H, W, C) or (N, C, H, W): finite numbers.
            y: Labels, shape (N,).

        Raises:
            UserError: A ValueError: samples, labels or a parameter are not as expected, or the search has
                found no network.
        """
        samples, targets = self._read_training(X, y)
        classes, labels = np.unique(targets, return_inverse=True)
        if len(classes) < 2:
            raise UserError(
                f"y: expected labels of at least two classes, got one class, {classes.tolist()[0]!r}"
            )
        layout = Layout.of(samples, self.image_shape)
        images = layout.images(samples)
        units = Units.of(images)
        seed = self._seed()
        names = tuple(map(str, classes.tolist()))
        fraction = _plain(self.validation_fraction)
        learnt = divided(units.stored(images), labels.astype(np.int64), names, fraction, seed)
        found = search_and_train(learnt, units, not layout.padded, self._wishes(), seed)
        self.classes_ = classes
        self.n_features_in_ = layout.values
        self.image_shape_ = layout.shape
        self.history_ = list(found.result.history)
        self.fitted_ = found.fitted
        self._layout = layout
        self._result: SearchResult | None = found.result
        self._folder: Path | None = found.result.folder
        return self

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The likeliest class of each sample, shape (N,).

        Args:
            X: As in `fit`: rows of as many features, or images of the same shape.

        Raises:
            NotFittedError: Before `fit`.
            ValueError: They are of another shape, or not finite.
        """
        probabilities = self.predict_proba(X)
        found: NDArray[Any] = self.classes_[probabilities.argmax(axis=1)]
        return found

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Probabilities of `classes_`, shape (N, K), computed in float64.

        Args:
            X: As of `predict`.

        Raises:
            NotFittedError: Before `fit`.
            ValueError: As of `predict`.
        """
        check_is_fitted(self, "fitted_")
        samples = self._read(X)
        return self.fitted_.probabilities(self._layout.images(samples))

    @property
    def network_(self) -> nn.Module:
        """The network as a plain module in evaluation mode, made anew: it is yours to change.

        It reads images (N, C, H, W) as float32, in the units of X, and gives logits.
        """
        return self._fitted("network_").network()

    @property
    def architecture_(self) -> Architecture:
        """Its architecture, with the normalisation of the images in front."""
        return self._fitted("architecture_").architecture

    @property
    def deployable_(self) -> Deployable:
        """What `evonas.network.export.export` writes to a file that runs without evonas."""
        return self._fitted("deployable_").deployable()

    @property
    def run_(self) -> SearchResult:
        """The search. It is not pickled; of a run that is kept it is read from its folder then.

        Raises:
            AttributeError: It was in memory alone, and the classifier has been pickled or copied since.
        """
        self._fitted("run_")
        if self._result is None:
            from ..api import load

            if self._folder is None:
                raise AttributeError(
                    "run_: it was kept in memory, and is not pickled or copied; history_ is, and run=FOLDER "
                    "keeps all of it"
                )
            self._result = load(self._folder)
        return self._result

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = dict(super().__getstate__())
        return state | {"_result": None} if "_result" in state else state

    def _fitted(self, asked: str) -> FittedNetwork:
        """What `fit` has made.

        Raises:
            NotFittedError: An AttributeError: it was not called.
        """
        check_is_fitted(self, "fitted_", msg=f"{asked}: this %(name)s instance is not fitted yet; call fit")
        fitted: FittedNetwork = self.fitted_
        return fitted

    def _wishes(self) -> Wishes:
        choices = ("strategy", "budget", "max_seconds", "epochs", "max_parameters", "workers")
        return Wishes(
            self.genome,
            said(**{name: _plain(getattr(self, name)) for name in choices}),
            _plain(self.final_epochs),
            self.run,
            self.settings,
            print if self.verbose >= 1 else None,
            print if self.verbose >= 2 else None,
        )

    def _seed(self) -> int:
        """The seed of a fit: a number is taken as it is, as that of a search from the command line."""
        source = check_random_state(self.random_state)
        if isinstance(self.random_state, int | np.integer):
            return int(self.random_state)
        return int(source.randint(SEEDS))

    def _read_training(self, X: ArrayLike, y: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
        """Samples of type uint8, float32 or float64, and their labels.

        Raises:
            ValueError: They are not as expected.
        """
        if _are_images(X):
            samples, targets = check_X_y(X, y, allow_nd=True, estimator=self)
            if hasattr(self, "feature_names_in_"):
                del self.feature_names_in_  # of rows that were fitted before
        else:
            samples, targets = validate_data(self, X, y)
        check_classification_targets(targets)
        known = samples.dtype in (np.uint8, np.float32, np.float64)
        return samples if known else samples.astype(np.float64), targets

    def _read(self, X: ArrayLike) -> NDArray[Any]:
        """Samples to classify, of any numeric type; rows as float64, so that any padding fits.

        Raises:
            ValueError: They are not as expected.
        """
        if _are_images(X):
            images: NDArray[Any] = check_array(X, allow_nd=True, estimator=self)
            return images
        rows: NDArray[Any] = validate_data(self, X, reset=False, dtype=np.float64)
        return rows


def _plain(value: Any) -> Any:
    """A number of NumPy's, of which searches over parameters make grids, as one of Python's."""
    return value.item() if isinstance(value, np.generic) else value


def _are_images(samples: Any) -> bool:
    """Whether samples have three or four axes; all else is for scikit-learn to take as rows, or to refuse."""
    axes = getattr(samples, "ndim", None)
    if axes is None:
        try:
            axes = np.asarray(samples).ndim
        except ValueError:  # lists of unequal lengths
            return False
    return axes in (3, 4)
