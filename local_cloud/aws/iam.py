"""IAM: audiences of OpenID Connect providers, and what is refused of these providers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from moto.core.responses import ActionResult, EmptyResult
from moto.iam.exceptions import EntityAlreadyExists, LimitExceededException, ValidationError
from moto.iam.models import IAMBackend, OpenIDConnectProvider
from moto.iam.responses import IamResponse

from local_cloud.extensions import around, operation
from local_cloud.runtime import Runtime

CLIENT_IDS = 100
# What IAM itself finds out when it is given none; the certificate of nobody.
THUMBPRINT = "0" * 40

Original = Callable[..., Any]


def install(_: Runtime) -> None:
    operation(IamResponse, "add_client_id_to_open_id_connect_provider")(_add_client_id)
    operation(IamResponse, "remove_client_id_from_open_id_connect_provider")(_remove_client_id)
    around(IAMBackend, "create_open_id_connect_provider")(_create)


def _create(
    original: Original, backend: IAMBackend, url: str, thumbprint_list: list[str], *more: Any
) -> OpenIDConnectProvider:
    """Only HTTPS, without port and query; a URL is taken once; a thumbprint is looked up where none is given."""
    parts = urlsplit(url)
    if parts.scheme != "https" or parts.port or parts.query or parts.fragment:
        raise ValidationError("Invalid Open ID Connect Provider URL")
    if any(provider.url == parts.netloc + parts.path for provider in backend.open_id_providers.values()):
        raise EntityAlreadyExists(f"Provider with url {url} already exists.")
    made: OpenIDConnectProvider = original(backend, url, thumbprint_list or [THUMBPRINT], *more)
    return made


def _provider(self: IamResponse) -> OpenIDConnectProvider:
    arn = self._get_param("OpenIDConnectProviderArn")
    return self.backend.get_open_id_connect_provider(arn)


def _add_client_id(self: IamResponse) -> ActionResult:
    provider, client_id = _provider(self), self._get_param("ClientID")
    if client_id not in provider.client_id_list:
        if len(provider.client_id_list) >= CLIENT_IDS:
            raise LimitExceededException(f"Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {CLIENT_IDS}")
        provider.client_id_list.append(client_id)
    return EmptyResult()


def _remove_client_id(self: IamResponse) -> ActionResult:
    """No error for an audience that is not there, as IAM has it."""
    provider, client_id = _provider(self), self._get_param("ClientID")
    provider.client_id_list = [known for known in provider.client_id_list if known != client_id]
    return EmptyResult()
