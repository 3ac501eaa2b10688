"""What a comparison of models comes to, in one plain sentence."""

from typing import NamedTuple

from loopcast.significance import NOISE, Comparison


class Entry(NamedTuple):
    """A model and its error."""

    name: str
    error: float


def verdict(measure: str, baseline: Entry | None, network: Entry | None, *, models: int, test: Comparison) -> str:
    """Which model to use, and whether it is better by more than noise.

    measure: what the errors are, such as "mase". baseline, network: the best of each; None where there is none.
    models: how many there are. test: of the network's errors against the baseline's.

    >>> test = Comparison(mean=-0.05, p_value=0.003, says="")
    >>> verdict("mase", Entry("Linear", 1.17), Entry("Recurrent", 1.12), models=2, test=test)[:66]
    'Use Recurrent: its MASE of 1.12 is 4.3 % below that of the best ba'
    """
    called = measure.upper()
    if baseline is None or network is None:
        return _of_one_kind(called, baseline, network, models)
    if network.error < baseline.error:
        return _better(called, baseline, network, test)
    if network.error == baseline.error:
        error = f"{with_article(called)} of {number(network.error)}"
        return f"Use {baseline.name}: {network.name} comes to the same, at {error}."
    if baseline.error == 0:
        error = f"{with_article(called)} of {number(network.error)}"
        return f"Use {baseline.name}: it is perfect here, and {network.name} is not, with {error}."
    errors = f"{with_article(called)} of {number(network.error)} against {number(baseline.error)}"
    p = "" if test.p_value is None else f" ({format_p(test.p_value)})"
    return f"Use {baseline.name}: {network.name} does not beat it, with {errors}{p}."


def _of_one_kind(called: str, baseline: Entry | None, network: Entry | None, models: int) -> str:
    best = baseline or network
    if best is None:
        return "Use none of these models: none of them made a forecast."
    error = f"{called} of {number(best.error)}"
    if models == 1:
        return f"{best.name} is the only model with forecasts: there is nothing to compare its {error} with."
    lacking = "baseline" if baseline is None else "network"
    return f"Use {best.name}: its {error} is the smallest; there is no {lacking} to compare it with."


def _better(called: str, baseline: Entry, network: Entry, test: Comparison) -> str:
    share = percent(1 - network.error / baseline.error)
    its = f"{called} of {number(network.error)} is {share} below that of the best baseline, {baseline.name},"
    if test.p_value is None:
        return f"Use {network.name}, with care: its {its} but whether that is more than noise is unknown ({test.says})."
    p = format_p(test.p_value)
    if test.p_value < NOISE:
        return f"Use {network.name}: its {its} and the difference is more than noise ({p})."
    return (
        f"Use {baseline.name}: {network.name}'s {its} but the difference may be noise ({p}): "
        f"the simpler {baseline.name} may do as well."
    )


def with_article(called: str) -> str:
    """A measure with its article: MASE is said as a word, MAE letter by letter."""
    return f"an {called}" if called == "MAE" else f"a {called}"


def number(value: float) -> str:
    """A number to three digits, without powers of ten where it is large.

    >>> number(1.1234), number(12345.6)
    ('1.12', '12,346')
    """
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def percent(share: float) -> str:
    """A share in percent, to a tenth.

    >>> percent(0.0421), percent(0.0001)
    ('4.2 %', 'less than 0.1 %')
    """
    return f"{100 * share:.1f} %" if share >= 0.0005 else "less than 0.1 %"


def format_p(p: float) -> str:
    """A p-value of the test, as it is usually given."""
    return "Diebold-Mariano p < 0.001" if p < 0.001 else f"Diebold-Mariano p = {p:.2g}"
