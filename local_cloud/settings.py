"""Settings of one local cloud, read from `LOCAL_CLOUD_*` environment variables."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
IMAGES = REPOSITORY / "local_cloud" / "images.yml"


class SettingError(ValueError):
    """A setting has a value that cannot be used; the message names it and what is allowed."""


@dataclass(frozen=True)
class Settings:
    """Everything one local cloud can be told. Ports are bound on loopback only."""

    state: Path
    aws_port: int
    https_port: int
    http_port: int
    dns_port: int
    pager_port: int
    pager_token: str
    github_port: int
    awx_port: int
    network: str
    latency: float
    deployment_minute: float
    strict: bool
    edge: str
    domain: str
    images: Path
    region: str
    debian: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        env = os.environ if environment is None else environment
        state = Path(env.get("LOCAL_CLOUD_STATE") or REPOSITORY / ".local").absolute()
        return cls(
            state=state,
            aws_port=_port(env, "LOCAL_CLOUD_AWS_PORT", 4566),
            https_port=_port(env, "LOCAL_CLOUD_HTTPS_PORT", 8443),
            http_port=_port(env, "LOCAL_CLOUD_HTTP_PORT", 8080),
            dns_port=_port(env, "LOCAL_CLOUD_DNS_PORT", 8053),
            pager_port=_port(env, "LOCAL_CLOUD_PAGER_PORT", 8089),
            pager_token=env.get("LOCAL_CLOUD_PAGER_TOKEN") or "",
            github_port=_port(env, "LOCAL_CLOUD_GITHUB_PORT", 8087),
            awx_port=_port(env, "LOCAL_CLOUD_AWX_PORT", 8088),
            network=_network(env, state),
            latency=_factor(env, "LOCAL_CLOUD_LATENCY"),
            deployment_minute=_seconds(env, "LOCAL_CLOUD_DEPLOYMENT_MINUTE", 1.0),
            strict=_flag(env, "LOCAL_CLOUD_STRICT"),
            edge=env.get("LOCAL_CLOUD_EDGE") or "trademaster-local",
            domain=env.get("LOCAL_CLOUD_DOMAIN") or "local.example.com",
            images=_images(env),
            region=env.get("LOCAL_CLOUD_REGION") or "us-east-1",
            debian=Path(env.get("LOCAL_CLOUD_DEBIAN") or REPOSITORY / ".venv" / "debian").absolute(),
        )

    @property
    def aws_endpoint(self) -> str:
        return f"http://127.0.0.1:{self.aws_port}"

    @property
    def dns_address(self) -> str:
        return f"{self.network}.0.2"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def records(self) -> Path:
        """Folder of the records of started processes."""
        return self.state / "run"

    @property
    def endpoints(self) -> Path:
        return self.state / "endpoints.json"


def _port(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name) or str(default)
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise SettingError(f"{name}={text}: a port number from 1 to 65535 is needed")
    return int(text)


def _factor(env: Mapping[str, str], name: str) -> float:
    text = env.get(name) or "0"
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise SettingError(f"{name}={text}: a factor from 0 (no waiting) to 1 (real durations) is needed")
    return value


def _seconds(env: Mapping[str, str], name: str, default: float) -> float:
    text = env.get(name) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value <= 60:
        raise SettingError(f"{name}={text}: a number of seconds above 0, and not above 60, is needed")
    return value


def _flag(env: Mapping[str, str], name: str) -> bool:
    text = (env.get(name) or "0").lower()
    if text not in {"0", "1", "true", "false"}:
        raise SettingError(f"{name}={text}: 0 or 1 is needed")
    return text in {"1", "true"}


def _images(env: Mapping[str, str]) -> Path:
    path = Path(env.get("LOCAL_CLOUD_IMAGES") or IMAGES).absolute()
    if not path.is_file():
        raise SettingError(f"LOCAL_CLOUD_IMAGES={path}: there is no such file")
    return path


def _network(env: Mapping[str, str], state: Path) -> str:
    """Two clones get two networks, because their state folders differ."""
    text = env.get("LOCAL_CLOUD_NETWORK")
    if text is None or text == "":
        return f"127.{2 + int.from_bytes(hashlib.sha256(str(state).encode()).digest()[:4]) % 253}"
    if not re.fullmatch(r"127\.\d{1,3}", text) or not 1 <= int(text[4:]) <= 254:
        raise SettingError(f"LOCAL_CLOUD_NETWORK={text}: 127.1 to 127.254 is needed")
    return text
