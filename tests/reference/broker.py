"""A real broker, mosquitto, on a port of its own; and a client beside it."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from queue import SimpleQueue

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

MOSQUITTO = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
needs_broker = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed: apt-get install mosquitto")


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


class Mosquitto:
    """Started with more lines of its configuration; sessions outlive a stop where it keeps them in its folder."""

    def __init__(self, folder: Path, *lines: str) -> None:
        self.port, self.folder = free_port(), folder
        folder.mkdir(exist_ok=True)
        own = ["user root"]  # started by root it would become another, who may read no folder of a test
        own += [f"listener {self.port} 127.0.0.1", "persistence true", f"persistence_location {folder}/", *lines]
        own += [] if any("allow_anonymous" in line for line in lines) else ["allow_anonymous true"]
        (folder / "mosquitto.conf").write_text("\n".join(own) + "\n")
        self.start()

    def start(self) -> None:
        assert MOSQUITTO is not None
        self.process = subprocess.Popen(
            [MOSQUITTO, "-c", str(self.folder / "mosquitto.conf")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while True:
            with socket.socket() as asking:
                if asking.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self.process.poll() is None, "mosquitto ended"
            time.sleep(0.01)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()

    def __enter__(self) -> "Mosquitto":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def address(self, topic: str, user: str = "") -> str:
        return f"mqtt://{user}127.0.0.1:{self.port}/{topic}"


class Beside:
    """A client that publishes, and hears a topic."""

    def __init__(self, broker: Mosquitto, topic: str = "") -> None:
        self.heard: SimpleQueue[bytes] = SimpleQueue()
        subscribed: SimpleQueue[int] = SimpleQueue()
        self.client = Client(CallbackAPIVersion.VERSION2)
        self.client.on_message = lambda _client, _data, message: self.heard.put(message.payload)
        self.client.on_subscribe = lambda *_: subscribed.put(0)
        self.client.connect("127.0.0.1", broker.port)
        self.client.loop_start()
        if topic:
            self.client.subscribe(topic, 1)
            subscribed.get(timeout=10)

    def publish(self, topic: str, *payloads: str, retain: bool = False) -> None:
        """retain: whoever subscribes later hears it too."""
        for sent in [self.client.publish(topic, payload, 1, retain) for payload in payloads]:
            sent.wait_for_publish(10)

    def hear(self, count: int) -> list[bytes]:
        return [self.heard.get(timeout=20) for _ in range(count)]

    def __enter__(self) -> "Beside":
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()
