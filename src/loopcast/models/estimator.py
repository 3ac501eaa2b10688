"""What forecasters and imputers share: frozen options, and what `fit` left."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, NoReturn, Self

from loopcast.errors import NotFittedError, OptionError
from loopcast.models.bounds import Bounds, Lower
from loopcast.models.provenance import facts_of


@dataclass(frozen=True, kw_only=True, eq=False)
class Estimator:
    """Options are the frozen fields; what `fit` learned is one immutable value beside them, `model`."""

    runtime: ClassVar[frozenset[str]] = frozenset()  # options that say how to run; a model file leaves them out
    network: ClassVar[bool] = False  # True for what has to beat the others, its baselines
    chooses: ClassVar[bool] = False  # True where its model is that of another
    model_type: ClassVar[Any] = None  # of what `fit` leaves; None where that is another estimator's

    _model: Any = field(default=None, init=False, repr=False)

    @property
    def cheap_to_refit(self) -> bool:
        """Whether `fit` may fit a copy without the last rows, to calibrate from: nothing is trained."""
        return True

    @classmethod
    def option_names(cls) -> frozenset[str]:
        """The names of the options."""
        return frozenset(option.name for option in fields(cls) if option.init)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The options by name, as scikit-learn asks for them.

        >>> from loopcast.models.baselines import SeasonalNaive
        >>> SeasonalNaive(season=7).get_params()["season"]
        7
        """
        return {option.name: getattr(self, option.name) for option in fields(self) if option.init}

    def set_params(self, **params: Any) -> NoReturn:
        """Options are frozen: OptionError that names `with_options`."""
        raise OptionError(f"options do not change: take a new one, with_options({', '.join(params)}=...)")

    def with_options(self, **options: Any) -> Self:
        """One with other options, not fitted.

        >>> from loopcast.models.baselines import SeasonalNaive
        >>> SeasonalNaive(season=7).with_options(alias="Last week").name
        'Last week'
        """
        return replace(self, **options)

    def to_code(self) -> str:
        """The Python expression that makes it, less options left as they are or that say how to run it.

        >>> from loopcast.models.baselines import SeasonalNaive
        >>> SeasonalNaive(season=7).to_code()
        'loopcast.SeasonalNaive(season=7)'
        """
        defaults = {option.name: option.default for option in fields(self)}
        chosen = [name for name, value in self.stored_options().items() if value != defaults[name]]
        arguments = [f"{name}={_code(getattr(self, name))}" for name in chosen]
        return f"loopcast.{type(self).__name__}({', '.join(arguments)})"

    def stored_options(self) -> dict[str, Any]:
        """The options that a model file holds, as plain values: all but those that say how to run."""
        return {name: _plain(value) for name, value in self.get_params().items() if name not in self.runtime}

    def parts(self) -> list[Any]:
        """The estimators among its options, and theirs."""
        own = [part for value in self.get_params().values() for part in estimators_in(value)]
        return [each for part in own for each in (part, *part.parts())]

    @property
    def has_network(self) -> bool:
        """Whether it is one that has to beat the others, or has such a part."""
        return any(each.network for each in (self, *self.parts()))

    @property
    def model(self) -> Any:
        """What `fit` left; NotFittedError before it."""
        if self._model is None:
            raise NotFittedError(f"{type(self).__name__} is not fitted: call fit(data) first")
        return self._model

    @property
    def is_fitted(self) -> bool:
        """Whether there is a model."""
        return self._model is not None

    @property
    def metadata(self) -> dict[str, Any]:
        """What a log of experiments is to know of a fit, as plain values that JSON takes; NotFittedError before it.

        kind, options (all but those that say how to run), description; parameters: how many numbers the fit set;
        fitted_at (UTC), series, rows, first, last: when, and on what; targets, freq; python, numpy, jax: their
        versions then; tags: of its file.

        >>> from loopcast.models.baselines import Naive
        >>> metadata = Naive().fit([1.0, 2.0, 3.0]).metadata
        >>> metadata["kind"], metadata["rows"], metadata["last"], metadata["options"]["horizon"]
        ('Naive', 3, '2', None)
        """
        return {"kind": type(self).__name__, "options": self.stored_options(), **facts_of(self.model)}

    def save(self, path: str | os.PathLike[str], *, tags: Mapping[str, str] | None = None) -> None:
        """Write one model file, whole or not at all; it holds what was learned and none of the series.

        tags: words of your own, such as {"owner": "ada"}, which `describe` and `loopcast show` repeat; None keeps those
        of the file that it came from. `loopcast.load` reads it. NotFittedError before `fit`; OptionError for a class of
        your own that is not registered (`loopcast.register`); OSError as the system gives it.
        """
        from loopcast.storage import model_file

        model_file.save(self, path, tags)

    def set_model(self, model: Any) -> Self:
        """Keep what a fit or a file gave; the only thing about it that ever changes."""
        object.__setattr__(self, "_model", model)
        return self


def estimators_in(option: Any) -> list[Any]:
    """Those that an option is made of."""
    return [each for each in option if isinstance(each, Estimator)] if isinstance(option, tuple) else []


def _plain(option: Any) -> Any:
    """An option in which an estimator is its kind and its own options."""
    found = estimators_in(option)
    return tuple({"kind": type(each).__name__, "options": each.stored_options()} for each in found) or option


def _code(option: Any) -> str:
    """The Python expression for an option."""
    found = estimators_in(option)
    return f"[{', '.join(each.to_code() for each in found)}]" if found else repr(option)


@dataclass(frozen=True, kw_only=True, eq=False)
class BoundedEstimator(Estimator):
    """What gives values that are to stay within bounds.

    lower, upper: what forecasts, fills, intervals and paths never leave. lower "auto" is 0 for a series and target that
        was never negative, and else none; None is none.
    integer: whether only whole numbers can come; the ends of intervals are then rounded outwards.
    """

    lower: Lower = "auto"
    upper: float | None = None
    integer: bool = False

    def __post_init__(self) -> None:
        _ = self.bounds  # an error now, and not when a forecast asks

    @property
    def bounds(self) -> Bounds:
        """What nothing that it gives leaves."""
        return Bounds(lower=self.lower, upper=self.upper, integer=self.integer)
