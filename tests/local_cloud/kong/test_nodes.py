"""Several nodes on one database, a database that goes away, and how a node ends."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import ssl
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from kong_support import call, wait_until

from local_cloud.certificates import Authority
from local_cloud.kong.database import StoreUnavailableError
from local_cloud.kong.entities import next_expiry, purge
from local_cloud.kong.settings import from_environment
from local_cloud.kong.standalone import Kong, running_kong
from local_cloud.kong.state import State, Transaction
from local_cloud.kong.store import PostgresStore


def _service(name: str) -> dict[str, str]:
    return {"name": name, "host": f"{name}.example.com"}


def test_the_stand_in_says_what_it_is(kong: Kong) -> None:
    answer = call(f"{kong.admin}/")
    assert answer.headers["Server"] == "kong-stand-in/3.9.1"
    assert "stand-in" in answer.body["tagline"]
    assert answer.body["version"] == "3.9.1"
    first_line = Path(kong.nodes[0].process.record.log).read_text().splitlines()[0]
    assert "stand-in" in first_line


def test_secrets_are_not_told(kong: Kong) -> None:
    configuration = call(f"{kong.admin}/").body["configuration"]
    assert configuration["pg_password"] == "******"
    assert kong.environment["KONG_PG_PASSWORD"] not in str(configuration)


def test_what_one_node_writes_the_other_one_reads_at_once(kong: Kong) -> None:
    first, second = (node.urls for node in kong.nodes)
    assert call(f"{first.admin}/services", "POST", _service("shared")).status == 201
    assert call(f"{second.admin}/services/shared").body["host"] == "shared.example.com"
    assert call(f"{second.admin}/services/shared", "PATCH", {"retries": 1}).status == 200
    assert call(f"{first.admin}/services/shared").body["retries"] == 1
    assert call(f"{second.admin}/services/shared", "DELETE").status == 204
    assert call(f"{first.admin}/services/shared").status == 404


def test_a_name_is_given_once_whoever_asks(kong: Kong) -> None:
    urls = [node.urls.admin for node in kong.nodes] * 8
    with ThreadPoolExecutor(len(urls)) as pool:
        statuses = list(pool.map(lambda url: call(f"{url}/services", "POST", _service("wanted")).status, urls))
    assert sorted(statuses) == [201] + [409] * (len(urls) - 1)


def test_every_node_follows_into_its_proxy(kong: Kong) -> None:
    first, second = (node.urls for node in kong.nodes)
    call(f"{first.admin}/services/followed", "PUT", _service("followed"))
    plugin = {"name": "request-termination", "config": {"status_code": 418}}
    assert call(f"{first.admin}/services/followed/plugins", "POST", plugin).status == 201
    assert call(f"{first.admin}/services/followed/routes/followed", "PUT", {"paths": ["/followed"]}).status == 200
    for urls in (first, second):
        wait_until(lambda urls=urls: call(f"{urls.proxy}/followed").status == 418)


def test_a_node_that_is_far_behind_reads_everything(kong: Kong) -> None:
    """More versions than the change log keeps: simulated by emptying it."""
    first, second = (node.urls for node in kong.nodes)
    assert kong.database
    call(f"{first.admin}/consumers/late", "PUT", {})
    with kong.database.administrator("kong") as connection:
        connection.execute("DELETE FROM changes")
    assert call(f"{second.admin}/consumers/late").status == 200


def test_an_expiring_credential_goes(kong: Kong) -> None:
    call(f"{kong.admin}/consumers/visitor", "PUT", {})
    created = call(f"{kong.admin}/consumers/visitor/key-auth", "POST", {"key": "visitor-key", "ttl": 1})
    assert created.body["ttl"] in (0, 1)
    wait_until(lambda: call(f"{kong.admin}/key-auths/visitor-key").status == 404)
    assert call(f"{kong.admin}/consumers/visitor/key-auth").body["data"] == []


@pytest.mark.parametrize("body", [b'{"host": NaN}', b'{"host": "\\ud800"}', b"\xff", b"{", b'{"host": "h"} x'])
def test_what_is_no_json_is_refused(kong: Kong, body: bytes) -> None:
    request = urllib.request.Request(f"{kong.admin}/services", body, {"Content-Type": "application/json"})  # noqa: S310
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=10)  # noqa: S310 (loopback)
    assert (caught.value.code, json.load(caught.value)) == (400, {"message": "Cannot parse JSON body"})


def test_a_plugin_shares_a_protocol_with_its_route(kong: Kong) -> None:
    call(f"{kong.admin}/routes/plain", "PUT", {"paths": ["/plain"], "protocols": ["http"]})
    plugin = {"name": "cors", "protocols": ["grpc"]}
    answer = call(f"{kong.admin}/routes/plain/plugins", "POST", plugin)
    assert (answer.status, answer.body["fields"]) == (400, {"protocols": "must match the associated route's protocols"})
    assert call(f"{kong.admin}/routes/plain/plugins", "POST", {**plugin, "protocols": ["grpc", "http"]}).status == 201


def test_the_proxy_refuses_a_key_that_has_expired(kong: Kong) -> None:
    call(f"{kong.admin}/consumers/guest", "PUT", {})
    call(f"{kong.admin}/routes/guarded", "PUT", {"paths": ["/guarded"]})
    for plugin in ({"name": "key-auth"}, {"name": "request-termination", "config": {"status_code": 418}}):
        assert call(f"{kong.admin}/routes/guarded/plugins", "POST", plugin).status == 201
    call(f"{kong.admin}/consumers/guest/key-auth", "POST", {"key": "guest-key", "ttl": 3})
    url = f"{kong.proxy}/guarded?apikey=guest-key"
    wait_until(lambda: call(url).status == 418)
    wait_until(lambda: call(url).status == 401)


def test_what_has_expired_is_purged() -> None:
    state = State()
    transaction = Transaction(state)
    transaction.put("consumers", {"id": "c", "username": "c"})
    for key, expires in (("old", time.time() - 1), ("new", time.time() + 60)):
        transaction.put("keyauth_credentials", {"id": key, "key": key, "ttl": expires, "consumer": {"id": "c"}})
    purge(transaction)
    assert list(state.entities["keyauth_credentials"]) == ["new"]
    assert next_expiry(state) == pytest.approx(time.time() + 60, abs=5)


def test_without_its_database_a_node_says_so_and_comes_back(tmp_path: Path) -> None:
    with running_kong(tmp_path, pg_timeout="2000") as kong:
        assert kong.database
        call(f"{kong.admin}/services/kept", "PUT", _service("kept"))
        call(f"{kong.admin}/routes/kept", "PUT", {"paths": ["/kept"], "service": {"name": "kept"}})
        plugin = {"name": "request-termination", "config": {"status_code": 418}}
        call(f"{kong.admin}/routes/kept/plugins", "POST", plugin)
        wait_until(lambda: call(f"{kong.proxy}/kept").status == 418)
        kong.database.stop()
        unexpected = {"message": "An unexpected error occurred"}
        for method, path, body in (
            ("GET", "/services", None),
            ("POST", "/services", _service("lost")),
            ("PUT", "/services/kept", _service("kept")),
            ("DELETE", "/services/kept", None),
        ):
            answer = call(f"{kong.admin}{path}", method, body)
            assert (answer.status, answer.body) == (500, unexpected)
        assert call(f"{kong.admin}/").body == {"message": "An unexpected error happened"}
        assert call(f"{kong.admin}/status").body["database"] == {"reachable": False}
        assert call(f"{kong.status}/status/ready").status == 503
        assert call(f"{kong.proxy}/kept").status == 418
        kong.database.start()
        wait_until(lambda: call(f"{kong.status}/status/ready").status == 200)
        assert [service["name"] for service in call(f"{kong.admin}/services").body["data"]] == ["kept"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT])
def test_a_node_ends_on_a_signal(tmp_path: Path, number: int) -> None:
    with running_kong(tmp_path, database="off") as kong:
        process = kong.nodes[0].process
        process.send(number)
        assert process.wait(10) == 0


def test_the_admin_api_speaks_tls(tmp_path: Path) -> None:
    issued = Authority(tmp_path).issue("admin", names=["kong-admin.example.com"], ips=["127.0.0.1"])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    settings = {
        "database": "off",
        "admin_listen": f"127.0.0.1:{port} ssl",
        "admin_ssl_cert": str(issued.certificate),
        "admin_ssl_cert_key": issued.key.read_text(),
    }
    with running_kong(tmp_path / "kong", **settings):
        context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
        assert call(f"https://127.0.0.1:{port}/status", context=context).status == 200


def test_without_a_database_only_a_configuration_changes_anything(tmp_path: Path) -> None:
    configuration = (
        '{"_format_version": "3.0", "services": [{"name": "a", "host": "h", "routes": [{"paths": ["/a"]}]}]}'
    )
    with running_kong(tmp_path, database="off", declarative_config_string=configuration) as kong:
        assert call(f"{kong.admin}/services/a").body["host"] == "h"
        assert call(f"{kong.admin}/services", "POST", _service("b")).body["code"] == 12
        loaded = call(f"{kong.admin}/config", "POST", {"_format_version": "3.0", "consumers": [{"username": "c"}]})
        assert (loaded.status, list(loaded.body)) == (201, ["consumers"])
        assert call(f"{kong.admin}/services").body["data"] == []


# -- the store by itself --------------------------------------------------------------------------


def _put(identity: str) -> Any:
    def operation(transaction: Transaction) -> State:
        transaction.put("consumers", {"id": identity, "username": identity})
        return transaction.state

    return operation


def test_a_write_that_cannot_be_committed_leaves_nothing(kong: Kong) -> None:
    """The database refuses the batch at its end: what memory held of it is read anew."""
    identity = "00000000-0000-4000-8000-00000000000a"
    assert kong.database
    database = kong.database

    async def run() -> list[bool]:
        store = PostgresStore(from_environment(kong.environment))
        await store.read()
        with database.administrator("kong") as connection:
            connection.execute("ALTER TABLE changes ADD CONSTRAINT closed CHECK (version < 0) NOT VALID")
            try:
                with pytest.raises(StoreUnavailableError):
                    await store.write(_put(identity))
            finally:
                connection.execute("ALTER TABLE changes DROP CONSTRAINT closed")
        before = (await store.read()).get("consumers", identity) is not None
        after = (await store.write(_put(identity))).get("consumers", identity) is not None
        await store.write(lambda transaction: transaction.remove("consumers", identity))
        await store.close()
        return [before, after]

    assert asyncio.run(run()) == [False, True]
