"""loopcast stream takes rows from a real broker, acknowledges each once it is kept, and gives answers back."""

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from typing import ClassVar

import pytest

from cli.stream_lines import line_of, lines_of
from live.made import at, fitted, state_of
from loopcast import resume
from loopcast.cli import main
from loopcast.kernels import LIBRARY
from loopcast.tasks import mqtt
from loopcast.tasks.mqtt import Broker, BrokerError
from loopcast.tasks.mqtt_address import MqttAddress, session_of
from reference.broker import Beside, Mosquitto, free_port, needs_broker

pytestmark = [
    needs_broker,
    pytest.mark.skipif(not LIBRARY.exists(), reason="the kernels are not built"),
    pytest.mark.skipif(os.name == "nt", reason="signals to a child are POSIX's"),
]
IN, OUT = "plant/rows", "plant-answers"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "m.loopcast"
    fitted(series=2).save(path)
    return path


@pytest.fixture
def broker(tmp_path):
    with Mosquitto(tmp_path / "broker") as running:
        yield running


@pytest.fixture(autouse=True)
def none_left():
    """What a test that failed leaves running ends with it."""
    yield
    while Following.started:
        process = Following.started.pop()
        process.kill()
        process.communicate()


class Following:
    """loopcast stream as a process of its own."""

    started: ClassVar[list] = []

    def __init__(self, *arguments, **environment):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "loopcast", "stream", *map(str, arguments)], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=os.environ | environment,
        )  # fmt: skip
        self.started.append(self.process)

    def end(self, sent=signal.SIGTERM):
        self.process.send_signal(sent)
        said, errors = self.process.communicate(timeout=20)
        self.started.remove(self.process)
        return self.process.returncode, said.splitlines(), errors


def of_standard_input(model, lines, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "loopcast", "stream", str(model), *map(str, arguments)], capture_output=True, text=True,
        input="".join(f"{line}\n" for line in lines), check=True,
    )  # fmt: skip
    return done.stdout.splitlines()


def test_messages_are_answered_as_lines_of_standard_input_are(model, broker, tmp_path):
    first, lines = line_of(59, 1.0), [*lines_of(range(60, 90)), "no row", '{"predict": "a"}']
    with Beside(broker, OUT) as beside:
        beside.publish(f"{IN}/hello", first, retain=True)
        following = Following(model, "--mqtt", broker.address("plant/#"), "--mqtt-answers", OUT)
        answers = beside.hear(1)
        beside.publish(IN, *lines[:10], "\n".join(lines[10:20]) + "\n", *lines[20:])
        answers += beside.hear(len(lines) - 9)
        assert following.end()[::2] == (143, "")
    assert b"\n".join(answers).decode().split("\n") == of_standard_input(model, [first, *lines])
    assert [each.count(b"\n") for each in answers[10:13]] == [0, 9, 0]


def test_what_comes_while_nobody_follows_is_kept_by_the_broker(model, broker, tmp_path):
    lines, state = lines_of(range(60, 100), "a"), tmp_path / "s.live"
    given = (model, "--state", state, "--mqtt", broker.address(IN), "--mqtt-answers", OUT)
    begin(broker, given[2])
    with Beside(broker, OUT) as beside:
        for first in range(0, 40, 20):
            beside.publish(IN, *lines[first : first + 20])  # to nobody
            following = Following(*given)
            statuses = [json.loads(each)["status"] for each in beside.hear(20)]
            assert statuses == ["taken"] * 20
            assert following.end()[::2] == (143, "")
    assert resume(state).predict_one("a").cutoff == at(99)


def begin(broker, state):
    """Have the broker know the session of a folder, as it does once one was followed."""
    with Broker(MqttAddress.parse(broker.address(IN), {}), session=session_of(state), answers=print, say=print):
        pass


def until(beside, line):
    """Hear answers up to that to a line."""
    wanted = json.loads(line)
    while (answer := json.loads(beside.heard.get(timeout=20)))["ds"] != wanted["ds"] or (
        answer["unique_id"] != wanted["unique_id"]
    ):
        pass


def test_a_kill_loses_nothing_and_leaves_the_bits_of_an_undisturbed_run(model, broker, tmp_path):
    lines = lines_of(range(60, 160))
    given = (model, "--state", tmp_path / "killed", "--mqtt", broker.address(IN), "--mqtt-answers", OUT)
    begin(broker, given[2])
    with Beside(broker, OUT) as beside:
        beside.publish(IN, *lines[:-1])
        for count in (1, 77):
            following = Following(*given)
            beside.hear(count)
            assert following.end(signal.SIGKILL)[0] == -signal.SIGKILL
        beside.publish(IN, lines[-1])
        following = Following(*given)
        until(beside, lines[-1])
        assert following.end()[0] == 143
    of_standard_input(model, lines, "--state", tmp_path / "whole")
    assert state_of(resume(tmp_path / "killed")) == state_of(resume(tmp_path / "whole"))


