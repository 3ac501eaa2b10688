"""Names of the numbers that a network is shown, in their order, for those who feed it from elsewhere.

"lag 3" is a value three rows ago; "season" of a row is what its phase adds; "level" is the mean of a season.
"""

INPUT_NAMES = (
    *(f"lag {rows} less its season - level" for rows in range(8)),
    "value - level",
    "level - level a season ago",
    "level a season ago - level two ago",
    "level - level half a season ago",
    "level - level four seasons ago",
    "level - slow level",
    "value - value a season ago",
    "value - value two seasons ago",
    "lag 1 - value a season before",
    "lag 2 - value a season before",
    "size of seasonal changes",
    "steps beside seasonal changes",
    "recent beside seasonal changes",
    "errors of level and season beside seasonal changes",
    "square beside seasonal changes",
    "slope",
    "mean of steps",
    "steps go on",
    "seasonal changes come again",
    "rows so far",
    "seasons so far",
    "steps in a season",
    "no season",
    "observed",
    "age of the latest value",
    "written as it is",
    "share of zeros",
    "second season",
    "value - value a second season ago",
    "level - level a second season ago",
    "level - level of the second season",
    "changes of the second season beside seasonal changes",
    "second season in seasons",
)

CANDIDATE_NAMES = (
    "slow season",
    "fast season",
    "last value of the phase",
    "value of the phase before",
    "level and season as they are",
    "latest step",
    "slope",
    "last value of the phase in the second season",
    "level and second season",
    "level in the second season",
)

CODE_NAMES = (
    "steps ahead",
    "steps ahead in seasons",
    "seasons ahead",
    "whole seasons ahead",
    "steps in a season",
    "second season",
    "steps ahead without a season",
    "steps ahead beside rows so far",
)
