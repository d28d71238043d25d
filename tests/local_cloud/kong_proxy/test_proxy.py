"""Requests through a node: what the upstream sees, what the client gets."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from local_cloud_support import eventually
from proxy_support import Behaviour, Echo, Node, World

from local_cloud.certificates import Authority
from local_cloud.kong import SERVER
from local_cloud.ports import free_ports

Start = Callable[..., Node]
MakeEcho = Callable[..., Echo]

ANY_SERVER = ssl.create_default_context()
ANY_SERVER.check_hostname = False
ANY_SERVER.verify_mode = ssl.CERT_NONE


def test_what_the_upstream_sees(world: World, start: Start, echo: MakeEcho) -> None:
    upstream = echo()
    world.route(world.service(upstream), paths=["/plain"])
    node = start()
    answer = node.send("/plain/a?b=c", [("X-Own", "1"), ("TE", "gzip"), ("Proxy-Connection", "close")])
    seen = answer.json
    assert (seen["method"], seen["path"]) == ("GET", "/a?b=c")
    request_id = answer.headers["X-Kong-Request-Id"]
    assert seen["headers"] == {
        "host": upstream.target,
        "connection": "keep-alive",
        "via": "1.1 kong/3.9.1",
        "x-own": "1",
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-proto": "http",
        "x-forwarded-host": "127.0.0.1",
        "x-forwarded-port": str(node.port),
        "x-forwarded-path": "/plain/a",
        "x-forwarded-prefix": "/plain",
        "x-real-ip": "127.0.0.1",
        "x-kong-request-id": request_id,
    }
    assert re.fullmatch(r"[0-9a-f]{32}", request_id)


def test_headers_of_a_proxied_answer(world: World, start: Start, echo: MakeEcho) -> None:
    upstream = echo()
    upstream.behaviour.headers = [("X-Twice", "1"), ("X-Twice", "2"), ("Keep-Alive", "timeout=5")]
    world.route(world.service(upstream), paths=["/"])
    headers = start().send().headers
    assert headers["Via"] == "1.1 kong/3.9.1"
    assert headers["Server"].startswith("BaseHTTP")
    assert headers.get_all("X-Twice") == ["1", "2"]
    assert "Keep-Alive" not in headers
    assert {"X-Kong-Upstream-Latency", "X-Kong-Proxy-Latency"} <= set(headers)
    assert "X-Kong-Response-Latency" not in headers


def test_headers_can_be_switched_off(world: World, start: Start, echo: MakeEcho) -> None:
    world.route(world.service(echo()), paths=["/x"])
    node = start(HEADERS="off")
    for path in ("/x", "/none"):
        assert not [name for name in node.send(path).headers if name.startswith(("X-Kong", "Via"))]


@pytest.mark.parametrize(
    ("accept", "kind", "pattern"),
    [
        (None, "application/json; charset=utf-8", r'{\n  "message":"%s",\n  "request_id":"%s"\n}'),
        ("text/plain", "text/plain; charset=utf-8", r"%s\nrequest_id: %s\n"),
        ("text/html;q=0.9, */*;q=0.1", "text/html; charset=utf-8", r"(?s).*<p>%s\.</p>.*<p>request_id: %s</p>.*"),
        ("application/xml", "application/xml; charset=utf-8", r"(?s).*<message>%s</message>.*<requestid>%s<.*"),
        (
            "image/png, text/html;q=0.9",
            "application/json; charset=utf-8",
            r'{\n  "message":"%s",\n  "request_id":"%s"\n}',
        ),
    ],
)
def test_no_route(start: Start, accept: str | None, kind: str, pattern: str) -> None:
    answer = start().send("/none", [("Accept", accept)] if accept else [])
    assert answer.status == 404
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["Server"] == SERVER
    assert "X-Kong-Response-Latency" in answer.headers
    expected = pattern % ("no Route matched with those values", answer.headers["X-Kong-Request-Id"])
    assert re.fullmatch(expected, answer.body.decode())


def test_upstreams_that_cannot_be_asked(world: World, start: Start) -> None:
    (nothing,) = free_ports(1)
    world.route(world.service(f"http://127.0.0.1:{nothing}", retries=1), paths=["/dead"])
    world.route(world.service("http://no-such-name.invalid"), paths=["/unknown"])
    world.route(world.service("http://127.0.0.1:1", enabled=False), paths=["/off"])
    world.route(None, paths=["/less"])
    world.add("upstreams", name="empty.lab")
    world.route(world.service("http://empty.lab"), paths=["/empty"])
    node = start(DNS_RESOLVER=f"127.0.0.1:{nothing}")
    dead = node.send("/dead")
    assert dead.status == 502
    assert dead.body.startswith(b"An invalid response was received from the upstream server\nrequest_id: ")
    assert {"X-Kong-Upstream-Latency", "Via", "Server"} <= set(dead.headers)
    for path, status, message in (
        ("/unknown", 503, "name resolution failed"),
        ("/off", 404, "no Route matched with those values"),
        ("/less", 503, "no Service found with those values"),
        ("/empty", 503, "failure to get a peer from the ring-balancer"),
    ):
        answer = node.send(path)
        assert (answer.status, answer.json["message"]) == (status, message)


def test_timeouts(world: World, start: Start, echo: MakeEcho) -> None:
    upstream = echo()
    upstream.behaviour.delay = 5
    world.route(world.service(upstream, read_timeout=100, retries=0), paths=["/"])
    answer = start().send("/", [("Accept", "application/json")])
    assert (answer.status, answer.json["message"]) == (504, "The upstream server is timing out")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_broken_connection_is_retried_where_it_is_safe(
    world: World, start: Start, echo: MakeEcho, method: str
) -> None:
    broken, good = echo(), echo()
    broken.behaviour.drop = True
    upstream = world.add("upstreams", name="two.lab")
    for one in (broken, good):
        world.add("targets", target=one.target, upstream={"id": upstream["id"]})
    world.route(world.service("http://two.lab"), paths=["/"])
    node = start()
    statuses = {node.send("/", method=method, body="x" if method == "POST" else None).status for _ in range(4)}
    assert statuses == ({200} if method == "GET" else {200, 502})


def test_a_refused_connection_is_retried_for_every_method(world: World, start: Start, echo: MakeEcho) -> None:
    (nothing,) = free_ports(1)
    good = echo()
    upstream = world.add("upstreams", name="two.lab")
    for target in (f"127.0.0.1:{nothing}", good.target):
        world.add("targets", target=target, upstream={"id": upstream["id"]})
    world.route(world.service("http://two.lab"), paths=["/"])
    node = start()
    answers = [node.send("/", method="POST", body="content") for _ in range(4)]
    assert [(answer.status, answer.json["body"]) for answer in answers] == [(200, "content")] * 4


def test_bodies_are_streamed_both_ways(world: World, start: Start, echo: MakeEcho) -> None:
    upstream = echo()
    world.route(world.service(upstream), paths=["/"])
    node = start()
    content = "x" * 3_000_000
    assert node.send("/", method="PUT", body=content).json["body"] == content
    chunked = b"5\r\nhello\r\n0\r\n\r\n"
    answer = node.send("/", [("Transfer-Encoding", "chunked")], method="POST", body=chunked)
    assert answer.json["body"] == "hello"
    upstream.behaviour = Behaviour(body=b"y" * 3_000_000, headers=[("Content-Encoding", "br")])
    answer = node.send()
    assert (len(answer.body), answer.headers["Content-Encoding"]) == (3_000_000, "br")


def test_a_head_request(world: World, start: Start, echo: MakeEcho) -> None:
    world.route(world.service(echo()), paths=["/"])
    answer = start().send(method="HEAD")
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 0


def test_host_headers(world: World, start: Start, echo: MakeEcho) -> None:
    upstream = echo()
    service = world.service(upstream)
    world.route(service, paths=["/service"])
    world.route(service, paths=["/client"], preserve_host=True)
    named = world.add("upstreams", name="named.lab", host_header="real.example.com")
    world.add("targets", target=upstream.target, upstream={"id": named["id"]})
    world.route(world.service("http://named.lab"), paths=["/named"])
    node = start()
    hosts = {path: node.send(path, [("Host", "Client.example.com:99")]).seen("host") for path in _HOSTS}
    assert hosts == {"/service": upstream.target, "/client": "Client.example.com:99", "/named": "real.example.com"}


_HOSTS = ("/service", "/client", "/named")


def test_forwarded_headers_of_a_trusted_proxy(world: World, start: Start, echo: MakeEcho) -> None:
    world.route(world.service(echo()), paths=["/"])
    sent = [
        ("X-Forwarded-For", "203.0.113.9, 198.51.100.7, 127.0.0.9"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "api.example.com"),
        ("X-Forwarded-Port", "443"),
    ]
    trusting = start(TRUSTED_IPS="127.0.0.0/8", REAL_IP_HEADER="X-Forwarded-For", REAL_IP_RECURSIVE="on")
    seen = trusting.send("/", sent).json["headers"]
    assert seen["x-real-ip"] == "198.51.100.7"
    assert seen["x-forwarded-for"] == "203.0.113.9, 198.51.100.7, 127.0.0.9, 127.0.0.1"
    assert (seen["x-forwarded-proto"], seen["x-forwarded-host"], seen["x-forwarded-port"]) == (
        "https",
        "api.example.com",
        "443",
    )
    suspicious = start()
    seen = suspicious.send("/", sent).json["headers"]
    assert seen["x-real-ip"] == "127.0.0.1"
    assert (seen["x-forwarded-proto"], seen["x-forwarded-port"]) == ("http", str(suspicious.port))


def test_tls_by_server_name(world: World, start: Start, echo: MakeEcho, authority: Authority) -> None:
    pair = authority.issue("api.example.com", ["api.example.com"])
    certificate = world.add("certificates", cert=pair.certificate.read_text(), key=pair.key.read_text())
    world.add("snis", name="api.example.com", certificate={"id": certificate["id"]})
    service = world.service(echo())
    world.route(service, paths=["/"], snis=["api.example.com"])
    node = start()
    verifying = ssl.create_default_context(cafile=str(authority.certificate))
    answer = node.send("/", port=node.tls_port, context=verifying, server_name="api.example.com")
    assert (answer.status, answer.seen("x-forwarded-proto")) == (200, "https")
    assert node.send("/", port=node.tls_port, context=ANY_SERVER, server_name="other.example.com").status == 404
    # Without TLS the name does not matter.
    assert node.send("/").status == 200


@pytest.mark.parametrize(("status", "location"), [(426, None), (301, "https://api.example.com/only/x?y")])
def test_https_only(world: World, start: Start, echo: MakeEcho, status: int, location: str | None) -> None:
    world.route(world.service(echo()), paths=["/only"], protocols=["https"], https_redirect_status_code=status)
    node = start(TRUSTED_IPS="127.0.0.1")
    answer = node.send("/only/x?y", [("Host", "api.example.com:8000")])
    assert (answer.status, answer.headers["Location"]) == (status, location)
    if status == 426:
        assert answer.json["message"] == "Please use HTTPS protocol"
    assert node.send("/only", port=node.tls_port, context=ANY_SERVER).status == 200
    assert node.send("/only", [("X-Forwarded-Proto", "https")]).status == 200


def test_tls_to_the_upstream(world: World, start: Start, echo: MakeEcho, authority: Authority) -> None:
    pair = authority.issue("localhost", ["localhost"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    upstream = echo(context=context)
    url = f"https://localhost:{upstream.port}"
    trusted = world.add("ca_certificates", cert=authority.certificate.read_text())
    world.route(world.service(url), paths=["/unverified"])
    world.route(world.service(url, tls_verify=True, retries=0), paths=["/unknown"])
    world.route(world.service(url, tls_verify=True, ca_certificates=[trusted["id"]]), paths=["/verified"])
    node = start()
    assert {path: node.send(path).status for path in ("/unverified", "/unknown", "/verified")} == {
        "/unverified": 200,
        "/unknown": 502,
        "/verified": 200,
    }


def test_a_certificate_towards_the_upstream(world: World, start: Start, echo: MakeEcho, authority: Authority) -> None:
    server, client = (authority.issue(name, [name]) for name in ("localhost", "gateway.example.com"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server.certificate, server.key)
    context.load_verify_locations(authority.certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    url = f"https://localhost:{echo(context=context).port}"
    own = world.add("certificates", cert=client.certificate.read_text(), key=client.key.read_text())
    world.route(world.service(url, client_certificate={"id": own["id"]}), paths=["/with"])
    world.route(world.service(url, retries=0), paths=["/without"])
    node = start()
    assert (node.send("/with").status, node.send("/without").status) == (200, 502)


@pytest.mark.parametrize("name", ["Authorization", "Host", "If-Match"])
def test_a_header_that_must_not_come_twice(world: World, start: Start, echo: MakeEcho, name: str) -> None:
    upstream = echo()
    world.route(world.service(upstream), paths=["/"])
    answer = start().send("/", [(name, "one"), (name, "two")])
    assert answer.status == 400
    assert answer.body.startswith(b"Bad request\n")
    assert not upstream.requests


def test_malformed_requests_are_refused(start: Start) -> None:
    node = start()
    assert node.send("/", [("X-Long", "x" * 9000)]).status == 494
    answer = node.send("/", [("Content-Length", "abc")], method="POST")
    assert (answer.status, answer.headers["Server"]) == (400, SERVER)


def test_underscores_and_many_headers_pass(world: World, start: Start, echo: MakeEcho) -> None:
    world.route(world.service(echo()), paths=["/"])
    headers = [(f"X-Number-{number}", "1") for number in range(80)]
    seen = start().send("/", [*headers, ("x_under_score", "1")]).json["headers"]
    assert len([name for name in seen if name.startswith("x-number-")]) == 80
    assert seen["x_under_score"] == "1"


def test_what_connection_names_does_not_reach_the_upstream(world: World, start: Start, echo: MakeEcho) -> None:
    world.route(world.service(echo()), paths=["/"])
    seen = start().send("/", [("Connection", "close, X-Secret"), ("X-Secret", "1"), ("X-Other", "2")])
    assert (seen.seen("X-Secret"), seen.seen("X-Other")) == (None, "2")


def test_the_access_log(world: World, start: Start, echo: MakeEcho) -> None:
    world.route(world.service(echo()), paths=["/"])
    node = start(
        PROXY_ACCESS_LOG="access.json structured",
        NGINX_HTTP_LOG_FORMAT=(
            'structured escape=json \'{"status":$status,"request":"$request","id":"$kong_request_id",'
            '"agent":"$http_user_agent","time":$request_time,\'\n\'"upstream":"$upstream_addr"}\''
        ),
    )
    answer = node.send("/a", [("User-Agent", 'a "quoted" one')])
    file = node.access_log.with_name("access.json")
    (line,) = eventually(lambda: file.exists() and file.read_text().splitlines())
    record = json.loads(line)
    assert (record["status"], record["request"], record["agent"]) == (200, "GET /a HTTP/1.1", 'a "quoted" one')
    assert record["id"] == answer.headers["X-Kong-Request-Id"]
    assert record["upstream"] == answer.json["server"]


def test_the_access_log_on_standard_output(start: Start, capsys: pytest.CaptureFixture[str]) -> None:
    start(PROXY_ACCESS_LOG="/dev/stdout").send("/none?a=b", [("User-Agent", "agent")])
    said = eventually(lambda: capsys.readouterr().out)
    assert '"GET /none?a=b HTTP/1.1" 404 ' in said
    assert '"-" "agent" kong_request_id: "' in said


def test_a_plugin_that_is_not_run_is_named_once(world: World, start: Start, caplog: pytest.LogCaptureFixture) -> None:
    world.plugin("proxy-cache", {"strategy": "memory"})
    start()
    world.add("consumers", username="somebody")
    said = [record.getMessage() for record in caplog.records if "proxy-cache" in record.getMessage()]
    assert len(said) == 1
    assert "DOES NOT RUN THE PLUGIN proxy-cache" in said[0]


def test_a_new_configuration_serves_the_next_request(world: World, start: Start, echo: MakeEcho) -> None:
    node = start()
    assert node.send("/new").status == 404
    route = world.route(world.service(echo()), paths=["/new"])
    assert node.send("/new").status == 200
    world.remove("routes", route)
    assert node.send("/new").status == 404


def test_an_upstream_that_breaks_off(world: World, start: Start, echo: MakeEcho) -> None:
    upstream = echo()
    world.route(world.service(upstream, retries=0), paths=["/"])
    node = start()
    upstream.behaviour = Behaviour(headers=[("Content-Length", "999999")])
    # Two lengths that differ are no answer.
    assert node.send().status == 502
    upstream.behaviour = Behaviour(body=b"x" * 10, missing=5)
    with pytest.raises(http.client.IncompleteRead):
        node.send()
    upstream.behaviour = Behaviour()
    assert node.send().status == 200


def test_a_client_that_breaks_off(world: World, start: Start, echo: MakeEcho) -> None:
    upstream = echo()
    upstream.behaviour.body = b"x" * 20_000_000
    world.route(world.service(upstream), paths=["/"])
    node = start()
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", node.port)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            client.recv(1000)
    eventually(lambda: len(node.access_log.read_text().splitlines()) == 3, what="all are finished")
    upstream.behaviour.body = b"{}"
    assert node.send().status == 200


def test_connections_are_kept(world: World, start: Start, echo: MakeEcho) -> None:
    world.route(world.service(echo()), paths=["/"])
    node = start()
    connection = http.client.HTTPConnection("127.0.0.1", node.port)
    for path in ("/", "/a", "/b"):
        connection.request("GET", path)
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Connection"]) == (200, "keep-alive")
        answer.read()
    connection.close()

    async def look() -> dict[str, int]:
        return node.gateway.statistics()

    counted = node.call(look)
    assert (counted["connections_accepted"], counted["total_requests"]) == (1, 3)


def test_http_1_0(world: World, start: Start, echo: MakeEcho) -> None:
    upstream = echo()
    upstream.behaviour.body = b"content"
    world.route(world.service(upstream), paths=["/"])
    node = start()
    with socket.create_connection(("127.0.0.1", node.port)) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        received = b"".join(iter(lambda: client.recv(1000), b""))
    assert received.startswith(b"HTTP/1.0 200")
    assert received.endswith(b"\r\n\r\ncontent")


def test_a_stop_lets_requests_finish(world: World, start: Start, echo: MakeEcho) -> None:
    upstream = echo()
    upstream.behaviour.delay = 0.5
    world.route(world.service(upstream), paths=["/"])
    node = start()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(node.send)
        eventually(lambda: upstream.requests)
        node.call(node.gateway.stop)
        assert answer.result().status == 200
    with pytest.raises(ConnectionRefusedError):
        node.send()
