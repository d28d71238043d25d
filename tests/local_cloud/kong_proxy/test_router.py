"""Which route wins, and which path the upstream gets."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from local_cloud.kong.proxy.paths import encode, normalise, upstream_path
from local_cloud.kong.proxy.router import Router, Wanted

_numbers = iter(range(10_000))


def route(name: str, **fields: Any) -> dict[str, Any]:
    number = next(_numbers)
    return {"id": f"{number:04}", "created_at": number, "name": name, "protocols": ["http", "https"], **fields}


def winner(routes: list[dict[str, Any]], **wanted: Any) -> str | None:
    """Name of the route that a request belongs to, in whatever order the routes are given."""
    headers = {name.lower(): values for name, values in wanted.pop("headers", {}).items()}
    asked = Wanted(
        **{"method": "GET", "scheme": "http", "host": "a.example.com", "port": 8000, "path": "/", **wanted},
        header=lambda name: headers.get(name.lower(), []),
    )
    found = [Router(order, {}).match(asked) for order in (routes, routes[::-1])]
    names = {match.route["name"] if match else None for match in found}
    assert len(names) == 1
    return names.pop()


@pytest.mark.parametrize(
    ("fields", "wanted", "matches"),
    [
        ({"paths": ["/a"]}, {"path": "/a"}, True),
        ({"paths": ["/a"]}, {"path": "/ab/c"}, True),
        ({"paths": ["/a"]}, {"path": "/b/a"}, False),
        ({"paths": ["~/a/\\d+"]}, {"path": "/a/12/more"}, True),
        ({"paths": ["~/a/\\d+$"]}, {"path": "/a/12/more"}, False),
        ({"paths": ["~/a"]}, {"path": "/b/a"}, False),
        ({"methods": ["GET"]}, {"method": "GET"}, True),
        ({"methods": ["GET"]}, {"method": "POST"}, False),
        ({"hosts": ["a.example.com"]}, {}, True),
        ({"hosts": ["*.example.com"]}, {}, True),
        ({"hosts": ["*.example.com"]}, {"host": "example.com"}, False),
        ({"hosts": ["a.example.*"]}, {}, True),
        ({"hosts": ["a.example.com:8000"]}, {}, True),
        ({"hosts": ["a.example.com:8443"]}, {}, False),
        ({"headers": {"X-Color": ["blue", "green"]}}, {"headers": {"x-color": ["GREEN"]}}, True),
        ({"headers": {"X-Color": ["blue"]}}, {"headers": {"x-color": ["red", "blue"]}}, True),
        ({"headers": {"X-Color": ["blue"]}}, {"headers": {"x-color": ["bluer"]}}, False),
        ({"headers": {"X-Color": ["~*^b.+e$"]}}, {"headers": {"x-color": ["Blue"]}}, True),
        ({"headers": {"X-A": ["1"], "X-B": ["2"]}}, {"headers": {"x-a": ["1"]}}, False),
        ({"snis": ["a.example.com"]}, {"scheme": "https", "sni": "a.example.com"}, True),
        ({"snis": ["a.example.com"]}, {"scheme": "https", "sni": "b.example.com"}, False),
        ({"snis": ["a.example.com"]}, {"scheme": "http"}, True),
        ({"paths": ["/"], "protocols": ["tcp"]}, {}, False),
    ],
)
def test_what_a_route_matches(fields: dict[str, Any], wanted: dict[str, Any], matches: bool) -> None:
    assert (winner([route("it", **fields)], **wanted) == "it") is matches


@pytest.mark.parametrize(
    ("better", "worse", "wanted"),
    [
        pytest.param({"paths": ["/a"], "methods": ["GET"]}, {"paths": ["/a/longer"]}, {}, id="more attributes"),
        pytest.param({"paths": ["/a/lon"]}, {"paths": ["/a"]}, {}, id="a longer path"),
        pytest.param({"paths": ["~/a"]}, {"paths": ["/a/longer"]}, {}, id="a regex over a prefix"),
        pytest.param(
            {"paths": ["~/a"], "regex_priority": 2}, {"paths": ["~/a/longer"], "regex_priority": 1}, {}, id="priority"
        ),
        pytest.param({"hosts": ["a.example.com"]}, {"hosts": ["*.example.com"]}, {}, id="a plain host"),
        pytest.param(
            {"headers": {"X-A": ["1"], "X-B": ["1"]}},
            {"headers": {"X-A": ["1"]}},
            {"headers": {"x-a": ["1"], "x-b": ["1"]}},
            id="more headers",
        ),
        pytest.param({"hosts": ["a.example.com"]}, {"paths": ["~/a/.*"]}, {}, id="a plain host over a regex"),
        pytest.param({"paths": ["/a", "/a/longer"]}, {"paths": ["/a/lon"]}, {}, id="each path counts by itself"),
        pytest.param({"paths": ["/a"]}, {"paths": ["/a"]}, {}, id="of equals the older one"),
    ],
)
def test_which_route_wins(better: dict[str, Any], worse: dict[str, Any], wanted: dict[str, Any]) -> None:
    routes = [route("better", **better), route("worse", **worse)]
    assert winner(routes, **{"path": "/a/longer/path", **wanted}) == "better"


def test_captures_and_prefix() -> None:
    router = Router([route("it", paths=[r"~/users/(?<id>\d+)/(x|y)"])], {})
    match = router.match(Wanted("GET", "http", "", 80, "/users/12/x/more"))
    assert match
    assert match.prefix == "/users/12/x"
    assert match.captures == {"id": "12", 1: "12", 2: "x"}


def test_a_route_of_a_disabled_service_is_not_there() -> None:
    services = {"s": {"id": "s", "enabled": False}}
    assert (
        Router([route("it", paths=["/"], service={"id": "s"})], services).match(Wanted("GET", "http", "", 80, "/"))
        is None
    )


@pytest.mark.parametrize(
    ("path", "prefix", "base", "strip", "expected"),
    [
        ("/a", "/a", "/", True, "/"),
        ("/a/", "/a", "/", True, "/"),
        ("/a/b", "/a", "/", True, "/b"),
        ("/ab", "/a", "/", True, "/b"),
        ("/a", "/a", "/s", True, "/s"),
        ("/a/", "/a", "/s", True, "/s/"),
        ("/a/b", "/a", "/s", True, "/s/b"),
        ("/ab", "/a", "/s", True, "/s/b"),
        ("/a", "/a", "/s/", True, "/s"),
        ("/a/b", "/a", "/s/", True, "/s/b"),
        ("/a/", "/a/", "/s/", True, "/s/"),
        ("/", "/", "/s", True, "/s"),
        ("/b", "/", "/s", True, "/s/b"),
        ("/a/b", "/a", "/", False, "/a/b"),
        ("/a/b", "/a", "/s", False, "/s/a/b"),
        ("/a/b", "/a", "/s/", False, "/s/a/b"),
        ("/", "/", "/s", False, "/s"),
        ("/b", None, "/s", True, "/s/b"),
        ("/a../b", "/a", "/s", True, "/s/b"),
    ],
)
def test_the_path_for_the_upstream(path: str, prefix: str | None, base: str, strip: bool, expected: str) -> None:
    assert upstream_path(path, prefix, base, strip=strip) == expected


@pytest.mark.parametrize(
    ("path", "normal", "encoded"),
    [
        ("/a/b", "/a/b", "/a/b"),
        ("/a/./b/../c", "/a/c", "/a/c"),
        ("/../../a", "/a", "/a"),
        ("/a/..", "/", "/"),
        ("//a///b", "/a/b", "/a/b"),
        ("/%61%2d", "/a-", "/a-"),
        ("/a%2fb%3F", "/a%2Fb%3F", "/a%2Fb%3F"),
        ("/a%20b", "/a b", "/a%20b"),
        ("/%c3%a9", "/\xc3\xa9", "/%C3%A9"),
        ("/a/%2e%2e/b", "/b", "/b"),
    ],
)
def test_normal_paths(path: str, normal: str, encoded: str) -> None:
    assert normalise(path) == normal
    assert encode(normal) == encoded


SEGMENTS = st.sampled_from(
    ["a", "b", "api", ".", "..", "", "%2e", "%2E%2e", "%2f", "%5c", "..;", "a..", "%252e", "x y"]
)


@given(st.lists(SEGMENTS, max_size=6), st.sampled_from(["/", "/api", "/api/", "/a"]), st.booleans())
def test_no_path_leaves_the_service(segments: list[str], prefix: str, strip: bool) -> None:
    path = normalise("/" + "/".join(segments))
    assert normalise(path) == path
    assume(path.startswith(prefix))
    for base in ("/", "/inner", "/inner/"):
        found = encode(upstream_path(path, prefix, base, strip=strip))
        assert found.startswith("/")
        assert normalise(found).startswith(base.removesuffix("/"))
        assert "/../" not in f"{found}/"
