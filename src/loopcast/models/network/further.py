"""How long a network goes on learning once its measured rows are given back."""

FURTHER = 4  # a part in so many as on the rows before are made on all rows


def further_updates(updates: int) -> int:
    """Updates on all rows, after so many on the rows that come before the measured ones.

    >>> further_updates(400), further_updates(2)
    (100, 1)
    """
    return max(updates // FURTHER, 1)
