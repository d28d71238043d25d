"""What the API refuses, in the shapes and words in which it refuses it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

DOCUMENTATION = "https://docs.github.com/rest"


class ApiError(Exception):
    """An answer other than success: `{"message", "errors", "documentation_url", "status"}`."""

    def __init__(
        self, status: int, message: str, errors: Sequence[Any] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        details = {"errors": list(errors)} if errors else {}
        self.body = {"message": message, **details, "documentation_url": DOCUMENTATION, "status": str(status)}


def bad_credentials() -> ApiError:
    return ApiError(401, "Bad credentials")


def not_found() -> ApiError:
    """Also of what exists and is not for this token to see."""
    return ApiError(404, "Not Found")


def forbidden(kind: str, permission: str, level: str) -> ApiError:
    headers = {"X-Accepted-GitHub-Permissions": f"{permission}={level}"}
    return ApiError(403, f"Resource not accessible by {kind}", headers=headers)


def malformed(reason: str) -> ApiError:
    """A body of another form than the schema of the operation says."""
    return ApiError(422, f"Invalid request.\n\n{reason}")


def invalid(*errors: Any) -> ApiError:
    return ApiError(422, "Validation Failed", errors)


def blank(resource: str, field: str, message: str) -> ApiError:
    return invalid({"resource": resource, "field": field, "code": "unprocessable", "message": message})


def secondary_limit(status: int, retry_after: int) -> ApiError:
    message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
    return ApiError(status, message, headers={"Retry-After": str(retry_after)})


def used_up(login: str) -> ApiError:
    return ApiError(403, f"API rate limit exceeded for user {login}.")
