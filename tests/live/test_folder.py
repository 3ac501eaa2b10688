"""A live state in its folder survives: whole, or with the error of what is wrong, and with one writer."""

import json
import os
import shutil
import subprocess
import sys
import zlib

import numpy as np
import pytest

from live.made import at, fitted, panel, send, state_of, values
from loopcast import ModelFileError, OptionError, resume
from loopcast.kernels import LIBRARY
from loopcast.live.journal import entries_of
from loopcast.live.manifest import checksum_of

pytestmark = [
    pytest.mark.skipif(not LIBRARY.exists(), reason="the kernels are not built"),
    pytest.mark.skipif(os.name == "nt", reason="locks, limits and signals are POSIX's"),
]


@pytest.fixture(scope="module")
def forecaster():
    return fitted(series=2)


@pytest.fixture
def folder(forecaster, tmp_path):
    forecaster.live(panel(series=2), lateness=2).save(tmp_path / "a.live")
    return tmp_path / "a.live"


def journaled(folder, rows=20):
    """The folder, with rows in its journal; the state that it has then."""
    live = resume(folder, journal=True)
    send(live, [(60 + i, y) for i, y in enumerate(values(rows))])
    live.update_one("new", at(3), 5.0)
    live.update_one("a", at(59 + rows), 1.5)
    live.forget(["b"])
    live.advance(at(61 + rows))
    live.close()
    return state_of(live)


def test_a_state_comes_back_bit_for_bit_and_goes_on_alike(forecaster, folder):
    live = forecaster.live(panel(series=2), lateness=2)
    again = resume(folder)
    assert state_of(again) == state_of(live)
    for each in (live, again):
        send(each, [(60 + i, y) for i, y in enumerate(values(30))])
    assert state_of(again) == state_of(live)
    assert again.predict(level=[80, 95]).equals(live.predict(level=[80, 95]))
    assert (again.levels, again.horizon, again.ids) == (live.levels, live.horizon, live.ids)


def test_what_the_journal_has_is_done_again(folder):
    done = journaled(folder)
    assert state_of(resume(folder)) == done
    live = resume(folder, journal=True)
    live.save(folder)
    assert (live.journaled, state_of(live)) == (0, done)
    live.update_one("a", at(100), 1.0)
    live.close()
    assert state_of(resume(folder)) == state_of(live)
    assert len(list(folder.iterdir())) == 5


def test_rows_that_are_sent_again_change_nothing(folder):
    live = resume(folder, journal=True)
    rows = [(60 + i, y) for i, y in enumerate(values(20))]
    send(live, rows)
    before = state_of(live)
    live.close()
    again = resume(folder, journal=True)
    assert set(send(again, rows)) <= {"duplicate", "late"}
    assert state_of(again) == before


def test_a_last_entry_that_is_half_there_is_cut_off_and_the_next_one_follows(folder):
    journaled(folder)
    log = folder / "journal-1.log"
    whole = log.read_bytes()
    _, size = entries_of(whole, 1)
    assert size == len(whole)
    for cut in range(1, 40):
        log.write_bytes(whole[:-cut])
        entries, kept = entries_of(whole[:-cut], 1)
        live = resume(folder, journal=True)
        assert (live.journaled, log.stat().st_size) == (len(entries), kept)
        live.close()


def test_a_journal_whose_header_was_not_finished_is_an_empty_one(folder):
    log = folder / "journal-1.log"
    before = state_of(resume(folder))
    log.write_bytes(log.read_bytes()[:7])
    live = resume(folder, journal=True)
    live.update_one("a", at(60), 1.0)
    live.close()
    assert state_of(resume(folder)) == state_of(live) != before


def test_any_other_damage_is_an_error(folder, tmp_path):
    done, rng = journaled(folder), np.random.default_rng(0)
    parts = sorted(each for each in folder.iterdir() if each.name != "lock")
    manifest, silent = json.loads((folder / "manifest.json").read_text()), 0
    for i in range(240):
        copy = tmp_path / "copy.live"
        shutil.copytree(folder, copy)
        victim = copy / parts[i % len(parts)].name
        content = bytearray(victim.read_bytes())
        place = int(rng.integers(len(content)))
        content[place] ^= 1 << int(rng.integers(8))
        victim.write_bytes(content)
        try:
            assert state_of(resume(copy)) == done
            silent += victim.name != "manifest.json" or json.loads(content) != manifest  # but for white space
        except ModelFileError:
            pass
        shutil.rmtree(copy)
    assert silent == 0


