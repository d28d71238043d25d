"""OpenID Connect providers as IAM has them."""

from __future__ import annotations

import botocore.exceptions
import pytest
from local_cloud_support import LocalCloud

URL = "https://workflows.example.com"


def test_audiences_come_and_go_and_a_url_is_taken_once(local_cloud: LocalCloud) -> None:
    iam = local_cloud.client("iam")
    arn = iam.create_open_id_connect_provider(Url=URL, ClientIDList=["one"])["OpenIDConnectProviderArn"]

    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="two")
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="one")
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="never there")

    provider = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert (provider["Url"], provider["ClientIDList"]) == ("workflows.example.com", ["two"])
    assert [len(thumbprint) for thumbprint in provider["ThumbprintList"]] == [40]
    with pytest.raises(botocore.exceptions.ClientError, match=f"Provider with url {URL} already exists"):
        iam.create_open_id_connect_provider(Url=URL, ClientIDList=["one"])
    with pytest.raises(botocore.exceptions.ClientError, match="NoSuchEntity"):
        iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=f"{arn}-2", ClientID="two")
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)


@pytest.mark.parametrize("url", ["http://workflows.example.com", "https://workflows.example.com:8443"])
def test_a_url_that_is_none_of_a_provider_is_refused(local_cloud: LocalCloud, url: str) -> None:
    with pytest.raises(botocore.exceptions.ClientError, match="Invalid Open ID Connect Provider URL"):
        local_cloud.client("iam").create_open_id_connect_provider(Url=url, ClientIDList=["one"])
