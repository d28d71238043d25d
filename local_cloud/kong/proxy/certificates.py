"""TLS: certificates of the proxy by server name, and contexts towards upstreams."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from local_cloud.kong.settings import Settings, pem
from local_cloud.kong.tls import load_pair, self_signed, server_context

LOG = logging.getLogger(__name__)

Entity = Mapping[str, Any]


class ServerCertificates:
    """Chooses the certificate of a TLS connection by the name that the client asks for."""

    def __init__(self, settings: Settings) -> None:
        if settings.ssl_cert:
            self._default = server_context(pem(settings.ssl_cert[0]), pem(settings.ssl_cert_key[0]))
        else:
            self._default = server_context(*self_signed("localhost"))
        self._by_name: dict[str, ssl.SSLContext] = {}
        self._contexts: dict[tuple[str, str], ssl.SSLContext] = {}
        self.context = self._default
        self.context.sni_callback = self._choose

    def update(self, certificates: Mapping[str, Entity], snis: Mapping[str, str]) -> None:
        """`snis`: name → certificate id."""
        before, self._contexts = self._contexts, {}
        by_name: dict[str, ssl.SSLContext] = {}
        for name, certificate_id in snis.items():
            pair = (certificates[certificate_id]["cert"], certificates[certificate_id]["key"])
            try:
                context = self._contexts.get(pair) or before.get(pair) or server_context(*pair)
            except ssl.SSLError as error:
                LOG.warning("certificate %s cannot be served: %s", certificate_id, error)
                continue
            self._contexts[pair] = by_name[name.lower()] = context
        self._by_name = by_name

    def _choose(self, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        # Routes can ask for the name, too.
        setattr(connection, SNI, name)
        for candidate in _sni_candidates((name or "").lower()):
            if candidate in self._by_name:
                connection.context = self._by_name[candidate]
                return


SNI = "requested_server_name"


def _sni_candidates(name: str) -> Iterator[str]:
    yield name
    tail = name.partition(".")[2]
    if tail:
        yield f"*.{tail}"
        yield f"{name.rpartition('.')[0]}.*"
    yield "*"


class ClientContexts:
    """Contexts towards upstreams, one for each way to verify and to authenticate."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._contexts: dict[tuple[Any, ...], ssl.SSLContext] = {}

    def trust(self) -> ssl.SSLContext:
        """Verifies with the certificates that the node trusts."""
        return self._context(True, (), None)

    def service(
        self, service: Entity, authorities: Mapping[str, Entity], certificates: Mapping[str, Entity]
    ) -> ssl.SSLContext:
        own = service.get("client_certificate")
        pair = None
        if own:
            certificate = certificates[own["id"]]
            pair = (certificate["cert"], certificate["key"])
        trusted = tuple(authorities[one]["cert"] for one in service.get("ca_certificates") or [] if one in authorities)
        return self._context(bool(service.get("tls_verify")), trusted, pair)

    def _context(self, verify: bool, trusted: tuple[str, ...], pair: tuple[str, str] | None) -> ssl.SSLContext:
        key = (verify, trusted, pair)
        if key not in self._contexts:
            self._contexts[key] = client_context(
                trusted or self._settings.lua_ssl_trusted_certificate, verify=verify, pair=pair
            )
        return self._contexts[key]


def client_context(trusted: Iterable[str], *, verify: bool, pair: tuple[str, str] | None = None) -> ssl.SSLContext:
    """`trusted`: PEM texts, or paths of PEM files."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)
    if verify:
        for one in trusted:
            context.load_verify_locations(cadata=pem(one))
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if pair:
        load_pair(context, *pair)
    return context