@pytest.mark.parametrize("name", ["manifest.json", "model.loopcast", "segment-1-0.safetensors", "journal-1.log"])
@pytest.mark.parametrize("left", [None, 0, 0.5])
def test_a_part_that_is_missing_or_cut_is_an_error(folder, name, left):
    victim = folder / name
    content = victim.read_bytes()
    victim.unlink()
    if left is not None:
        victim.write_bytes(content[: int(len(content) * left)])
    if name == "journal-1.log" and left is not None:
        resume(folder)  # as if the process had ended there
        return
    with pytest.raises(ModelFileError):
        resume(folder)


def test_a_record_that_points_elsewhere_is_refused(folder):
    from safetensors.numpy import load_file

    path = folder / "segment-1-0.safetensors"
    fields, manifest = load_file(path), json.loads((folder / "manifest.json").read_text())
    for name in ("rows", "z_at", "level_at", "phase"):
        changed = fields | {f"record.{name}": np.full_like(fields[f"record.{name}"], 2**40)}
        rewrite(path, changed, manifest)
        with pytest.raises(ModelFileError, match="record that cannot be"):
            resume(folder)


def rewrite(path, fields, manifest):
    """A segment with other fields, and a manifest that says so."""
    from safetensors.numpy import save_file

    save_file(fields, path)
    manifest["segments"][0] |= {"size": path.stat().st_size, "crc32": zlib.crc32(path.read_bytes())}
    manifest["crc32"] = checksum_of(manifest)
    (path.parent / "manifest.json").write_text(json.dumps(manifest))


def test_fields_of_records_go_by_name_and_one_that_a_version_added_is_zero_before(folder):
    from safetensors.numpy import load_file

    path = folder / "segment-1-0.safetensors"
    fields, manifest = load_file(path), json.loads((folder / "manifest.json").read_text())
    assert {"record.curve.level", "record.layer0.state0", "record.tracked.theta", "anchor1.values"} <= set(fields)
    rewrite(path, {name: field for name, field in fields.items() if name != "record.tracked.drifts"}, manifest)
    assert resume(folder).health()["drifts"].to_list() == [0, 0]
    for wrong in ({"record.new": fields["start"]}, {"record.values": fields["start"]}):
        rewrite(path, fields | wrong, manifest)
        with pytest.raises(ModelFileError, match="other fields"):
            resume(folder)


def test_there_is_one_writer(folder):
    live = resume(folder, journal=True)
    for act in (lambda: resume(folder, journal=True), lambda: resume(folder), lambda: fitted().live().save(folder)):
        with pytest.raises(OptionError, match="in use"):
            act()
    live.close()
    resume(folder, journal=True).close()


def test_another_models_folder_and_other_rules_are_refused(forecaster, folder):
    before = state_of(resume(folder))
    for other in (fitted(seasons=(6,), season=None).live(lateness=2), forecaster.live(lateness=3)):
        with pytest.raises(ModelFileError, match="another model"):
            other.save(folder)
    assert state_of(resume(folder)) == before
    forecaster.live(lateness=2).save(folder)
    assert resume(folder).ids == []


def test_a_folder_of_something_else_is_left_alone(forecaster, tmp_path):
    (tmp_path / "letter").write_text("dear")
    for name in (".", "letter"):
        with pytest.raises(OptionError):
            forecaster.live().save(tmp_path / name)
    assert (tmp_path / "letter").read_text() == "dear"
    with pytest.raises(ModelFileError, match="no live state"):
        resume(tmp_path)


LIMITED = """
import resource, signal, sys
from loopcast import resume
import numpy as np
import datetime as dt
from loopcast import OptionError

folder, limit = sys.argv[1], int(sys.argv[2])
live = resume(folder, journal=True)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
start = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
taken = 0
try:
    for row in range(60, 90):
        live.update_one("a", start + row * dt.timedelta(hours=1), float(row))
        taken += 1
    live.save(folder)
except OSError:
    pass
print(taken)
"""


LIMITS = (
    [0, 20, 400, 30_000],
    [10, 19, 21, 60, 100, 1500, 5000, 60_000, 200_000],
)  # bytes; the latter when there is time


@pytest.mark.parametrize("limit", [*LIMITS[0], *(pytest.param(each, marks=pytest.mark.slow) for each in LIMITS[1])])
def test_a_full_disk_leaves_what_was_there(folder, limit):
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(folder), str(limit)], capture_output=True, text=True, check=True
    )
    taken = int(done.stdout)
    live, same = resume(folder), fitted(series=2).live(panel(series=2), lateness=2)
    send(same, [(row, float(row)) for row in range(60, 60 + taken)])
    assert state_of(live) == state_of(same)
    assert not [each.name for each in folder.iterdir() if each.name.endswith(".tmp")]
