"""What the API refuses, in the shapes in which Django REST framework refuses it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ApiError(Exception):
    """An answer other than success."""

    def __init__(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(str(dict(body)))
        self.status = status
        self.body = dict(body)
        self.headers = dict(headers or {})


class Invalid(Exception):
    """A value that a field does not take: the sentences that say so."""

    def __init__(self, *sentences: str) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = list(sentences)


def invalid(**fields: str) -> ApiError:
    """One sentence for each field; `__all__` is the object as a whole."""
    return ApiError(400, {field: [sentence] for field, sentence in fields.items()})


def refused(sentence: str, status: int = 400) -> ApiError:
    return ApiError(status, {"detail": sentence})


def not_found() -> ApiError:
    return refused("Not found.", 404)


def not_allowed(method: str) -> ApiError:
    return refused(f'Method "{method}" not allowed.', 405)


def unauthorized(sentence: str = "") -> ApiError:
    missing = "Authentication credentials were not provided. To establish a login session, visit /api/login/."
    return ApiError(401, {"detail": sentence or missing}, {"WWW-Authenticate": 'Bearer realm="api"'})
