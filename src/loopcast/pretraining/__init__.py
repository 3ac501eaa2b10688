"""The generator of synthetic series, and the program that makes the shipped weights from them alone."""
