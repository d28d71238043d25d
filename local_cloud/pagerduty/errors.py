"""What the APIs refuse, in the shapes in which they refuse it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

INVALID_INPUT = 2001
NOT_FOUND = 2100


class ApiError(Exception):
    """An answer of the REST API other than success: `{"error": {"message", "code", "errors"}}`."""

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        errors: Sequence[str] | Mapping[str, Sequence[str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        content: dict[str, Any] = {"message": message, "code": code}
        if errors:
            content["errors"] = dict(errors) if isinstance(errors, Mapping) else list(errors)
        self.body = {"error": content}


def invalid(*errors: str) -> ApiError:
    return ApiError(400, INVALID_INPUT, "Invalid Input Provided", errors)


def invalid_schedule(field: str, *errors: str) -> ApiError:
    """Schedules name the field of an error instead of listing sentences."""
    return ApiError(400, 3001, "Invalid Schedule", {field: errors})


def not_found() -> ApiError:
    return ApiError(404, NOT_FOUND, "Not Found")


def unauthorized() -> ApiError:
    return ApiError(401, 2006, "Authentication failed")


def rate_limited(reset_seconds: int) -> ApiError:
    headers = {"ratelimit-limit": "960", "ratelimit-remaining": "0", "ratelimit-reset": str(reset_seconds)}
    return ApiError(429, 2020, "Rate Limit Exceeded", headers=headers)


class EventError(Exception):
    """An event that is not taken: a body of its own, without the wrapper of the REST API."""

    def __init__(self, *errors: str) -> None:
        super().__init__("; ".join(errors))
        self.body = {"status": "invalid event", "message": "Event object is invalid", "errors": list(errors)}


class InvalidKey(Exception):
    """An integration key that nobody has; the real API answers with these words alone."""

    def __init__(self) -> None:
        super().__init__("Invalid routing key")
