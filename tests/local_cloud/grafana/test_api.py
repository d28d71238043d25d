"""The HTTP API, refusing what Grafana refuses."""

from __future__ import annotations

import pytest
import requests
from grafana_support import PASSWORD, Grafana, prometheus


@pytest.mark.parametrize(
    "path",
    ["/api/org", "/api/search", "/api/datasources", "/api/dashboards/uid/service", "/api/folders", "/api/annotations"],
)
def test_nobody_comes_in_without_signing_in(grafana: Grafana, path: str) -> None:
    answer = grafana.get(path, auth=None)

    assert answer.status_code == 401
    assert answer.json()["messageId"] == "auth.unauthorized"


def test_health_tells_anybody(grafana: Grafana) -> None:
    answer = grafana.get("/api/health", auth=None)

    assert answer.json()["database"] == "ok"
    assert answer.headers["Server"].startswith("local-cloud-grafana/")


def test_a_wrong_password_and_a_wrong_token_are_refused(grafana: Grafana) -> None:
    assert grafana.get("/api/org", auth=("admin", "admin")).json()["messageId"] == "password-auth.failed"
    wrong = grafana.get("/api/org", auth=None, headers={"Authorization": "Bearer glsa_wrong"})
    assert (wrong.status_code, wrong.json()["messageId"]) == (401, "api-key.invalid")


def test_a_browser_is_sent_to_sign_in_and_keeps_a_session(grafana: Grafana) -> None:
    sent = grafana.get("/d/service/service-overview", auth=None)
    assert (sent.status_code, sent.headers["Location"].partition("?")[0]) == (302, "/login")
    signed_in = grafana.call("POST", "/login", auth=None, json={"user": "admin", "password": PASSWORD})
    cookie = signed_in.headers["Set-Cookie"]
    assert {"HttpOnly", "Secure", "SameSite=Lax"} <= set(cookie.split("; "))
    session = {"grafana_session": signed_in.cookies["grafana_session"]}

    assert "Service overview" in grafana.get("/d/service", auth=None, cookies=session).text
    assert grafana.get("/d/nothing", auth=None, cookies=session).status_code == 404
    grafana.get("/logout", auth=None, cookies=session)
    assert grafana.get("/api/org", auth=None, cookies=session).status_code == 401


def test_nobody_signs_up(grafana: Grafana) -> None:
    answer = grafana.call("POST", "/api/user/signup", auth=None, json={"email": "a@example.com"})

    assert (answer.status_code, answer.json()["message"]) == (401, "User signup is disabled")


def test_headers_protect_browsers(grafana: Grafana) -> None:
    headers = grafana.get("/login", auth=None).headers

    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "'nonce-" in headers["Content-Security-Policy"]
    assert (headers["X-Frame-Options"], headers["X-Content-Type-Options"]) == ("deny", "nosniff")


def test_dashboards_are_found_by_uid_tag_and_words(grafana: Grafana) -> None:
    shown = grafana.get("/api/dashboards/uid/service").json()
    assert shown["dashboard"]["title"] == "Service overview"
    assert shown["meta"]["provisioned"] is True
    assert shown["meta"]["provisionedExternalId"] == "service.json"
    assert shown["meta"]["folderTitle"] == "Platform"

    def found(**query: str) -> list[str]:
        return [hit["uid"] for hit in grafana.get("/api/search", params=query).json() if hit["type"] == "dash-db"]

    assert found() == ["slo", "service"]
    assert found(tag="service") == ["service"]
    assert found(query="BUDGET") == ["slo"]
    assert found(dashboardUIDs="slo", tag="service") == []
    assert found(limit="1") == ["slo"]
    assert grafana.get("/api/dashboards/uid/nothing").status_code == 404


def test_folders_are_listed(grafana: Grafana) -> None:
    [folder] = grafana.get("/api/folders").json()

    assert folder["title"] == "Platform"
    assert grafana.get(f"/api/folders/{folder['uid']}").json()["title"] == "Platform"
    hits = grafana.get("/api/search", params={"folderUIDs": folder["uid"]}).json()
    assert {hit["folderUid"] for hit in hits} == {folder["uid"]}


