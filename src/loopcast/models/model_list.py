"""Several forecasters at once: told apart by their names, and asked for one table."""

from collections.abc import Sequence
from typing import Any

from loopcast.columns import Bands, Columns
from loopcast.data.convert import as_panel
from loopcast.data.prediction import to_table
from loopcast.errors import OptionError
from loopcast.models.forecaster import Forecaster
from loopcast.validation import check_positive


def forecast(
    models: Forecaster | Sequence[Forecaster],
    data: Any,
    horizon: int,
    *,
    level: float | Sequence[float] = (),
    quantiles: float | Sequence[float] = (),
    future: Any = None,
    columns: Columns | None = None,
) -> Any:
    """Fit copies of the models on `data` and forecast: one table, a row per series and time, a column per model.

    data: a panel, or a table whose columns `columns` names. level, quantiles: further columns, as in
    `Forecaster.predict`. future: a table of the future covariates of each of these steps, where there are some.
    OptionError for models of one name; errors of `fit` and `predict`.

    >>> from loopcast.models.baselines import Drift, Naive
    >>> forecast([Naive(), Drift()], [1.0, 2.0, 3.0], 1).rows()
    [(3, 3.0, 4.0)]
    """
    panel, steps, bands = (
        as_panel(data, columns=columns),
        check_positive("horizon", horizon),
        Bands.of(level, quantiles),
    )
    panel.require_informative()
    ahead = panel if future is None else panel.with_future(future)
    predictions = []
    for each in as_model_list(models):
        fitted = each.with_options(horizon=each.horizon or steps).fit_panel(panel, calibrate=bool(bands))
        predictions.append(fitted.model.predict_bands(ahead, steps, bands))
    return to_table(predictions)


def as_model_list(models: Forecaster | Sequence[Forecaster]) -> list[Forecaster]:
    """The models as a list, none of which shows a bar of its own; OptionError unless their names differ."""
    each = [models] if isinstance(models, Forecaster) else list(models)
    wrong = [one for one in each if not isinstance(one, Forecaster)]
    if wrong:
        raise OptionError(f"models are forecasters such as Naive(), got {wrong[0]!r}")
    names = [one.name for one in each]
    if not names or len(set(names)) < len(names):
        raise OptionError(f"give models with different names (option alias), got {names}")
    return [one.with_options(show_progress=False) if "show_progress" in one.get_params() else one for one in each]


def with_seed(models: Sequence[Forecaster], more: int) -> list[Forecaster]:
    """Those that draw random numbers, from another seed."""
    return [one.with_options(seed=one.get_params()["seed"] + more) for one in models if "seed" in one.get_params()]
