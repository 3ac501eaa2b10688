"""What is said of how far many files have come."""

from loopcast.tasks.files_progress import FilesProgress


def test_the_estimate_counts_the_bytes_left_at_the_rate_of_this_run_alone(tmp_path):
    files = [tmp_path / name for name in ("a", "b", "c")]
    for path in files:
        path.write_bytes(bytes(1000))
    said, now = [], [0.0]
    progress = FilesProgress(files, said.append, said.append, lambda: now[0])
    progress.found(files[0], 500)
    now[0] = 2.0
    progress.done(files[0], 250, 10)
    assert said == []  # not a line for each part
    now[0] = 10.0
    progress.done(files[0], 250, 10)
    assert said == ["20 series in 2 parts, 2 a second; about 40 s left"]
    progress.failed(files[1], "no Parquet")
    progress.failed(files[1], "again")
    now[0] = 20.0
    progress.done(files[2], 500, 20)
    assert said[1:] == [f"{files[1]}: no Parquet", "40 series in 3 parts, 2 a second; about 10 s left"]
    assert (progress.finished, progress.failures) == (1, {files[1]: "no Parquet"})
