"""Secrets Manager: a deleted secret keeps its name until its recovery window is over; the version with the label is the
current one, and versions know when they were written."""

from __future__ import annotations

import json
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


def update_secret_version_stage(
    original: Callable[..., tuple[str, str]], self: SecretsManagerBackend, secret_id: str, *args: Any, **options: Any
) -> tuple[str, str]:
    answer = original(self, secret_id, *args, **options)
    versions = self.secrets[secret_id].versions
    current = next((version for version, one in versions.items() if "AWSCURRENT" in one["version_stages"]), None)
    self.secrets[secret_id].default_version_id = current
    return answer


def list_secret_version_ids(original: Callable[..., str], self: SecretsManagerBackend, secret_id: str) -> str:
    answer = json.loads(original(self, secret_id))
    versions = self.secrets[secret_id].versions
    listed = [one | {"CreatedDate": versions[one["VersionId"]]["createdate"]} for one in answer["Versions"]]
    return json.dumps(answer | {"Versions": [one for one in listed if one["VersionStages"]]})


def install(_runtime: Runtime) -> None:
    around(SecretsManagerBackend, "create_secret")(create_secret)
    around(SecretsManagerBackend, "update_secret_version_stage")(update_secret_version_stage)
    around(SecretsManagerBackend, "list_secret_version_ids")(list_secret_version_ids)
