"""What an account holds, as the objects that the REST API shows."""

from __future__ import annotations

import datetime
import secrets
import string
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

Object = dict[str, Any]
Now = Callable[[], datetime.datetime]

_LETTERS = string.ascii_uppercase + string.digits
_VENDORS = {"PZQ6AUS": "Amazon CloudWatch", "PAM4FGS": "Datadog"}
FIRST_USER = {"name": "On-Call Engineer", "email": "on-call@example.com"}


def utc_now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def timestamp(moment: datetime.datetime) -> str:
    """As the REST API writes it: to the second, in UTC."""
    return moment.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def reference(item: Object) -> Object:
    kind = str(item["type"]).removesuffix("_reference")
    return {**{name: item.get(name) for name in ("id", "summary", "self", "html_url")}, "type": f"{kind}_reference"}


@dataclass
class Account:
    """`url` is that of the REST API. One token has all rights."""

    url: str
    now: Now = utc_now
    users: dict[str, Object] = field(default_factory=dict)
    vendors: dict[str, Object] = field(default_factory=dict)
    schedules: dict[str, Object] = field(default_factory=dict)
    escalation_policies: dict[str, Object] = field(default_factory=dict)
    services: dict[str, Object] = field(default_factory=dict)
    integrations: dict[str, Object] = field(default_factory=dict)
    incidents: dict[str, Object] = field(default_factory=dict)
    alerts: dict[str, Object] = field(default_factory=dict)
    log_entries: list[Object] = field(default_factory=list)

    def __post_init__(self) -> None:
        for identifier, name in _VENDORS.items():
            vendor = self.stamped("vendors", "vendor", {"name": name, "generic_service_type": None}, identifier)
            self.vendors[identifier] = vendor
        self.add_user(FIRST_USER)

    def add_user(self, data: Object) -> Object:
        defaults: Object = {"time_zone": "Etc/UTC", "role": "user", "job_title": None, "teams": []}
        user = self.stamped("users", "user", {**defaults, **data})
        self.users[user["id"]] = user
        return user

    def stamped(self, collection: str, kind: str, data: Object, identifier: str = "") -> Object:
        """`data` as an object: with id, type, summary and links."""
        identifier = identifier or new_id()
        path = f"{collection}/{identifier}"
        head = {"id": identifier, "type": kind, "summary": data.get("name")}
        return {**head, "self": f"{self.url}/{path}", "html_url": f"https://stand-in.pagerduty.com/{path}", **data}

    def users_of(self, policy: Object, level: int = 0) -> list[Object]:
        """Who is called first, or at a later rule."""
        targets = policy["escalation_rules"][level]["targets"]
        found: dict[str, Object] = {}
        for target in targets:
            if target["type"].startswith("user"):
                found[target["id"]] = self.users[target["id"]]
            else:
                on_call = self.on_call(self.schedules[target["id"]])
                found.update({user["id"]: user for user in on_call})
        return list(found.values())

    def on_call(self, schedule: Object) -> Iterable[Object]:
        """The first user of the last layer that has not ended; turns and restrictions are not computed."""
        for layer in reversed(schedule["schedule_layers"]):
            end = layer["end"]
            if end is None or datetime.datetime.fromisoformat(end) > self.now():
                return [self.users[layer["users"][0]["user"]["id"]]]
        return []


def new_id() -> str:
    return "P" + "".join(secrets.choice(_LETTERS) for _ in range(6))


def new_key() -> str:
    """An integration key: 32 letters and digits."""
    return secrets.token_hex(16)
