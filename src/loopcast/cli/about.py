"""loopcast --version: the version, and what it runs on."""

from collections.abc import Iterator
from importlib.metadata import version
from typing import Annotated

from cyclopts import Parameter

from loopcast import __version__
from loopcast.errors import printable


def about(
    *, verbose: Annotated[bool, Parameter(negative="", help="Also the kernels, libraries, devices and cache.")] = False
) -> None:
    """Print the version; with --verbose also what trains the networks, on what, and where programs are kept."""
    print(__version__)
    if verbose:
        for name, fact in facts():
            print(printable(f"{name:10} {fact}"))


def facts() -> Iterator[tuple[str, str]]:
    """What a report of a fault should say, by name."""
    import platform

    import jax

    from loopcast.kernels import instructions
    from loopcast.nn.network import Network

    path = Network(cell="lstm", units=(1,), inputs=1, outputs=1).path(masked=False)
    yield "kernels", instructions() if path.name == "kernels" else f"none: {path.reason}"
    yield "libraries", ", ".join(f"{name} {version(name)}" for name in ("jax", "jaxlib", "keras", "numpy"))
    yield "python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    yield "devices", ", ".join(f"{device.platform}:{device.id} ({device.device_kind})" for device in jax.devices())
    yield "cache", kept()


def kept() -> str:
    """Where compiled programs are kept, and how many there are."""
    from loopcast.cache import enable_compile_cache

    programs = enable_compile_cache()
    if programs.folder is None:
        return f"none: {programs.why_not}"
    sizes = [path.stat().st_size for path in programs.folder.glob("*-cache")]
    return f"{programs.folder}: {len(sizes)} programs, {sum(sizes) / 1000:.0f} kB"
