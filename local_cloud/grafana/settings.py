"""Settings from GF_* variables, as the image reads them: GF_<SECTION>_<KEY>, or the same with __FILE."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local_cloud.grafana.errors import StartError

LOG = logging.getLogger("settings")

_FILE = "__FILE"
_TRUE = frozenset("1 t true yes y on".split())
_FALSE = frozenset("0 f false no n off".split())
# Grafana knows them, and here they have no effect.
_WITHOUT_EFFECT = (
    "GF_ANALYTICS_",
    "GF_DATABASE_",
    "GF_EXPLORE_",
    "GF_INSTALL_PLUGINS",
    "GF_LOG_",
    "GF_NEWS_",
    "GF_PATHS_",
    "GF_PLUGINS_",
    "GF_PUBLIC_DASHBOARDS_",
    "GF_SNAPSHOTS_",
    "GF_UNIFIED_ALERTING_",
)


@dataclass(frozen=True)
class Settings:
    """Defaults are those of Grafana."""

    data: Path
    provisioning: Path
    # Grafana's own would be every address.
    address: str = "127.0.0.1"
    port: int = 3000
    root_url: str = "http://localhost:3000/"
    admin_user: str = "admin"
    admin_password: str = field(default="admin", repr=False)
    anonymous: bool = False
    anonymous_role: str = "Viewer"
    basic_auth: bool = True
    allow_sign_up: bool = False
    cookie_secure: bool = False
    cookie_samesite: str = "lax"
    hide_version: bool = False
    allow_embedding: bool = False
    hsts: bool = False
    hsts_max_age: int = 86400
    hsts_subdomains: bool = False
    hsts_preload: bool = False
    content_type_protection: bool = True
    xss_protection: bool = True
    csp: bool = False
    csp_template: str = "script-src 'self' 'unsafe-eval' 'unsafe-inline' 'strict-dynamic' $NONCE;object-src 'none';"
    metrics: bool = True
    metrics_user: str = ""
    metrics_password: str = field(default="", repr=False)


def read(environment: Mapping[str, str]) -> Settings:
    """Raises StartError."""
    reader = _Reader(_with_files(environment))
    settings = Settings(
        data=Path(reader.text("GF_PATHS_DATA", "data")),
        provisioning=Path(reader.text("GF_PATHS_PROVISIONING", "conf/provisioning")),
        address=reader.text("GF_SERVER_HTTP_ADDR", Settings.address),
        port=reader.number("GF_SERVER_HTTP_PORT", Settings.port),
        root_url=reader.text("GF_SERVER_ROOT_URL", Settings.root_url),
        admin_user=reader.text("GF_SECURITY_ADMIN_USER", Settings.admin_user),
        admin_password=reader.text("GF_SECURITY_ADMIN_PASSWORD", "admin"),
        anonymous=reader.flag("GF_AUTH_ANONYMOUS_ENABLED", Settings.anonymous),
        anonymous_role=reader.choice("GF_AUTH_ANONYMOUS_ORG_ROLE", ("Viewer", "Editor", "Admin")),
        basic_auth=reader.flag("GF_AUTH_BASIC_ENABLED", Settings.basic_auth),
        allow_sign_up=reader.flag("GF_USERS_ALLOW_SIGN_UP", Settings.allow_sign_up),
        metrics=reader.flag("GF_METRICS_ENABLED", Settings.metrics),
        metrics_user=reader.text("GF_METRICS_BASIC_AUTH_USERNAME", ""),
        metrics_password=reader.text("GF_METRICS_BASIC_AUTH_PASSWORD", ""),
        **_security(reader),
    )
    reader.finish()
    return settings


def _security(reader: _Reader) -> dict[str, Any]:
    flag, prefix = reader.flag, "GF_SECURITY_"
    reader.text(f"{prefix}SECRET_KEY", "")
    reader.flag(f"{prefix}DISABLE_GRAVATAR", default=False)
    return {
        "cookie_secure": flag(f"{prefix}COOKIE_SECURE", default=False),
        "cookie_samesite": reader.choice(f"{prefix}COOKIE_SAMESITE", ("lax", "strict", "none", "disabled")),
        "hide_version": flag("GF_AUTH_ANONYMOUS_HIDE_VERSION", default=False),
        "allow_embedding": flag(f"{prefix}ALLOW_EMBEDDING", default=False),
        "hsts": flag(f"{prefix}STRICT_TRANSPORT_SECURITY", default=False),
        "hsts_max_age": reader.number(f"{prefix}STRICT_TRANSPORT_SECURITY_MAX_AGE_SECONDS", 86400),
        "hsts_subdomains": flag(f"{prefix}STRICT_TRANSPORT_SECURITY_SUBDOMAINS", default=False),
        "hsts_preload": flag(f"{prefix}STRICT_TRANSPORT_SECURITY_PRELOAD", default=False),
        "content_type_protection": flag(f"{prefix}X_CONTENT_TYPE_OPTIONS", default=True),
        "xss_protection": flag(f"{prefix}X_XSS_PROTECTION", default=True),
        "csp": flag(f"{prefix}CONTENT_SECURITY_POLICY", default=False),
        "csp_template": reader.text(f"{prefix}CONTENT_SECURITY_POLICY_TEMPLATE", Settings.csp_template),
    }


class _Reader:
    """Reads variables and remembers which, so that misspelled ones are seen. An empty one counts as not given."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._given = {name: value for name, value in environment.items() if name.startswith("GF_") and value}
        self._read: set[str] = set()

    def text(self, name: str, default: str) -> str:
        self._read.add(name)
        return self._given.get(name, default)

    def flag(self, name: str, default: bool) -> bool:
        value = self.text(name, str(default)).lower()
        if value not in _TRUE | _FALSE:
            raise StartError(f"{name}: {value!r} is neither true nor false; Grafana would take its default, {default}")
        return value in _TRUE

    def number(self, name: str, default: int) -> int:
        value = self.text(name, str(default))
        try:
            return int(value)
        except ValueError:
            raise StartError(f"{name}: {value!r} is no number") from None

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        value = self.text(name, choices[0])
        if value not in choices:
            raise StartError(f"{name}: {value!r} is not one of {', '.join(choices)}")
        return value

    def finish(self) -> None:
        for name in sorted(self._given.keys() - self._read):
            if not name.startswith(_WITHOUT_EFFECT):
                LOG.warning("Setting is not known to the stand-in", extra={"fields": {"name": name}})


def _with_files(environment: Mapping[str, str]) -> dict[str, str]:
    """GF_X__FILE names a file that holds GF_X. Both at once are refused by the image."""
    found = {name: value for name, value in environment.items() if not name.endswith(_FILE)}
    for name, path in environment.items():
        if not (name.startswith("GF_") and name.endswith(_FILE) and path):
            continue
        target = name.removesuffix(_FILE)
        if found.get(target):
            raise StartError(f"Both {target} and {name} are set (but are exclusive)")
        try:
            found[target] = Path(path).read_text().rstrip("\n")
        except OSError as error:
            raise StartError(f"{name}: {path}: {error.strerror}") from error
    return found
