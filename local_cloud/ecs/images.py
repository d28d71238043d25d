"""The image table: which command stands for which container image."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from local_cloud.ecs.errors import CannotPullContainerError
from local_cloud.settings import REPOSITORY
from local_cloud.tools import Tools

_ECR = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[\w-]+)\.amazonaws\.com(\.cn)?/(?P<rest>.+)")
_PLACEHOLDER = re.compile(r"\{(tool:)?([\w-]+)\}")


@dataclass(frozen=True)
class Reference:
    """A parsed image reference. `account` and `region` are set for ECR only."""

    text: str
    repository: str
    tag: str | None
    digest: str | None
    account: str | None = None
    region: str | None = None

    @classmethod
    def parse(cls, text: str) -> Reference:
        ecr = _ECR.fullmatch(text)
        rest = ecr["rest"] if ecr else _without_registry(text)
        rest, _, digest = rest.partition("@")
        name, _, tag = rest.partition(":")
        account, region = (ecr["account"], ecr["region"]) if ecr else (None, None)
        return cls(text, name, tag or (None if digest else "latest"), digest or None, account, region)


def _without_registry(text: str) -> str:
    first, slash, rest = text.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        text = rest
    return text.removeprefix("docker/").removeprefix("library/")


@dataclass(frozen=True)
class Image:
    """What runs for an image, like the last lines of a Dockerfile. Strings are templates.

    `tags` are those that exist, each with the variables that it alone has.
    """

    name: str
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    programs: dict[str, list[str]] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    stop_signal: str = "SIGTERM"

    def manifest(self, tag: str) -> str:
        """Stands in for the manifest that a registry holds; differs by tag."""
        layer = hashlib.sha256(f"{self.name}:{tag}".encode()).hexdigest()
        return json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
                "config": {"digest": f"sha256:{layer}", "size": 1024},
                "layers": [{"digest": f"sha256:{layer}", "size": 1024}],
            }
        )

    def digest(self, tag: str) -> str:
        return "sha256:" + hashlib.sha256(self.manifest(tag).encode()).hexdigest()

    def at(self, tag: str) -> Image:
        """The image under one of its tags: with the tag's own variables, and `{tag}` in its environment filled."""
        common = {n: v.replace("{tag}", tag) for n, v in self.environment.items()}
        return replace(self, environment={**common, **self.tags.get(tag, {})})

    def tag_of(self, digest: str) -> str | None:
        return next((tag for tag in self.tags if self.digest(tag) == digest), None)


class ImageTable:
    """Images by repository name. A second file overrides and adds entries."""

    def __init__(self, *files: Path):
        self._images: dict[str, Image] = {}
        for file in files:
            for name, entry in (_read(file).get("images") or {}).items():
                tags = entry.get("tags", [])
                by_tag = tags if isinstance(tags, dict) else {tag: {} for tag in tags}
                self._images[name] = Image(name, **{**entry, "tags": by_tag})

    def get(self, name: str) -> Image | None:
        return self._images.get(name)

    def public(self, reference: Reference) -> Image:
        """The image of a reference outside ECR. Raises CannotPullContainerError."""
        image = self._images.get(reference.repository)
        if image is None:
            detail = "pull access denied, repository does not exist or may require authorization"
            raise CannotPullContainerError(reference.text, detail)
        found = image.tag_of(reference.digest) if reference.digest else reference.tag
        if found not in image.tags:
            raise CannotPullContainerError(reference.text, f"{reference.text}: not found")
        return image


def _read(file: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(file.read_text()) or {})


def fill(template: str, places: Mapping[str, str], tools: Tools) -> str:
    """Replace {python}, {repository}, {tool:NAME} and the placeholders that `places` knows."""
    known = {**places, "python": sys.executable, "repository": str(REPOSITORY)}

    def value(match: re.Match[str]) -> str:
        if match[1]:
            return str(tools.find(match[2]).path)
        return known.get(match[2], match[0])

    return _PLACEHOLDER.sub(value, template)


def surroundings(template: str, tools: Tools) -> dict[str, str]:
    """Environment that the native programs in a template need to run."""
    found = (tools.find(match[2]).env for match in _PLACEHOLDER.finditer(template) if match[1])
    return {name: value for env in found for name, value in env.items()}
