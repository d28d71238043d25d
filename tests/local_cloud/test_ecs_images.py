"""Image references and what containers are given instead of a file system and a network of their own."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from local_cloud.ecs.images import Image, ImageTable, Reference
from local_cloud.ecs.sandbox import Sandbox
from local_cloud.settings import IMAGES, Settings
from local_cloud.tools import Tools

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("text", "repository", "tag", "digest", "region"),
    [
        ("busybox", "busybox", "latest", None, None),
        ("docker.io/library/busybox:1.36", "busybox", "1.36", None, None),
        ("public.ecr.aws/docker/library/busybox:1", "busybox", "1", None, None),
        ("envoyproxy/envoy:v1", "envoyproxy/envoy", "v1", None, None),
        ("localhost:5000/app:2", "app", "2", None, None),
        (f"{ECR}/team/app:3", "team/app", "3", None, "eu-west-1"),
        (f"{ECR}/app@sha256:aa", "app", None, "sha256:aa", "eu-west-1"),
        (f"{ECR}/app:3@sha256:aa", "app", "3", "sha256:aa", "eu-west-1"),
    ],
)
def test_references(text: str, repository: str, tag: str | None, digest: str | None, region: str | None) -> None:
    found = Reference.parse(text)
    assert (found.repository, found.tag, found.digest, found.region) == (repository, tag, digest, region)


def test_an_image_knows_its_tag() -> None:
    image = Image("trademaster-auth", environment={"SAMPLE_VERSION": "{tag}", "SERVER_ADDRESS": "{address}"})

    assert image.at("1.1.0").environment == {"SAMPLE_VERSION": "1.1.0", "SERVER_ADDRESS": "{address}"}


def test_a_tag_has_variables_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "images.yml"
    file.write_text("images: {app: {environment: {MODE: good, VERSION: '{tag}'}, tags: {'1': {}, '2': {MODE: bad}}}}\n")
    image = ImageTable(file).get("app")
    assert image
    assert image.at("1").environment == {"MODE": "good", "VERSION": "1"}
    assert image.at("2").environment == {"MODE": "bad", "VERSION": "2"}
    assert image.tag_of(image.digest("2")) == "2"


def test_digests_differ_by_tag_and_stay() -> None:
    image = Image("app", tags={"1": {}, "2": {}})
    assert image.digest("1") != image.digest("2")
    assert image.digest("1") == Image("app").digest("1")
    assert image.tag_of(image.digest("2")) == "2"


def sandbox(folder: Path) -> Sandbox:
    runtime: Any = SimpleNamespace(
        authority=SimpleNamespace(certificate=Path("/state/ca.pem")),
        tools=Tools(folder),
        settings=Settings.from_environment({"LOCAL_CLOUD_STATE": str(folder), "LOCAL_CLOUD_NETWORK": "127.9"}),
    )
    return Sandbox(runtime, "127.9.1.7", folder, {"/etc/app": Path("/state/v/config"), "/state": Path("/state/v/own")})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://localhost:8080/x", "http://127.9.1.7:8080/x"),
        ("0.0.0.0", "127.9.1.7"),  # noqa: S104 - nothing is bound
        ("127.0.0.1:9901", "127.9.1.7:9901"),
        ("127.0.0.11 10.127.0.0.1 db.localhost localhost.example my-localhost", None),
        ("-c /etc/app/envoy.yaml", "-c /state/v/config/envoy.yaml"),
        ("cat > /etc/app", "cat > /state/v/config"),
        ("chmod 1777 /state /etc/app", "chmod 1777 /state/v/own /state/v/config"),
        ("/etc/app-other /opt/etc/app", None),
        ("ca_file: /etc/ssl/certs/ca-certificates.crt", "ca_file: /state/ca.pem"),
    ],
)
def test_rewriting(tmp_path: Path, text: str, expected: str | None) -> None:
    assert sandbox(tmp_path).rewrite(text) == (text if expected is None else expected)


@pytest.mark.parametrize(
    ("entrypoint", "command", "argv"),
    [
        (None, None, ["run", "127.9.1.7", "default"]),
        (None, ["migrate"], ["run", "127.9.1.7", "migrate"]),
        (["sh", "-c"], ["exit 0"], ["sh", "-c", "exit 0"]),
        (["sh"], None, ["sh"]),
    ],
)
def test_argv_follows_docker(
    tmp_path: Path, entrypoint: list[str] | None, command: list[str] | None, argv: list[str]
) -> None:
    image = Image("app", entrypoint=["run", "{address}"], command=["default"])
    assert sandbox(tmp_path).argv(image, entrypoint, command) == argv


def kong(folder: Path, table: ImageTable, *arguments: str) -> str:
    """What the program `kong` of the image `kong` says to a shell in its container."""
    image = table.public(Reference.parse("docker.io/library/kong:3.9.1"))
    container = sandbox(folder)
    argv = container.argv(image, ["sh", "-c"], [f"kong {' '.join(arguments)}; echo resolver $KONG_DNS_RESOLVER"])
    environment = container.environment(image, {}, {})
    return subprocess.run(argv, env=environment, capture_output=True, text=True, check=True, timeout=30).stdout


def test_an_installed_kong_is_used_where_the_image_table_names_it(tmp_path: Path) -> None:
    program = tmp_path / "installed-kong"
    program.write_text('#!/bin/sh\necho "installed $*"\n')
    program.chmod(0o755)
    override = tmp_path / "images.yml"
    override.write_text(f"images: {{kong: {{programs: {{kong: [{program}]}}, tags: [3.9.1]}}}}\n")

    assert kong(tmp_path, ImageTable(IMAGES, override), "version") == "installed version\nresolver\n"


def test_the_stand_in_of_kong_asks_the_name_server_of_the_local_cloud(tmp_path: Path) -> None:
    said = kong(tmp_path, ImageTable(IMAGES), "version")

    assert "3.9.1" in said
    assert said.endswith("resolver 127.9.0.2:8053\n")
