"""Which columns fit, and how wide they are."""

import pytest

from webduh_console.console.cells import APP_COLUMNS, DEPLOYMENT_COLUMNS
from webduh_console.console.widgets.columns import GAP, Column, layout

NATURAL = [12, 15, 10, 5, 22, 5, 4, 4, 14, 3, 24]


@pytest.mark.parametrize("width", range(1, 240, 7))
@pytest.mark.parametrize(
    ("columns", "natural"), [(APP_COLUMNS, NATURAL), (DEPLOYMENT_COLUMNS, [12, 15, 10, 10, 40, 5, 10, 12])]
)
def test_the_columns_never_take_more_than_the_width(
    columns: tuple[Column, ...], natural: list[int], width: int
) -> None:
    shown = layout(columns, natural, width)
    assert sum(size for _, size in shown) + GAP * (len(shown) - 1) <= max(width, 1)
    assert shown


def test_what_matters_most_is_shown_in_eighty_columns() -> None:
    keys = [APP_COLUMNS[index].key for index, _ in layout(APP_COLUMNS, NATURAL, 77)]
    assert keys == ["state", "app", "environment", "release", "address", "cpu"]


def test_everything_is_shown_when_there_is_room() -> None:
    assert len(layout(APP_COLUMNS, NATURAL, 157)) == len(APP_COLUMNS)


def test_a_growing_column_takes_what_is_left() -> None:
    columns = (Column("a", "A"), Column("b", "B", grow=True))
    assert layout(columns, [5, 5], 40) == [(0, 5), (1, 33)]
