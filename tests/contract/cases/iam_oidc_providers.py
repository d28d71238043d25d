"""Contract cases of iam_oidc_providers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.contract.case import Boto, Case

TAGS = {"Project": "contract", "Environment": "oidc"}
THUMBPRINT = "0a" * 20
WORKFLOWS = {
    "url": "https://workflows.example.com",
    "client_id_list": ["sts.amazonaws.com", "contract"],
    "thumbprint_list": [THUMBPRINT],
}
CLUSTER = {"url": "https://cluster.example.com/id/0123"}


def lookalike(boto: Boto) -> Callable[[], Any]:
    """A provider of somebody else on a host of ours."""
    iam = boto("iam")
    arn = iam.create_open_id_connect_provider(
        Url="https://cluster.example.com/id/4567",
        ClientIDList=["contract"],
        Tags=[{"Key": "Project", "Value": "other"}],
    )["OpenIDConnectProviderArn"]
    return lambda: iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ClientIDList"]


CASES = [
    Case(
        name="iam_oidc_providers",
        module="iam_oidc_providers",
        present={"providers": [WORKFLOWS, CLUSTER], "tags": TAGS, "purge": True},
        absent={"providers": []},
        edits={
            "audiences": {"providers": [{**WORKFLOWS, "client_id_list": ["contract", "another"]}, CLUSTER]},
            "no audiences": {"providers": [{**WORKFLOWS, "client_id_list": []}, CLUSTER]},
            "thumbprints": {"providers": [{**WORKFLOWS, "thumbprint_list": [THUMBPRINT[::-1]]}, CLUSTER]},
            "tags": {"tags": {**TAGS, "Owner": "platform"}},
            "one fewer": {"providers": [WORKFLOWS]},
            "another": {"providers": [WORKFLOWS, {"url": "https://cluster.example.com/id/89ab"}]},
        },
        foreign=lookalike,
    )
]
