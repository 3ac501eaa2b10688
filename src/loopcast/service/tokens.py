"""Who may do what: tokens that a client sends, of which the server keeps a hash alone."""

import hashlib
import re
import secrets
import sqlite3
import time

from loopcast.errors import OptionError, quote
from loopcast.service.problems import Problem
from loopcast.service.store import Store

SCOPES = ("read", "run", "admin")  # each may do what those before it may
PREFIX = "loopcast_"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
CHALLENGE = {"WWW-Authenticate": "Bearer"}


def make(store: Store, name: str, scope: str) -> str:
    """A new token, which is said once and never again; OptionError for a name that is taken or none."""
    if scope not in SCOPES:
        raise OptionError(f"a scope is {', '.join(SCOPES[:-1])} or {SCOPES[-1]}, got {quote(scope)}")
    if not NAME.fullmatch(name):
        raise OptionError(f"a token's name is letters, digits, dots, - and _, 64 at most, got {quote(name)}")
    token = PREFIX + secrets.token_urlsafe(32)
    row = {"hash": hash_of(token), "name": name, "scope": scope, "created": time.time()}
    try:
        store.insert("tokens", row)
    except sqlite3.IntegrityError as error:
        raise OptionError(f"there is a token {quote(name)} already: end it first, or take another name") from error
    return token


def end(store: Store, name: str) -> None:
    """A token is good for nothing any more; OptionError where there is none of this name."""
    if not store.change("DELETE FROM tokens WHERE name = ?", (name,)):
        raise OptionError(f"there is no token {quote(name)}")


def hash_of(token: str) -> str:
    """What is kept of a token: it is long and random, so that no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


class Guard:
    """Lets requests in; without any token made, all of them."""

    def __init__(self, store: Store) -> None:
        self._store, self._version = store, -1
        self._scopes: dict[str, str] = {}

    @property
    def open(self) -> bool:
        """Whether no token is asked for."""
        return not self._known()

    def check(self, authorization: str | None, scope: str) -> None:
        """Problem 401 without a token that is known, 403 for one that may not do so much."""
        known = self._known()
        if not known:
            return
        kind, _, token = (authorization or "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise Problem(401, "this server asks for a token: send Authorization: Bearer TOKEN", headers=CHALLENGE)
        has = known.get(hash_of(token.strip()))
        if has is None:
            raise Problem(401, "this token is not known to the server, or has ended", headers=CHALLENGE)
        if SCOPES.index(has) < SCOPES.index(scope):
            raise Problem(403, f"this needs a token of scope {scope}, and this one's is {has}")

    def _known(self) -> dict[str, str]:
        version = self._store.version()
        if version != self._version:
            self._scopes = {row["hash"]: row["scope"] for row in self._store.rows("SELECT * FROM tokens")}
            self._version = version
        return self._scopes
