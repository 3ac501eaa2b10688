"""The `loopcast` program, which `python -m loopcast` is too: ready for Ctrl-C before it loads anything."""

from loopcast.cli import interrupts


def main() -> None:
    """Run the command line, and exit with its code."""
    interrupts.end_at_once()
    from loopcast.cli.main import main as run_command

    run_command()


if __name__ == "__main__":
    main()