def test_what_is_provisioned_cannot_be_changed(grafana: Grafana) -> None:
    model = grafana.get("/api/dashboards/uid/service").json()["dashboard"]

    saved = grafana.call("POST", "/api/dashboards/db", json={"dashboard": model, "overwrite": True})
    removed = grafana.call("DELETE", "/api/dashboards/uid/service")
    source = grafana.call("DELETE", "/api/datasources/uid/prometheus")

    assert (saved.status_code, saved.json()["message"]) == (400, "Cannot save provisioned dashboard")
    assert (removed.status_code, removed.json()["message"]) == (400, "provisioned dashboard cannot be deleted")
    assert (source.status_code, source.json()["message"]) == (403, "Cannot update read-only data source")


def test_what_is_not_built_says_so_and_what_is_not_there_is_not_found(grafana: Grafana) -> None:
    assert grafana.call("POST", "/api/ds/query", json={}).status_code == 501
    assert grafana.get("/api/nothing").json() == {"message": "Not found"}
    assert grafana.call("PUT", "/api/org", json={}).status_code == 404


def test_data_sources_are_shown_without_secrets(grafana: Grafana) -> None:
    [listed] = grafana.get("/api/datasources").json()

    assert listed == grafana.get("/api/datasources/uid/prometheus").json()
    assert listed == grafana.get("/api/datasources/name/Prometheus").json()
    assert (listed["uid"], listed["isDefault"], listed["readOnly"]) == ("prometheus", True, True)
    assert not any("secure" in name.lower() for name in listed)
    assert grafana.get("/api/datasources/uid/nothing").status_code == 404


def test_a_data_source_is_asked_by_its_name_without_the_callers_password(grafana: Grafana) -> None:
    assert grafana.get("/api/datasources/uid/prometheus/health").json()["status"] == "OK"

    proxy = "/api/datasources/proxy/uid/prometheus"
    got = grafana.get(f"{proxy}/api/v1/query", params={"query": 'up{job="a b"}'}).json()["data"]
    posted = grafana.call("POST", f"{proxy}/api/v1/query_range", data={"query": "up"}).json()["data"]

    assert got["path"] == "/api/v1/query?query=up%7Bjob%3D%22a+b%22%7D"
    assert "Authorization" not in got["headers"]
    assert (posted["method"], posted["body"]) == ("POST", "query=up")
    assert grafana.get(f"{proxy}/api/v1/bad").status_code == 422


def test_the_proxy_lets_no_changes_through(grafana: Grafana) -> None:
    proxy = "/api/datasources/proxy/uid/prometheus"

    for method, path in [("POST", "api/v1/admin/tsdb/snapshot"), ("POST", "-/reload"), ("DELETE", "api/v1/query")]:
        assert grafana.call(method, f"{proxy}/{path}").status_code == 403
    assert grafana.get("/api/datasources/proxy/uid/nothing/api/v1/query").status_code == 404
    assert grafana.get(f"{proxy}/api/v1/query", auth=None).status_code == 401


def test_a_data_source_that_does_not_answer_is_an_error(own: Grafana) -> None:
    with prometheus() as found:
        own.environment |= {**found, "PROMETHEUS_URL": "http://nowhere.test.internal:9090"}
        with own.running():
            health = own.get("/api/datasources/uid/prometheus/health")
            query = own.get("/api/datasources/proxy/uid/prometheus/api/v1/query")

    assert (health.status_code, health.json()["status"]) == (400, "ERROR")
    assert query.status_code == 502


def test_service_accounts_have_roles_and_tokens(grafana: Grafana) -> None:
    made = grafana.call("POST", "/api/serviceaccounts", json={"name": "release", "role": "Viewer"})
    tokens = f"/api/serviceaccounts/{made.json()['id']}/tokens"
    key = grafana.call("POST", tokens, json={"name": "first"}).json()["key"]
    bearer = {"Authorization": f"Bearer {key}"}

    assert made.status_code == 201
    assert grafana.call("POST", tokens, json={"name": "first"}).status_code == 409
    assert grafana.get("/api/search", auth=None, headers=bearer).status_code == 200
    assert grafana.get("/api/datasources", auth=None, headers=bearer).status_code == 403
    refused = grafana.call("POST", "/api/annotations", auth=None, headers=bearer, json={"text": "no"})
    assert refused.status_code == 403
    grafana.call("DELETE", f"/api/serviceaccounts/{made.json()['id']}")
    assert grafana.get("/api/search", auth=None, headers=bearer).status_code == 401


