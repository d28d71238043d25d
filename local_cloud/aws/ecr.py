"""ECR: a new repository holds the image table's tags of its name at once, as if CI had pushed them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.ecr.models import ECRBackend, Repository

from local_cloud.extensions import around
from local_cloud.runtime import Runtime

_MEDIA_TYPE = "application/vnd.docker.distribution.manifest.v2+json"


def install(runtime: Runtime) -> None:
    @around(ECRBackend, "create_repository")
    def create_repository(original: Callable[..., Any], self: ECRBackend, *args: Any, **kwargs: Any) -> Repository:
        repository: Repository = original(self, *args, **kwargs)
        image = runtime.images.get(repository.name)
        if image:
            for tag in image.tags:
                self.put_image(repository.name, image.manifest(tag), tag, _MEDIA_TYPE, image.digest(tag))
        return repository
