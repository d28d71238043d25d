"""Settings from variables."""

from __future__ import annotations

import base64
import ipaddress
from pathlib import Path
from typing import Any

import pytest

from local_cloud.kong.settings import Listener, LogTarget, SettingError, from_environment, pem

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        ("KONG_DATABASE", "off", "off"),
        ("KONG_PG_PORT", "15432", 15432),
        ("KONG_PG_SSL", "on", True),
        ("KONG_PROXY_LISTEN", "off", ()),
        ("KONG_PROXY_LISTEN", "127.0.0.1:1 reuseport", (Listener("127.0.0.1", 1, flags=("reuseport",)),)),
        (
            "KONG_ADMIN_LISTEN",
            "127.0.0.1:1, [::1]:2 http2 ssl",
            (Listener("127.0.0.1", 1), Listener("[::1]", 2, ssl=True, http2=True, flags=("http2", "ssl"))),
        ),
        ("KONG_TRUSTED_IPS", "10.0.0.0/8,unix:", (ipaddress.ip_network("10.0.0.0/8"),)),
        ("KONG_DNS_RESOLVER", "127.0.0.2:8053, 127.0.0.3", (("127.0.0.2", 8053), ("127.0.0.3", 53))),
        ("KONG_PROXY_ACCESS_LOG", "/dev/stdout json", LogTarget("/dev/stdout", "json")),
        ("KONG_PROXY_ACCESS_LOG", "off", None),
        ("KONG_UNTRUSTED_LUA_SANDBOX_REQUIRES", "cjson.safe, resty.sha256", ("cjson.safe", "resty.sha256")),
        ("KONG_SSL_CERT", CERTIFICATE, (CERTIFICATE.strip(),)),
    ],
)
def test_a_variable_is_parsed(variable: str, text: str, value: Any) -> None:
    name = variable.removeprefix("KONG_").lower()
    assert getattr(from_environment({variable: text}), name) == value


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("KONG_DATABASE", "mysql"),
        ("KONG_PG_PORT", "x"),
        ("KONG_PG_SSL", "maybe"),
        ("KONG_PROXY_LISTEN", "8000"),
        ("KONG_PROXY_LISTEN", "127.0.0.1:80000"),
        ("KONG_ADMIN_LISTEN", "127.0.0.1:1 tls"),
        ("KONG_TRUSTED_IPS", "10.0.0.0/99"),
        ("KONG_PG_PASSWORD", "{vault://env/not-there}"),
    ],
)
def test_a_bad_value_is_named(variable: str, text: str) -> None:
    with pytest.raises(SettingError, match=variable):
        from_environment({variable: text})


def test_a_value_may_be_elsewhere_in_the_environment() -> None:
    settings = from_environment({"KONG_PG_PASSWORD": "{vault://env/database-password}", "DATABASE_PASSWORD": "s3cret"})
    assert settings.pg_password == "s3cret"
    assert "s3cret" not in repr(settings)


def test_listeners_are_on_the_address_of_the_task() -> None:
    settings = from_environment({"LOCAL_CLOUD_ADDRESS": "127.5.0.9"})
    assert {listener.address for listener in settings.proxy_listen} == {"127.5.0.9"}


def test_directives_of_nginx_are_found_by_block() -> None:
    settings = from_environment({"KONG_NGINX_HTTP_LOG_FORMAT": "json '{}'", "KONG_NGINX_ADMIN_X": "1"})
    assert settings.nginx("http")["log_format"] == "json '{}'"
    assert settings.nginx("admin")["client_max_body_size"] == "10m"


def test_a_certificate_is_text_or_a_file_or_encoded(tmp_path: Path) -> None:
    file = tmp_path / "certificate.pem"
    file.write_text(CERTIFICATE)
    encoded = base64.b64encode(CERTIFICATE.encode()).decode()
    assert {pem(CERTIFICATE), pem(str(file)), pem(encoded)} == {CERTIFICATE}
    with pytest.raises(SettingError, match="neither"):
        pem(str(tmp_path / "missing.pem"))