def test_annotations_are_found_by_time_and_tags(grafana: Grafana) -> None:
    def add(text: str, start: int, end: int, *tags: str) -> int:
        body = {"text": text, "time": start, "timeEnd": end, "tags": list(tags)}
        return int(grafana.call("POST", "/api/annotations", json=body).json()["id"])

    def texts(**query: object) -> list[str]:
        rows = grafana.get("/api/annotations", params=query).json()
        return [row["text"] for row in rows if row["text"] in ("one", "two")]

    numbers = [add("one", 1000, 2000, "release", "auth"), add("two", 3000, 3000, "release", "drill")]

    assert texts() == ["two", "one"]
    assert texts(**{"from": 1500, "to": 2500}) == ["one"]
    assert texts(tags=["release", "drill"]) == ["two"]
    assert texts(tags=["auth", "drill"], matchAny="true") == ["two", "one"]
    assert texts(tags="release", limit=1) == ["two"]
    counted = grafana.get("/api/annotations/tags").json()["result"]["tags"]
    assert {"tag": "release", "count": 2} in counted
    for number in numbers:
        grafana.call("DELETE", f"/api/annotations/{number}")


def test_annotations_are_changed_and_removed(grafana: Grafana) -> None:
    given = {"text": "1.0.1", "time": 5000, "dashboardUID": "service", "tags": ["release"]}
    number = grafana.call("POST", "/api/annotations", json=given).json()["id"]
    one = f"/api/annotations/{number}"

    assert grafana.call("PATCH", one, json={"timeEnd": 9000}).json() == {"message": "Annotation patched"}
    patched = grafana.get(one).json()
    assert (patched["text"], patched["time"], patched["timeEnd"], patched["tags"]) == ("1.0.1", 5000, 9000, ["release"])
    assert patched["dashboardUID"] == "service"
    grafana.call("PUT", one, json={"text": "rolled back"})
    assert grafana.get(one).json()["tags"] == []
    assert grafana.call("DELETE", one).json() == {"message": "Annotation deleted"}
    assert grafana.get(one).status_code == 404


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"tags": ["release"]}, 400),
        ({"text": ""}, 400),
        ({"text": "x", "time": "yesterday"}, 400),
        ({"text": "x", "tags": "release"}, 400),
        ({"text": "x", "dashboardUID": "nothing"}, 404),
    ],
)
def test_annotations_that_cannot_be_are_refused(grafana: Grafana, given: dict[str, object], status: int) -> None:
    assert grafana.call("POST", "/api/annotations", json=given).status_code == status


def test_a_body_that_is_not_called_json_is_refused(grafana: Grafana) -> None:
    answer = grafana.call("POST", "/api/annotations", data='{"text": "x"}')

    assert (answer.status_code, answer.json()["message"]) == (400, "bad request data")
    assert grafana.get("/api/annotations", params={"dashboardUID": "nothing"}).status_code == 400


def test_metrics_carry_the_names_of_grafana(grafana: Grafana) -> None:
    grafana.get("/api/dashboards/uid/service")

    text = requests.get(f"{grafana.url}/metrics", timeout=10).text

    assert 'grafana_build_info{branch="HEAD",edition="oss"' in text
    assert "grafana_stat_totals_dashboard 2.0" in text
    assert 'grafana_http_request_duration_seconds_count{handler="/api/dashboards/uid/:uid",method="GET"' in text
    assert "process_resident_memory_bytes" in text


def test_metrics_may_ask_for_a_password(own: Grafana) -> None:
    own.environment |= {"GF_METRICS_BASIC_AUTH_USERNAME": "scraper", "GF_METRICS_BASIC_AUTH_PASSWORD": "secret"}

    with own.running():
        assert own.get("/metrics", auth=None).status_code == 401
        assert own.get("/metrics", auth=("scraper", "secret")).status_code == 200


def test_anonymous_access_is_read_only_where_it_is_on(own: Grafana) -> None:
    own.environment["GF_AUTH_ANONYMOUS_ENABLED"] = "true"

    with own.running():
        assert own.get("/api/search", auth=None).status_code == 200
        assert own.call("POST", "/api/annotations", auth=None, json={"text": "x"}).status_code == 403
        assert own.get("/api/search", auth=("admin", "wrong")).status_code == 401
