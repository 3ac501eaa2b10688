"""Text that is no number, and what it seems to mean: a number as spreadsheets write it, or a word for a missing one."""

import re
import unicodedata

from loopcast.errors import quote

MISSING = frozenset(
    (
        "",
        "na",
        "n/a",
        "n.a.",
        "nil",
        "null",
        "none",
        "nan",
        "missing",
        "unknown",
        "-",
        "--",
        "?",
        ".",
        "..",
        "...",
        "*",
        "x",
    )
)
MINUS = re.compile(r"[\u2012-\u2015\u2212\ufe63\uff0d]")  # dashes, and the minus sign that is no hyphen
GROUPS = re.compile(r"(?<=\d)[\s'\u2019_](?=\d{3}(\D|$))")  # between thousands: a space of any kind, an apostrophe
AMOUNT = re.compile(r"(?P<before>[^\d.,+-]*)(?P<number>[+-]?[\d.,]*\d[.,]?(?:[eE][+-]?\d+)?)(?P<after>[^\d]*)")
PLAIN = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
SEPARATED = "thousands are separated"


def number_cure(text: str) -> str:
    """What to write instead of a text that is no number.

    >>> number_cure("1.200,50")
    'thousands are separated, and decimals have a comma: write 1200.50'
    """
    if text.strip().casefold() in MISSING or text.startswith("#"):  # such as #DIV/0! and #N/A of a spreadsheet
        return "write a missing value as NaN or leave it empty"
    if PLAIN.fullmatch(text.strip()):
        return "remove the spaces around it"
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", text):  # 1,200 may be 1200 or, with a comma for decimals, 1.2
        return "write thousands without a comma, and decimals with a point"
    number, seen = _meant(text.strip())
    if number is None:
        return "write a plain number such as 1200.50, leave it empty where it is missing, or drop the row"
    if seen == ["decimals have a comma"]:
        return f"write decimals with a point, not a comma: {number}"
    return f"{', and '.join(seen)}: write {number}"


def _meant(text: str) -> tuple[str | None, list[str]]:
    """The number that a text seems to mean, None for none, and what is unusual about how it is written."""
    seen = []
    digits = "".join(str(unicodedata.decimal(each, each)) for each in text)
    if digits != text:
        seen.append("its digits are of another script")
    text = MINUS.sub("-", digits)
    if text != digits:
        seen.append("its minus is no hyphen")
    if re.fullmatch(r"\(.*\)|[^-]*\d\s*-", text):
        seen.append("brackets mean minus" if text.startswith("(") else "the minus is behind")
        text = "-" + text.strip("()- ")
    whole = GROUPS.sub("", text)
    if whole != text:
        seen.append(SEPARATED)
    parts = AMOUNT.fullmatch(re.sub(r"^-(\D+)(?=\d)", r"\1-", whole))
    if parts is None:
        return None, seen
    number, marks = _with_point(parts["number"])
    seen += [mark for mark in marks if mark not in seen]
    unit = (parts["before"] + parts["after"]).strip()
    if unit:
        seen.append(f"{quote(unit)} is no part of it")
    return (number if PLAIN.fullmatch(number) else None), seen


def _with_point(number: str) -> tuple[str, list[str]]:
    """A number with a point for decimals and nothing between thousands."""
    grouped = re.fullmatch(r"[+-]?\d{1,3}(?:([.,])\d{3}(?:\1\d{3})*)(?:(?!\1)[.,]\d*)?", number)
    decimal = max(number.rfind(","), number.rfind("."))
    if grouped and (number[decimal] != grouped[1]):  # 1.200,50 and 1,200.50
        comma = ["decimals have a comma"] if number[decimal] == "," else []
        return f"{re.sub('[.,]', '', number[:decimal])}.{number[decimal + 1 :]}", [SEPARATED, *comma]
    if grouped and (number.count(grouped[1]) > 1 or grouped[1] == ","):
        return re.sub(r"[.,]", "", number), [SEPARATED]
    return number.replace(",", "."), ["decimals have a comma"] if "," in number else []
