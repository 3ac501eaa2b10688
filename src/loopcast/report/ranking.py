"""The leaderboard as a page shows it: which columns, what they mean, how their numbers are written."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from loopcast.columns import TARGET_NAME
from loopcast.evaluation.leaderboard import Leaderboard
from loopcast.report.model_styles import ModelStyle

MISSING = "\N{EN DASH}"
LEAST_P = 0.001


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of the leaderboard: its title, what it means, and how its numbers are written."""

    key: str
    title: str
    meaning: str
    form: str


COLUMNS = (
    Column(key="mase", title="MASE", meaning="mean absolute error, in units of the seasonal change of the series; "
           "below 1 is better than repeating the last season", form="{:.3f}"),
    Column(key="smape", title="sMAPE", meaning="symmetric mean absolute percentage error, 0 to 200", form="{:.2f}"),
    Column(key="mae", title="MAE", meaning="mean absolute error, in the units of the data", form="{:#.4g}"),
    Column(key="rmse", title="RMSE", meaning="root mean squared error, in the units of the data", form="{:#.4g}"),
    Column(key="spread", title="Spread", meaning="standard deviation of the error over series", form="{:.3g}"),
    Column(key="seed_spread", title="Seed spread", meaning="standard deviation of the error over seeds", form="{:.2g}"),
    Column(key="skill", title="Skill", meaning="by how much the error is below the best baseline's; negative is above",
           form="{:+.1%}"),
    Column(key="p_value", title="p", meaning="how likely such a difference from the best baseline would be by chance "
           "(Diebold-Mariano)", form="{:.3f}"),
    Column(key="fit_seconds", title="Fit, s", meaning="seconds to fit, all cutoffs and seeds together", form="{:.2f}"),
    Column(key="predict_seconds", title="Predict, s", meaning="seconds to forecast, all cutoffs and seeds together",
           form="{:.2f}"),
    Column(key="parameters", title="Parameters", meaning="numbers that the fit set", form="{:,.0f}"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class RankingRow:
    """A model of the leaderboard; model: as it is in the charts, None if it is in none; cells: numbers, their text.

    target: on which of several targets; "" on all of them.
    """

    name: str
    network: bool
    model: ModelStyle | None
    cells: tuple[tuple[float | None, str], ...]
    target: str = ""


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """The leaderboard as text, best first; columns: those that have a value."""

    measure: str
    columns: tuple[Column, ...]
    rows: tuple[RankingRow, ...]


def ranking(leaderboard: Leaderboard, models: Sequence[ModelStyle]) -> Ranking:
    """The leaderboard as a page shows it; columns in which no model has a value are left out."""
    return ranking_of(leaderboard.table, leaderboard.measure, models)


def ranking_by_target(leaderboard: Leaderboard, models: Sequence[ModelStyle]) -> Ranking | None:
    """The errors on each target as a page shows them; None of one target."""
    table = leaderboard.targets
    return None if table is None else ranking_of(table, leaderboard.measure, models)


def ranking_of(table: pl.DataFrame, measure: str, models: Sequence[ModelStyle]) -> Ranking:
    """A row of the page for each row of the table."""
    known = [*COLUMNS[:8], *coverage_columns(table), *COLUMNS[8:]]
    columns = tuple(each for each in known if each.key in table.columns and table[each.key].count())
    drawn = {model.name: model for model in models}
    rows = (
        RankingRow(
            name=row["model"],
            network=row["network"],
            model=drawn.get(row["model"]),
            cells=tuple((row[each.key], format_cell(row[each.key], each)) for each in columns),
            target=row.get(TARGET_NAME, ""),
        )
        for row in table.iter_rows(named=True)
    )
    return Ranking(measure=measure, columns=columns, rows=tuple(rows))


def coverage_columns(table: pl.DataFrame) -> list[Column]:
    """A column for each level of intervals."""
    levels = [name.removeprefix("coverage-") for name in table.columns if name.startswith("coverage-")]
    meaning = "percent of values that were within the {} % interval; {} would be right"
    return [
        Column(key=f"coverage-{level}", title=f"In {level} %", meaning=meaning.format(level, level), form="{:.1f}")
        for level in levels
    ]


def format_cell(value: float | None, column: Column) -> str:
    """A number as the column writes it; a dash where there is none, and a p-value too small to write as such."""
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return MISSING
    if column.key == "p_value" and value < LEAST_P:
        return f"<{LEAST_P}"
    return column.form.format(value).removesuffix(".")
