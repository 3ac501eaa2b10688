"""Sizes that near ones share, so that what is compiled for one serves the others."""

FARTHEST = 10  # ranges of a history that forecasts which are fed back may leave it by


def power_of_two(number: int) -> int:
    """The smallest power of two that is at least `number`.

    >>> power_of_two(1), power_of_two(5), power_of_two(8)
    (1, 8, 8)
    """
    return 1 << max(number - 1, 0).bit_length()
