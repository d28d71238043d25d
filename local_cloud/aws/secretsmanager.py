"""Secrets Manager: a deleted secret keeps its name until its recovery window is over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.secretsmanager.exceptions import InvalidRequestException
from moto.secretsmanager.models import SecretsManagerBackend

from local_cloud.extensions import around
from local_cloud.runtime import Runtime


def create_secret(
    original: Callable[..., str], self: SecretsManagerBackend, name: str, *args: Any, **options: Any
) -> str:
    if name in self.secrets and self.secrets[name].is_deleted():
        raise InvalidRequestException(
            "You can't create this secret because a secret with this name is already scheduled for deletion."
        )
    return original(self, name, *args, **options)


def install(_runtime: Runtime) -> None:
    around(SecretsManagerBackend, "create_secret")(create_secret)
