"""`python -m loopcast` is the `loopcast` program."""

from loopcast.cli.main import main

if __name__ == "__main__":
    main()
