"""What Grafana does not start with, and what it starts without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from grafana_support import DATA_SOURCE, PASSWORD, PROVIDER, Grafana, dashboard

REFUSED_FILES: dict[str, tuple[str, Any, str]] = {
    "YAML that is none": ("datasources/sources.yaml", "datasources: [", "could not parse provisioning config file"),
    "no version": ("datasources/sources.yaml", {"datasources": [DATA_SOURCE]}, "apiVersion: 1 is missing"),
    "no list": ("datasources/sources.yaml", {"apiVersion": 1, "datasources": {"a": 1}}, "no list of mappings"),
    "two defaults": (
        "datasources/more.yaml",
        {"apiVersion": 1, "datasources": [{"name": "B", "type": "loki", "isDefault": True}]},
        "Only one datasource per organization can be marked as default",
    ),
    "one uid twice": (
        "datasources/more.yaml",
        {"apiVersion": 1, "datasources": [{"name": "B", "type": "loki", "uid": "prometheus"}]},
        "datasource uid is not unique: prometheus",
    ),
    "a data source without a type": (
        "datasources/more.yaml",
        {"apiVersion": 1, "datasources": [{"name": "B"}]},
        "a data source has no type",
    ),
    "an organisation that is not there": (
        "datasources/more.yaml",
        {"apiVersion": 1, "datasources": [{"name": "B", "type": "loki", "orgId": 7}]},
        "organization 7 not found",
    ),
    "a flag that is none": (
        "datasources/more.yaml",
        {"apiVersion": 1, "datasources": [{"name": "B", "type": "loki", "editable": "perhaps"}]},
        "editable: 'perhaps' is no bool",
    ),
    "a provider without a path": (
        "dashboards/providers.yaml",
        {"apiVersion": 1, "providers": [{"name": "platform", "type": "file"}]},
        "path param is not a string",
    ),
    "a provider of another type": (
        "dashboards/providers.yaml",
        {"apiVersion": 1, "providers": [{**PROVIDER, "type": "git"}]},
        "type git is not supported",
    ),
    "two providers of one name": (
        "dashboards/more.yaml",
        {"apiVersion": 1, "providers": [PROVIDER]},
        "name of dashboard providers is not unique: platform",
    ),
}

REFUSED_SETTINGS = {
    "a flag that is none": ({"GF_AUTH_ANONYMOUS_ENABLED": "no way"}, "GF_AUTH_ANONYMOUS_ENABLED: 'no way' is neither"),
    "a port that is none": ({"GF_SERVER_HTTP_PORT": "http"}, "GF_SERVER_HTTP_PORT: 'http' is no number"),
    "password and file": (
        {"GF_SECURITY_ADMIN_PASSWORD__FILE": "/dev/null"},
        "Both GF_SECURITY_ADMIN_PASSWORD and GF_SECURITY_ADMIN_PASSWORD__FILE are set (but are exclusive)",
    ),
    "a folder that cannot be": ({"GF_PATHS_DATA": "/dev/null/data"}, "failed to connect to database"),
}


@pytest.mark.parametrize("name", REFUSED_FILES)
def test_it_does_not_start_with_provisioning_that_is_wrong(own: Grafana, name: str) -> None:
    path, content, message = REFUSED_FILES[name]
    own.write(path, content)

    ended = own.run("server")

    assert ended.returncode == 1
    assert message in ended.stdout.splitlines()[-1]
    assert "stand-in" in ended.stdout.splitlines()[0]


@pytest.mark.parametrize("name", REFUSED_SETTINGS)
def test_it_does_not_start_with_settings_that_are_wrong(own: Grafana, name: str) -> None:
    settings, message = REFUSED_SETTINGS[name]
    own.environment |= settings

    ended = own.run("server")

    assert ended.returncode == 1
    assert message in ended.stdout.splitlines()[-1]


def test_a_file_that_is_named_but_missing_is_refused(own: Grafana, tmp_path: Path) -> None:
    del own.environment["GF_SECURITY_ADMIN_PASSWORD"]
    own.environment["GF_SECURITY_ADMIN_PASSWORD__FILE"] = str(tmp_path / "missing")

    assert "No such file" in own.run("server").stdout.splitlines()[-1]


def test_broken_dashboards_are_logged_and_not_served(own: Grafana) -> None:
    own.write("models/broken.json", '{"uid": ')
    own.write("models/untitled.json", dashboard("untitled", " "))
    own.write("models/named.json", dashboard("what a uid", "Named"))

    with own.running():
        found = own.get("/api/search", params={"type": "dash-db"}).json()

    assert [hit["uid"] for hit in found] == ["service"]
    broken = [line for line in own.output.splitlines() if "failed to load dashboard from" in line]
    assert len(broken) == 3
    assert any("broken.json" in line for line in broken)


def test_a_provider_with_duplicates_serves_nothing(own: Grafana) -> None:
    own.write("models/again.json", dashboard("service", "Another"))

    with own.running():
        assert own.get("/api/dashboards/uid/service").status_code == 404

    assert "because of duplicates" in own.output


def test_a_folder_that_is_missing_is_logged(own: Grafana) -> None:
    options = {**PROVIDER, "options": {"path": "/nowhere"}}
    own.write("dashboards/providers.yaml", {"apiVersion": 1, "providers": [options]})

    with own.running():
        assert own.get("/api/search").json() == []

    assert "Cannot read directory" in own.output


def test_the_password_may_come_from_a_file_and_is_never_logged(own: Grafana, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    del own.environment["GF_SECURITY_ADMIN_PASSWORD"]
    own.environment["GF_SECURITY_ADMIN_PASSWORD__FILE"] = str(file)

    with own.running():
        assert own.get("/api/org").status_code == 200

    assert PASSWORD not in own.output


def test_only_the_first_start_takes_the_password_and_a_command_sets_it(own: Grafana) -> None:
    reset = ("cli", "--homepath", "/usr/share/grafana", "admin", "reset-admin-password", "--password-from-stdin")
    assert own.run(*reset, given="too-early\n").returncode == 1
    with own.running():
        pass
    own.environment["GF_SECURITY_ADMIN_PASSWORD"] = "another"
    with own.running():
        assert own.get("/api/org", auth=("admin", "another")).status_code == 401

    assert own.run(*reset, given="another\n").returncode == 0

    with own.running():
        assert own.get("/api/org", auth=("admin", "another")).status_code == 200
        assert own.get("/api/org").status_code == 401


def test_annotations_outlive_a_restart(own: Grafana) -> None:
    with own.running():
        own.call("POST", "/api/annotations", json={"text": "1.1.0", "tags": ["release"]})

    with own.running():
        assert [row["text"] for row in own.get("/api/annotations").json()] == ["1.1.0"]


def test_a_setting_that_it_does_not_know_is_warned_of(own: Grafana) -> None:
    own.environment["GF_SECURITY_COOKIE_SECURED"] = "true"

    with own.running():
        pass

    assert "level=warn" in next(line for line in own.output.splitlines() if "GF_SECURITY_COOKIE_SECURED" in line)


def test_variables_are_expanded_in_values(own: Grafana, tmp_path: Path) -> None:
    (tmp_path / "word").write_text("read\n")
    own.environment["WORD"] = "set"
    url = f"http://$WORD.${{WORD}}.$$WORD.$__env{{WORD}}.$__file{{{tmp_path}/word}}.$UNSET.example.com"
    own.write("datasources/sources.yaml", {"apiVersion": 1, "datasources": [{**DATA_SOURCE, "url": url}]})

    with own.running():
        found = own.get("/api/datasources/uid/prometheus").json()

    assert found["url"] == "http://set.set.$WORD.set.read..example.com"
