"""What goes wrong, as problem details (RFC 9457): a sentence, its kind, and options that mend it where there are some.

No answer names a path of this machine or holds a traceback: that goes to the log of the server.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from loopcast.errors import LoopcastError, OptionError, brief, printable

BAD, TOO_LARGE, UNSOUND, FAILED = 400, 413, 422, 500
MOST_SAID = 2000  # characters of a sentence
MEDIA_TYPE = "application/problem+json"


class Problem(Exception):  # noqa: N818 - it is no fault of the program
    """An answer that is a problem. cure: options that mend it."""

    def __init__(
        self,
        status: int,
        detail: str,
        kind: str | None = None,
        headers: Mapping[str, str] | None = None,
        cure: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.kind, self.headers, self.cure = status, detail, kind, dict(headers or {}), cure

    def facts(self) -> dict[str, Any]:
        """As plain values."""
        known = {"kind": self.kind, "cure": self.cure}
        return {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            **{name: value for name, value in known.items() if value},
        }

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> "Problem":
        """The problem that `facts` wrote."""
        return cls(facts["status"], facts["detail"], facts.get("kind"), cure=facts.get("cure"))


def problem_of(error: BaseException, *hidden: str) -> Problem:
    """An error of a task as a problem. hidden: paths, which are left out of its sentence."""
    kind = type(error).__name__
    if isinstance(error, MemoryError):
        return Problem(TOO_LARGE, "there is not enough memory for this: send less at once", kind)
    if not isinstance(error, LoopcastError):
        return Problem(FAILED, "the server failed at this; its log says why", kind)
    text = str(error)
    for path in filter(None, hidden):
        text = text.replace(f"{path}/", "").replace(path, "the folder of the server")
    status = BAD if isinstance(error, OptionError) else UNSOUND
    return Problem(status, brief(printable(text), MOST_SAID), kind, cure=getattr(error, "cure", None))
