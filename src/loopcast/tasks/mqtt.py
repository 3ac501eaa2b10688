"""The only file that knows paho-mqtt: lines that a broker brings, acknowledged once they are kept and answered."""

import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Any

from loopcast.errors import LoopcastError, OptionError, reason
from loopcast.tasks.mqtt_address import PASSWORD, USER, MqttAddress

PATIENCE = 10.0  # seconds in which a broker says whether it takes us
WAIT = 0.2  # seconds between two looks whether to stop, where nothing comes
LAST_WAIT = 2.0  # seconds in which answers are to arrive once all is over
LONGEST_PAUSE = 30  # seconds between two tries to reach a broker that was lost
QOS = 1  # at least once
UNAVAILABLE = "Server unavailable"
IN_FLIGHT = 1000  # answers under way at once


class BrokerError(LoopcastError, ConnectionError):
    """A broker is not there, or does not take us."""


class Broker:
    """One subscription. What comes is taken by the caller's thread, what goes out by one of its own.

    session: a name under which the broker keeps what comes while we are away; None, and it keeps nothing. answers: the
    topic that they go to, or what takes them. say: is told when the broker is lost, and back.
    """

    def __init__(
        self,
        address: MqttAddress,
        *,
        session: str | None,
        answers: str | Callable[[list[str]], None],
        say: Callable[[str], None],
    ) -> None:
        try:
            from paho.mqtt.client import Client, topic_matches_sub
            from paho.mqtt.enums import CallbackAPIVersion
        except ImportError as error:
            raise OptionError('--mqtt needs the package paho-mqtt: pip install "loopcast[mqtt]"') from error
        if isinstance(answers, str) and topic_matches_sub(address.topic, answers):
            raise OptionError(
                f"--mqtt-answers {answers} is one of the topics that are read, {address.topic}: name another"
            )
        self.address, self._answers, self._say = address, answers, say
        self._told: SimpleQueue[str] = SimpleQueue()  # why we are not taken; empty where we are
        self._came: SimpleQueue[Any] = SimpleQueue()  # messages, and numbers of answers that arrived
        self._under_way: dict[int, Any] = {}  # by the number of its answer, a message whose answer has not arrived
        self._chunk: list[Any] = []
        self._taken_in = self._lost = self._over = False
        self._client = client = Client(
            CallbackAPIVersion.VERSION2, client_id=session or "", clean_session=session is None, manual_ack=True
        )
        client.on_connect, client.on_subscribe, client.on_disconnect = self._connected, self._subscribed, self._gone
        client.on_message = lambda _client, _data, message: self._came.put(message)
        client.on_publish = lambda _client, _data, number, *_: self._came.put(number)
        client.reconnect_delay_set(1, LONGEST_PAUSE)
        client.max_inflight_messages_set(IN_FLIGHT)
        if address.user:
            client.username_pw_set(address.user, address.password)

    def __enter__(self) -> "Broker":
        """Connect and subscribe; BrokerError where the broker is not there, or does not take us."""
        place = self.address.place
        try:
            if self.address.tls:
                self._client.tls_set_context(ssl.create_default_context())
            self._client.connect(self.address.host, self.address.port)
        except ssl.SSLError as error:
            raise BrokerError(
                f"no safe connection to {place}: {reason(error)}. mqtts:// is for a port with TLS; the file of an "
                "authority of your own is named by the variable SSL_CERT_FILE"
            ) from error
        except OSError as error:
            there = "is it running, and has it TLS at this port?" if self.address.tls else "is it running, and there?"
            raise BrokerError(f"no MQTT broker answers at {place} ({reason(error)}): {there}") from error
        self._client.loop_start()
        try:
            why = self._told.get(timeout=PATIENCE)
        except Empty:
            why = f"nothing came back within {PATIENCE:g} s: is it an MQTT broker, and has it TLS (mqtts://)?"
        if why:
            self._end()
            raise BrokerError(f"{place}: {why}")
        return self

    def __exit__(self, *_: object) -> None:
        """Acknowledge what was answered, as far as answers arrive soon, and leave."""
        end = time.monotonic() + LAST_WAIT
        while self._under_way and time.monotonic() < end:
            self._wait()
        self._end()

    def chunks(self, stopped: Callable[[], bool]) -> Iterator[list[bytes]]:
        """The lines of the messages that are there, once some are; after each chunk, `give` is called."""
        while not stopped():
            self._chunk = self._wait()
            if self._chunk:
                yield [line for message in self._chunk for line in _lines(message.payload)]

    def give(self, answers: list[str]) -> None:
        """Give the answers to a chunk, those to one message together; each is acknowledged once its own has arrived."""
        if not isinstance(self._answers, str):
            self._answers(answers)
            for message in self._chunk:
                self._acknowledge(message)
            return
        rest = iter(answers)
        for message in self._chunk:
            own = "\n".join(islice(rest, len(_lines(message.payload))))
            self._under_way[self._client.publish(self._answers, own, QOS).mid] = message

    def _wait(self) -> list[Any]:
        """Messages, as many as are there; none where none comes for a while. Answers that arrived are noted."""
        try:
            events = [self._came.get(timeout=WAIT)]
        except Empty:
            return []
        while not self._came.empty():
            events.append(self._came.get())
        messages = []
        for event in events:
            if isinstance(event, BrokerError):
                raise event
            if isinstance(event, int):
                self._acknowledge(self._under_way.pop(event))
            else:
                messages.append(event)
        return messages

    def _acknowledge(self, message: Any) -> None:
        self._client.ack(message.mid, message.qos)

    def _end(self) -> None:
        self._over = True
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(self, client: Any, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        """In the client's thread, as the next three. Subscribed anew each time: a broker may have forgotten."""
        if code.is_failure:
            if code != UNAVAILABLE or not self._taken_in:  # a broker that begins anew is asked again
                self._refuse(f"the broker refuses the connection ({code})")
            return
        client.subscribe(self.address.topic, QOS)

    def _subscribed(self, _client: Any, _data: Any, _number: int, codes: Sequence[Any], _properties: Any) -> None:
        if any(code.is_failure for code in codes):
            self._refuse(f"the broker refuses the topic {self.address.topic}")
        elif not self._taken_in:
            self._taken_in = True
            self._told.put("")
        elif self._lost:
            self._lost = False
            self._say(f"{self.address.place} is back")

    def _gone(self, _client: Any, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        if self._taken_in and not self._over and not self._lost:
            self._lost = True
            self._say(f"lost {self.address.place} ({code}): trying again")

    def _refuse(self, why: str) -> None:
        """Have the caller's thread raise it."""
        user = self.address.user
        who = f"we are {user!r}, by the password that was given" if user else "no user was given"
        said = f"{why}: {who}; user:password@ before the host, or {USER} and {PASSWORD}, say who asks"
        if self._taken_in:
            self._came.put(BrokerError(f"{self.address.place}: {said}"))
        else:
            self._told.put(said)


def _lines(payload: bytes) -> list[bytes]:
    """The lines of a message; a line's end at its end begins none."""
    return payload.removesuffix(b"\n").split(b"\n")
