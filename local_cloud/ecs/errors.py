"""Why a task cannot start, worded as ECS words it."""

from __future__ import annotations


class TaskStartError(Exception):
    """The task stops with this reason before its first container ran."""


class ResourceInitializationError(TaskStartError):
    def __init__(self, detail: str):
        super().__init__(f"ResourceInitializationError: {detail}")


class CannotPullContainerError(TaskStartError):
    """Raised for an image that no registry holds."""

    def __init__(self, reference: str, detail: str):
        super().__init__(f"CannotPullContainerError: failed to resolve ref {reference}: {detail}")


class RoleError(Exception):
    """ECS may not use a role."""
