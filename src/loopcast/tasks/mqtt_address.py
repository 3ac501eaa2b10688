"""Where rows come from by MQTT: a broker, who asks, and which topics; and where answers go."""

import hashlib
import os
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from loopcast.errors import OptionError, quote

PORTS = {"mqtt": 1883, "mqtts": 8883}
ADDRESS = re.compile(
    r"(?P<scheme>mqtts?)://(?:(?P<user>[^:@/]*)(?::(?P<password>[^@/]*))?@)?"
    r"(?P<host>\[[0-9a-fA-F:.]+\]|[^:/@\[\]]+)(?::(?P<port>\d+))?/(?P<topic>.+)",
    re.DOTALL,
)
USER, PASSWORD = "LOOPCAST_MQTT_USER", "LOOPCAST_MQTT_PASSWORD"
LONGEST = 65_535  # bytes of a topic


@dataclass(frozen=True, kw_only=True)
class MqttAddress:
    """topic: which messages, with + for any one level and # for all that follow. password: never shown."""

    host: str
    port: int
    tls: bool
    topic: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, text: str, environment: Mapping[str, str]) -> "MqttAddress":
        """Of `mqtt://host/topic` or `mqtts://user:password@host:port/topic`; else the two are the environment's.

        OptionError for anything else, which does not repeat what may be a password.
        """
        found = ADDRESS.fullmatch(text)
        if found is None:
            shown = quote(re.sub(r"//.*@", "//…@", text, flags=re.DOTALL))
            raise OptionError(f"--mqtt is such as mqtt://localhost:1883/plant/#, with a topic at its end, got {shown}")
        port = int(found["port"] or PORTS[found["scheme"]])
        if not 0 < port < 2**16:
            raise OptionError(f"--mqtt: a port is a number from 1 to 65535, got {port}")
        user, password = (
            environment.get(name) if given is None else unquote(given)
            for name, given in ((USER, found["user"]), (PASSWORD, found["password"]))
        )
        if password is not None and not user:
            raise OptionError(f"--mqtt has a password and no user: set {USER}, or give user:password@ before the host")
        return cls(
            host=found["host"].strip("[]"), port=port, tls=found["scheme"] == "mqtts",
            topic=_topic("--mqtt", found["topic"], wildcards=True), user=user, password=password,
        )  # fmt: skip

    @property
    def place(self) -> str:
        """The broker, as messages name it."""
        return f"{self.host}:{self.port}"


def session_of(state: Path) -> str:
    """The name under which a broker keeps what comes for this folder of this machine, while nobody follows it.

    >>> session_of(Path("pumps.live")) == session_of(Path("./pumps.live")), len(session_of(Path("a.live")))
    (True, 23)
    """
    own = f"{platform.node()}:{os.path.realpath(state)}"
    return "loopcast-" + hashlib.sha256(own.encode()).hexdigest()[:14]  # 23 characters, which every broker takes


def answers_topic(text: str) -> str:
    """The topic of answers; OptionError where it is none."""
    return _topic("--mqtt-answers", text, wildcards=False)


def _topic(option: str, topic: str, *, wildcards: bool) -> str:
    """A topic as the standard has it (MQTT 3.1.1, section 4.7)."""
    levels = topic.split("/")
    if not topic or "\0" in topic or len(topic.encode("utf-8", "replace")) > LONGEST:
        raise OptionError(f"{option}: a topic has 1 to {LONGEST:,} bytes and no zero among them, got {quote(topic)}")
    if not wildcards and ("+" in topic or "#" in topic):
        raise OptionError(f"{option} is one topic, without + and #, got {quote(topic)}")
    if any(("+" in level or "#" in level) and len(level) > 1 for level in levels) or "#" in levels[:-1]:
        raise OptionError(
            f"{option}: in a topic + is a level by itself and # the last one, as in plant/+/flow or plant/#, "
            f"got {quote(topic)}"
        )
    return topic