def test_a_broker_that_was_lost_is_found_again_and_nothing_is_missing(model, broker, tmp_path):
    lines = lines_of(range(60, 100), "a")
    given = (model, "--state", tmp_path / "s", "--mqtt", broker.address(IN), "--mqtt-answers", OUT)
    begin(broker, given[2])
    with Beside(broker, OUT) as beside:
        following = Following(*given)
        beside.publish(IN, *lines[:20])
        beside.hear(20)
    broker.stop()
    assert "lost 127.0.0.1" in following.process.stderr.readline()
    broker.start()
    assert "is back" in following.process.stderr.readline()
    with Beside(broker, OUT) as beside:
        beside.publish(IN, *lines[20:])
        until(beside, lines[-1])
    assert following.end()[0] == 143
    of_standard_input(model, lines, "--state", tmp_path / "whole")
    assert state_of(resume(tmp_path / "s")) == state_of(resume(tmp_path / "whole"))


def test_answers_without_a_topic_are_lines_of_standard_output(model, broker):
    with Beside(broker) as beside:
        beside.publish(IN, line_of(60, 1.0), retain=True)
    following = Following(model, "--mqtt", broker.address(IN))
    assert json.loads(following.process.stdout.readline())["status"] == "taken"
    assert following.end() == (143, [], "")


def messages(address, count, give):
    """The first messages of a subscription, acknowledged or not."""
    with Broker(address, session="test", answers=lambda answers: None, say=print) as source:
        chunks = source.chunks(lambda: False)
        lines = []
        while len(lines) < count:
            lines += next(chunks)
            if give:
                source.give([])
    return lines


def test_a_message_is_brought_again_until_it_was_answered(broker):
    address = MqttAddress.parse(broker.address(IN), {})
    messages(address, 0, give=True)  # the broker knows the session
    with Beside(broker) as beside:
        beside.publish(IN, "1", "2", "3")
        assert messages(address, 3, give=False) == [b"1", b"2", b"3"]
        assert messages(address, 3, give=True) == [b"1", b"2", b"3"]
        beside.publish(IN, "4")
        assert messages(address, 1, give=True) == [b"4"]


def test_nobody_there_is_said_in_one_line(capsys):
    assert main.run(["stream", "--freq", "h", "--mqtt", f"mqtt://127.0.0.1:{free_port()}/x"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("loopcast: no MQTT broker answers at 127.0.0.1:")
    assert said.count("\n") == 1


def test_what_is_no_broker_is_given_up(monkeypatch):
    monkeypatch.setattr(mqtt, "PATIENCE", 0.1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = MqttAddress.parse(f"mqtt://127.0.0.1:{silent.getsockname()[1]}/x", {})
        with (
            pytest.raises(BrokerError, match="nothing came back"),
            Broker(address, session=None, answers=print, say=print),
        ):
            pass


def test_a_wrong_password_is_refused_and_the_right_one_taken(tmp_path):
    words = tmp_path / "words"
    subprocess.run(["mosquitto_passwd", "-c", "-b", str(words), "ada", "right"], check=True, capture_output=True)
    words.chmod(0o644)
    with Mosquitto(tmp_path / "broker", "allow_anonymous false", f"password_file {words}") as broker:
        for user in ("", "ada:wrong@"):
            with pytest.raises(BrokerError, match="refuses the connection") as error:
                messages(MqttAddress.parse(broker.address(IN, user), {}), 0, give=True)
            assert "wrong" not in str(error.value)
        kept = {"LOOPCAST_MQTT_USER": "ada", "LOOPCAST_MQTT_PASSWORD": "right"}
        assert messages(MqttAddress.parse(broker.address(IN), kept), 0, give=True) == []


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed, which makes the certificate")
# paho leaves the socket of a handshake that failed to the collector
@pytest.mark.filterwarnings("ignore:.*SSLSocket:pytest.PytestUnraisableExceptionWarning")
def test_tls_asks_for_a_certificate_that_is_trusted(tmp_path, monkeypatch):
    folder = tmp_path / "broker"
    folder.mkdir()
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out",
         str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    key.chmod(0o644)
    with Mosquitto(folder, f"certfile {certificate}", f"keyfile {key}") as broker:
        address = MqttAddress.parse(broker.address(IN).replace("mqtt:", "mqtts:"), {})
        with pytest.raises(BrokerError, match="certificate verify failed"):
            messages(address, 0, give=True)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert ssl.get_default_verify_paths().cafile == str(certificate)
        assert messages(address, 0, give=True) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--mqtt", "plant/#"], "such as mqtt://"),
        (["--mqtt", "mqtt://b/#/x"], "# the last one"),
        (["--mqtt-answers", "x"], "give that too"),
        (["--mqtt", "mqtt://b/x", "--format", "csv"], "take json"),
        (["--mqtt", "mqtt://b/x/#", "--mqtt-answers", "x/y"], "one of the topics that are read"),
    ],
)
def test_options_that_cannot_be_are_refused_before_anything_is_read(arguments, said, capsys):
    assert main.run(["stream", "--freq", "h", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_without_the_library_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "paho.mqtt.client", None)
    assert main.run(["stream", "--freq", "h", "--mqtt", "mqtt://b/x"]) == 2
    assert 'pip install "loopcast[mqtt]"' in capsys.readouterr().err
