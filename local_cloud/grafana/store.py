"""What Grafana keeps in its data folder: the administrator, service accounts, annotations."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_cloud.grafana.errors import StartError

_SCHEMA = """
create table if not exists user (
    login text primary key, salt blob not null, password blob not null);
create table if not exists service_account (
    id integer primary key autoincrement, name text not null unique, role text not null);
create table if not exists api_key (
    id integer primary key autoincrement, service_account integer not null, name text not null,
    hash blob not null unique, expires integer, unique (service_account, name));
create table if not exists annotation (
    id integer primary key autoincrement, dashboard_uid text, panel_id integer not null, login text not null,
    created integer not null, updated integer not null, time integer not null, time_end integer not null,
    text text not null, tags text not null);
"""
_ROUNDS = 10_000


@dataclass(frozen=True)
class Query:
    """Which annotations are wanted; times in milliseconds."""

    start: int = 0
    end: int = 0
    tags: Sequence[str] = ()
    match_any: bool = False
    dashboard_uid: str = ""
    panel_id: int = 0
    kind: str = ""
    limit: int = 100


class Store:
    """A SQLite database, as Grafana's own default is."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        """Raises StartError."""
        self._clock = clock
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(folder / "grafana.db", isolation_level=None, check_same_thread=False)
            self._db.row_factory = sqlite3.Row
            self._db.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise StartError(f"failed to connect to database in {folder}: {error}") from error

    def close(self) -> None:
        self._db.close()

    # Users.

    def create_admin(self, login: str, password: str) -> bool:
        """Only the first start does; later ones leave the password as it is. Says whether it was made."""
        if self._db.execute("select 1 from user").fetchone():
            return False
        self._db.execute("insert into user values (?, ?, ?)", (login, *_hashed(password)))
        return True

    def reset_password(self, password: str) -> None:
        """Raises StartError when there is no user yet."""
        if not self._db.execute("update user set salt = ?, password = ?", _hashed(password)).rowcount:
            raise StartError("could not read user from database. Error: user not found")

    def knows(self, login: str, password: str) -> bool:
        row = self._db.execute("select salt, password from user where login = ?", (login,)).fetchone()
        salt, expected = row or (b"", b"")
        return hmac.compare_digest(_derived(password, salt), expected)

    def has_user(self, login: str) -> bool:
        return self._db.execute("select 1 from user where login = ?", (login,)).fetchone() is not None

    # Service accounts.

    def add_service_account(self, name: str, role: str) -> int | None:
        """None when the name is taken."""
        try:
            return self._insert("insert into service_account (name, role) values (?, ?)", (name, role))
        except sqlite3.IntegrityError:
            return None

    def service_accounts(self) -> list[dict[str, Any]]:
        return self._rows("select id, name, role from service_account order by id")

    def remove_service_account(self, number: int) -> bool:
        self._db.execute("delete from api_key where service_account = ?", (number,))
        return self._db.execute("delete from service_account where id = ?", (number,)).rowcount > 0

    def add_token(self, account: int, name: str, seconds: int) -> tuple[int, str] | None:
        """Id and key, which is told once. None when the name is taken; 0 seconds never end."""
        key = f"glsa_{secrets.token_urlsafe(24)}"
        expires = int(self._clock()) + seconds if seconds else None
        statement = "insert into api_key (service_account, name, hash, expires) values (?, ?, ?, ?)"
        try:
            return self._insert(statement, (account, name, _digest(key), expires)), key
        except sqlite3.IntegrityError:
            return None

    def role_of_token(self, key: str) -> tuple[str, str] | None:
        """Name and role of the service account."""
        statement = (
            "select name, role from service_account where id = (select service_account from api_key"
            " where hash = ? and (expires is null or expires > ?))"
        )
        row = self._db.execute(statement, (_digest(key), self._clock())).fetchone()
        return (row["name"], row["role"]) if row else None

    # Annotations.

    def add_annotation(self, values: dict[str, Any], login: str) -> int:
        now = int(self._clock() * 1000)
        row = {**_columns(values), "login": login, "created": now, "updated": now}
        names = ", ".join(row)
        places = ", ".join(f":{name}" for name in row)
        return self._insert(f"insert into annotation ({names}) values ({places})", row)  # noqa: S608

    def change_annotation(self, number: int, values: dict[str, Any]) -> None:
        row = {**_columns(values), "updated": int(self._clock() * 1000)}
        changes = ", ".join(f"{name} = :{name}" for name in row)
        self._db.execute(f"update annotation set {changes} where id = :id", {**row, "id": number})  # noqa: S608

    def remove_annotation(self, number: int) -> bool:
        return self._db.execute("delete from annotation where id = ?", (number,)).rowcount > 0

    def annotation(self, number: int) -> dict[str, Any] | None:
        found = self._rows("select * from annotation where id = ?", (number,))
        return _annotation(found[0]) if found else None

    def annotations(self, query: Query) -> list[dict[str, Any]]:
        """Newest first."""
        rows = self._rows("select * from annotation order by time_end desc, time desc, id desc")
        return [row for row in map(_annotation, rows) if _matches(row, query)][: query.limit]

    def count(self, table: str) -> int:
        return int(self._db.execute(f"select count(*) from {table}").fetchone()[0])  # noqa: S608

    def _rows(self, statement: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        with closing(self._db.execute(statement, values)) as cursor:
            return [dict(row) for row in cursor]

    def _insert(self, statement: str, values: Any) -> int:
        return int(self._db.execute(statement, values).lastrowid or 0)


def _hashed(password: str) -> tuple[bytes, bytes]:
    salt = secrets.token_bytes(16)
    return salt, _derived(password, salt)


def _derived(password: str, salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ROUNDS)


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def _columns(values: dict[str, Any]) -> dict[str, Any]:
    names = {"dashboardUID": "dashboard_uid", "panelId": "panel_id", "timeEnd": "time_end"}
    row = {names.get(name, name): value for name, value in values.items()}
    return row | ({"tags": json.dumps(row["tags"])} if "tags" in row else {})


def _annotation(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "alertId": 0,
        "alertName": "",
        "dashboardUID": row["dashboard_uid"],
        "panelId": row["panel_id"],
        "userId": 1,
        "newState": "",
        "prevState": "",
        "created": row["created"],
        "updated": row["updated"],
        "time": row["time"],
        "timeEnd": row["time_end"],
        "text": row["text"],
        "tags": json.loads(row["tags"]),
        "login": row["login"],
        "data": {},
    }


def _matches(row: dict[str, Any], query: Query) -> bool:
    if query.start and query.end and not (row["time"] <= query.end and row["timeEnd"] >= query.start):
        return False
    if query.dashboard_uid and row["dashboardUID"] != query.dashboard_uid:
        return False
    if (query.panel_id and row["panelId"] != query.panel_id) or query.kind == "alert":
        return False
    wanted, held = set(query.tags), set(row["tags"])
    return not wanted or (bool(wanted & held) if query.match_any else wanted <= held)
