"""The address of a broker: what is taken, and what is refused before anything is asked of it."""

import pytest

from loopcast import OptionError
from loopcast.tasks.mqtt_address import MqttAddress, answers_topic, session_of


def parts(text, **environment):
    address = MqttAddress.parse(text, {f"LOOPCAST_MQTT_{name.upper()}": each for name, each in environment.items()})
    return address.host, address.port, address.tls, address.topic, address.user, address.password


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mqtt://localhost/plant/#", ("localhost", 1883, False, "plant/#", None, None)),
        ("mqtts://b.example:18883/a/+/flow", ("b.example", 18883, True, "a/+/flow", None, None)),
        ("mqtt://ada:p%40ss%2Fw@b/x", ("b", 1883, False, "x", "ada", "p@ss/w")),
        ("mqtt://ada@[::1]:99//x?y", ("::1", 99, False, "/x?y", "ada", None)),
        ("mqtt://b/$share/group/plant/#", ("b", 1883, False, "$share/group/plant/#", None, None)),
    ],
)
def test_an_address_says_where_who_and_what(text, expected):
    assert parts(text) == expected


def test_user_and_password_come_from_the_environment_unless_the_address_has_them():
    assert parts("mqtt://b/x", user="ada", password="p")[4:] == ("ada", "p")
    assert parts("mqtt://eve:q@b/x", user="ada", password="p")[4:] == ("eve", "q")


@pytest.mark.parametrize(
    "text",
    ["", "localhost/x", "http://b/x", "mqtt://b", "mqtt://b/", "mqtt:///x", "mqtt://b:x/t", "mqtt://b:0/t",
     "mqtt://b:65536/t", "mqtt://b/#/x", "mqtt://b/x#", "mqtt://b/a+/b", "mqtt://b/\0", "mqtt://b/" + "x" * 65536],
)  # fmt: skip
def test_what_is_no_address_is_an_error_that_shows_one(text):
    with pytest.raises(OptionError, match="--mqtt"):
        MqttAddress.parse(text, {})


def test_a_password_is_never_shown():
    for text in ("mqtt://ada:secret@b", "mqtt://:secret@b/x", "tcp://ada:sec@ret@b/x"):
        with pytest.raises(OptionError) as error:
            MqttAddress.parse(text, {})
        assert "secret" not in str(error.value)
        assert "sec@ret" not in str(error.value)
    assert "secret" not in repr(MqttAddress.parse("mqtt://ada:secret@b/x", {}))


def test_answers_go_to_one_topic():
    assert answers_topic("alarms/all") == "alarms/all"
    for topic in ("alarms/#", "+", "", "\0"):
        with pytest.raises(OptionError, match="--mqtt-answers"):
            answers_topic(topic)


def test_a_folder_has_a_session_of_its_own(tmp_path):
    assert session_of(tmp_path / "a") == session_of(tmp_path / "." / "a") != session_of(tmp_path / "b")
