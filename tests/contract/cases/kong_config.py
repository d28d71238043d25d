"""Contract cases of kong_config."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from tests.contract.case import Case
from tests.contract.kong_admin import Admin, issue

SECRET = "correct-horse-battery-staple-of-32b"
CERTIFICATE = issue("contract-config")
SELECT = {"select_tags": ["contract-config"], "purge": True}
STATE: Mapping[str, Any] = {
    "services": [
        {
            "name": "contract-auth",
            "url": "http://contract-up:8080/api",
            "plugins": [{"name": "jwt", "config": {"claims_to_verify": ["exp"], "uri_param_names": []}}],
            "routes": [
                {"name": "contract-profile", "paths": ["/profile"]},
                {"name": "contract-users", "paths": [r"~/users/\d+$"], "plugins": [{"name": "bot-detection"}]},
            ],
        }
    ],
    "upstreams": [{"name": "contract-up", "targets": [{"target": "192.0.2.1:80"}, {"target": "192.0.2.2:80"}]}],
    "consumers": [
        {
            "username": "contract-app",
            "jwt_secrets": [{"key": "contract-iss", "secret": SECRET, "algorithm": "HS256"}],
            "keyauth_credentials": [{"key": f"key-{SECRET}"}],
            "basicauth_credentials": [{"username": "contract-app", "password": f"word-{SECRET}"}],
            "acls": [{"group": "contract-staff"}],
        }
    ],
    "certificates": [
        {"cert": CERTIFICATE.certificate, "key": CERTIFICATE.key, "snis": [{"name": "config.contract.example"}]}
    ],
    "vaults": [{"prefix": "contract-vault", "name": "env", "config": {"prefix": "CONTRACT_"}}],
    "key_sets": [{"name": "contract-set"}],
}


def with_(change: Callable[[Any], Any]) -> Mapping[str, Any]:
    """The state with a change made to it."""
    state = copy.deepcopy(STATE)
    change(state)
    return {"config": state}


def service(**fields: Any) -> Mapping[str, Any]:
    return with_(lambda state: state["services"][0].update(fields))


def foreign_state(kong: Admin) -> Callable[[], Any]:
    """Entities without the tag, one of them with a tag that begins alike, and a plugin of the same name for all."""
    kong.made("/services", {"name": "contract-foreign", "host": "auth", "tags": ["contract-config-too"]})
    kong.made("/routes", {"name": "contract-foreign", "paths": ["/profile"], "service": {"name": "contract-foreign"}})
    kong.made("/consumers", {"username": "contract-foreign"})
    kong.call("POST", "/consumers/contract-foreign/acls", {"group": "contract-staff"})
    plugin = kong.made("/plugins", {"name": "bot-detection"})
    paths = ["/services/contract-foreign", "/routes/contract-foreign", "/consumers/contract-foreign"]
    paths += ["/consumers/contract-foreign/acls", f"/plugins/{plugin['id']}"]
    return lambda: [kong.get(path) for path in paths]


CASES = [
    Case(
        name="kong_config",
        module="kong_config",
        api="kong",
        present={"config": STATE, **SELECT},
        absent={"config": {}, "allow_empty": True},
        foreign=foreign_state,
        edits={
            "field": service(retries=1),
            "url": service(url="http://contract-up:8080/api/v2"),
            "default again": with_(lambda state: state["upstreams"][0].update(slots=100)),
            "renamed": service(name="contract-auth-too"),
            "route gone": with_(lambda state: state["services"][0]["routes"].pop()),
            "route moved": with_(
                lambda state: state["services"].append(
                    {"name": "contract-second", "host": "h", "routes": [state["services"][0]["routes"].pop(0)]}
                )
            ),
            "names swapped": with_(
                lambda state: (
                    state["services"][0]["routes"][0].update(paths=[r"~/users/\d+$"])
                    or state["services"][0]["routes"][1].update(paths=["/profile"])
                )
            ),
            "plugin changed": with_(
                lambda state: state["services"][0]["plugins"][0]["config"].update(claims_to_verify=["exp", "nbf"])
            ),
            "plugin added": with_(lambda state: state.update(plugins=[{"name": "correlation-id"}])),
            "weight": with_(lambda state: state["upstreams"][0]["targets"][0].update(weight=1)),
            "target gone": with_(lambda state: state["upstreams"][0]["targets"].pop()),
            "secret": with_(lambda state: state["consumers"][0]["jwt_secrets"][0].update(secret=f"other-{SECRET}")),
            "password": with_(
                lambda state: state["consumers"][0]["basicauth_credentials"][0].update(password=f"else-{SECRET}")
            ),
            "group": with_(lambda state: state["consumers"][0]["acls"].append({"group": "contract-more"})),
            "sni": with_(lambda state: state["certificates"][0]["snis"].append({"name": "more.contract.example"})),
            "vault": with_(lambda state: state["vaults"][0]["config"].update(prefix="OTHER_")),
            "key set gone": with_(lambda state: state.pop("key_sets")),
            "another tag": {"select_tags": ["contract-config"], **service(tags=["more"])},
        },
        secrets=(SECRET, *CERTIFICATE.key.splitlines()[1:-1]),
    ),
    Case(
        name="kong_config without purge",
        module="kong_config",
        api="kong",
        present={"config": {"services": [{"name": "contract-alone", "host": "h", "tags": ["a"]}]}},
        absent={"state": "absent"},
        edits={
            "field": {"config": {"services": [{"name": "contract-alone", "host": "h", "tags": ["a", "b"]}]}},
            "plugin, which goes with it": {
                "config": {
                    "services": [{"name": "contract-alone", "host": "h", "tags": ["a"], "plugins": [{"name": "cors"}]}]
                }
            },
        },
    ),
]
