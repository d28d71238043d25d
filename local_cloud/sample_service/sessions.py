"""Sessions in Redis under the original's keys. Plain TCP and one node, as its client is (trap T3)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from .config import Redis as RedisSettings

LIFETIME_SECONDS = 24 * 3600
MAX_CONCURRENT = 5
TIMEOUT_SECONDS = 2.0


def connect(settings: RedisSettings) -> Redis:
    return Redis(
        settings.host,
        settings.port,
        password=settings.password,
        # RESP2 is what every proxy speaks; the original's client falls back to it as well.
        protocol=2,
        decode_responses=True,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 1),  # once: a pooled connection may have been closed by the other side
    )


class Sessions:
    """`clock` gives seconds since the epoch. Every command touches one key."""

    def __init__(self, redis: Redis, clock: Callable[[], float]) -> None:
        self._redis = redis
        self._clock = clock

    def create(self, user_id: int, device: str, address: str, agent: str) -> str:
        now = self._clock()
        session_id = f"{user_id}_{int(now * 1000)}_{uuid.uuid4().hex[:8]}"
        live = sorted(self.of_user(user_id), key=lambda session: session["createdAt"])
        for oldest in live[: max(0, len(live) - MAX_CONCURRENT + 1)]:
            self.end(oldest)
        moment = datetime.fromtimestamp(now, UTC).isoformat()
        session = {
            "sessionId": session_id,
            "userId": str(user_id),
            "deviceFingerprint": device,
            "ipAddress": address,
            "userAgent": agent,
            "createdAt": moment,
            "lastAccessedAt": moment,
            "active": True,
        }
        self._redis.set(_session(session_id), json.dumps(session), ex=LIFETIME_SECONDS)
        for index in (_of_user(user_id), _of_device(device)):
            self._redis.sadd(index, session_id)
            self._redis.expire(index, LIFETIME_SECONDS)
        return session_id

    def of_user(self, user_id: int) -> list[dict[str, Any]]:
        """Live sessions; ids whose session has expired are dropped from the index on the way."""
        found = []
        for session_id in cast(set[str], self._redis.smembers(_of_user(user_id))):
            stored = cast("str | None", self._redis.get(_session(session_id)))
            if stored is None:
                self._redis.srem(_of_user(user_id), session_id)
            else:
                found.append(json.loads(stored))
        return found

    def end(self, session: dict[str, Any]) -> None:
        self._redis.delete(_session(session["sessionId"]))
        self._redis.srem(_of_user(session["userId"]), session["sessionId"])
        self._redis.srem(_of_device(session["deviceFingerprint"]), session["sessionId"])


def _session(session_id: str) -> str:
    return f"trademaster:session:{session_id}"


def _of_user(user_id: int | str) -> str:
    return f"trademaster:user_sessions:{user_id}"


def _of_device(device: str) -> str:
    return f"trademaster:device_sessions:{device}"
