"""What schemathesis asks of every answer of the service: no fault, no NaN, no path of the machine, no traceback.

SCHEMATHESIS_HOOKS=fuzz_hooks, in its environment; SERVED is the server's folder, COUNTED a file that gets the count of
answers by status now and then. An answer that takes too long (504) is no fault: it says to send a job.
"""

import json
import os
from collections import Counter
from pathlib import Path

import schemathesis

# In parts, for hypothesis sends the words that it finds in modules beside it.
HIDDEN = (os.environ["SERVED"], "site-" + "packages", "/loopcast/" + "service/", "Traceback " + "(most recent")
COUNTED = Path(os.environ["COUNTED"])
EVERY, TOO_LONG = 50, 504
counts: Counter[int] = Counter()


def refuse(word: str) -> None:
    raise AssertionError(f"the answer holds {word}, which is no JSON")


@schemathesis.hook
def after_call(context, case, response) -> None:
    counts[response.status_code] += 1
    if sum(counts.values()) % EVERY == 0:
        COUNTED.write_text(json.dumps(counts))


@schemathesis.check
def tells_nothing(context, response, case) -> None:
    text = response.content.decode("utf-8", "replace")
    assert response.status_code < 500 or response.status_code == TOO_LONG, text
    shown = [each for each in HIDDEN if each in text]
    assert not shown, f"the answer holds {shown[0]}"
    if "json" in response.headers.get("content-type", [""])[0]:
        json.loads(text, parse_constant=refuse)
