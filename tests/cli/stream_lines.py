"""Lines that tests give to loopcast stream."""

import json

from live.made import at, values


def text_of(row):
    return at(row).isoformat().replace("+00:00", "Z")


def line_of(row, y, id_="a", **more):
    return json.dumps({"unique_id": id_, "ds": text_of(row), "y": y} | more)


def lines_of(rows=range(60, 200), ids="ab"):
    came = values(400, seed=5)
    return [line_of(row, round(float(came[row % 400]), 3), id_) for row in rows for id_ in ids]
