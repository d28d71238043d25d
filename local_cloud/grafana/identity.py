"""Who a request is from: a password, a token of a service account, a session, or nobody."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from aiohttp import BasicAuth, hdrs, web

from local_cloud.grafana.errors import Refused, unauthorized
from local_cloud.grafana.settings import Settings
from local_cloud.grafana.store import Store

ROLES = ("Viewer", "Editor", "Admin")
SESSION = "grafana_session"


@dataclass(frozen=True)
class Identity:
    login: str
    role: str
    anonymous: bool = False

    def may(self, role: str) -> bool:
        return ROLES.index(self.role) >= ROLES.index(role)


class Doorkeeper:
    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings = settings
        self._store = store
        self._sessions: dict[str, str] = {}

    def identify(self, request: web.Request) -> Identity | None:
        """None for nobody. Raises Refused: who shows something wrong does not pass as nobody."""
        scheme, _, value = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        if scheme.lower() == "basic" and self._settings.basic_auth:
            return self._by_password(request.headers[hdrs.AUTHORIZATION])
        if scheme.lower() == "bearer":
            return self._by_token(value.strip())
        login = self._sessions.get(request.cookies.get(SESSION, ""))
        if login:
            return Identity(login, "Admin")
        return Identity("", self._settings.anonymous_role, anonymous=True) if self._settings.anonymous else None

    def sign_in(self, login: str, password: str) -> str:
        """A new session. Raises Refused."""
        if not self._store.knows(login, password):
            raise unauthorized("Invalid username or password", "password-auth.failed")
        session = secrets.token_hex(16)
        self._sessions[session] = login
        return session

    def sign_out(self, request: web.Request) -> None:
        self._sessions.pop(request.cookies.get(SESSION, ""), None)

    def _by_password(self, header: str) -> Identity:
        try:
            given = BasicAuth.decode(header, "utf-8")
        except ValueError as error:
            raise Refused(400, "Invalid Basic Auth Header") from error
        if not self._store.knows(given.login, given.password):
            raise unauthorized("Invalid username or password", "password-auth.failed")
        return Identity(given.login, "Admin")

    def _by_token(self, key: str) -> Identity:
        found = self._store.role_of_token(key)
        if found is None:
            raise unauthorized("Invalid API key", "api-key.invalid")
        return Identity(f"sa-1-{found[0]}", found[1])
