"""One Redis process: a node of a replication group.

The management user is the local cloud's own, as on AWS: its password lives in memory and in the node's
configuration file (mode 600, removed with the node), never in argv.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import redis

from local_cloud.processes import Process

MANAGER = "local-cloud"
START_SECONDS = 20.0

# What ElastiCache keeps for itself; https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/SupportedCommands.html
FORBIDDEN = (
    "-acl|setuser -acl|deluser -acl|load -acl|save -bgrewriteaof -bgsave -config -debug -failover -migrate "
    "-module -psync -replconf -replicaof -save -shutdown -slaveof -sync -cluster|addslots "
    "-cluster|addslotsrange -cluster|bumpepoch -cluster|delslots -cluster|delslotsrange -cluster|failover "
    "-cluster|flushslots -cluster|forget -cluster|meet -cluster|replicate -cluster|reset "
    "-cluster|set-config-epoch -cluster|setslot"
)


Launcher = Callable[[str, Sequence[str], Path], Process]
"""(name, argv, working directory) -> running process."""


@dataclass(frozen=True)
class Certificate:
    """PEM files: the authority's own, and a server's pair."""

    ca: Path
    cert: Path
    key: Path


@dataclass(frozen=True)
class User:
    """An ACL user: no password at all means `nopass`."""

    name: str
    passwords: tuple[str, ...] = ()
    access: str = "~* &* +@all"
    enabled: bool = True

    def rules(self) -> list[str]:
        rules = ["reset", "on" if self.enabled else "off"]
        rules += [f">{password}" for password in self.passwords] or ["nopass"]
        return [*rules, *self.access.split(), *FORBIDDEN.split()]


@dataclass
class RedisNode:
    """A redis-server on its own address; `extra_addresses` are the endpoints it answers for besides."""

    name: str
    address: str
    port: int
    directory: Path
    certificate: Certificate
    launch: Launcher
    binary: Path
    manager_password: str
    tls: bool = False
    cluster: bool = False
    extra_addresses: tuple[str, ...] = ()
    process: Process | None = field(default=None, repr=False)

    def start(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        config = self.directory / "redis.conf"
        config.touch(mode=0o600)
        config.write_text("\n".join(self._configuration()) + "\n")
        self.process = self.launch(self.name, [str(self.binary), str(config)], self.directory)
        self._await_ready()

    def _configuration(self) -> list[str]:
        tls_port, plain_port = (self.port, 0) if self.tls else (0, self.port)
        lines = [
            f"bind {' '.join((self.address, *self.extra_addresses))}",
            f"port {plain_port}",
            f"tls-port {tls_port}",
            f'tls-cert-file "{self.certificate.cert}"',
            f'tls-key-file "{self.certificate.key}"',
            f'tls-ca-cert-file "{self.certificate.ca}"',
            "tls-auth-clients no",
            f'dir "{self.directory}"',
            'save ""',
            "appendonly no",
            "daemonize no",
            "protected-mode no",
            "repl-diskless-sync-delay 0",
            # as whom the primary knows it
            f"replica-announce-ip {self.address}",
            # the ports may change while it runs, so both kinds of link are settled here
            f"tls-replication {'yes' if self.tls else 'no'}",
            f"masteruser {MANAGER}",
            f"masterauth {self.manager_password}",
            f"user {MANAGER} on >{self.manager_password} ~* &* +@all",
            "user default off",
        ]
        return lines + (self._cluster_configuration() if self.cluster else [])

    def _cluster_configuration(self) -> list[str]:
        return [
            "cluster-enabled yes",
            "cluster-config-file nodes.conf",
            "cluster-node-timeout 5000",
            f"cluster-announce-ip {self.address}",
            f"tls-cluster {'yes' if self.tls else 'no'}",
        ]

    def _await_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                with self.client() as client:
                    client.ping()
                return
            except redis.ConnectionError:
                if self.process is None or self.process.poll() is not None or time.monotonic() > deadline:
                    tail = self.process.log_tail() if self.process else []
                    raise RuntimeError("\n".join([f"redis node {self.name} did not start:", *tail])) from None
                time.sleep(0.02)

    def client(self) -> redis.Redis:
        secure = {"ssl": True, "ssl_ca_certs": str(self.certificate.ca)} if self.tls else {}
        return redis.Redis(
            host=self.address,
            port=self.port,
            username=MANAGER,
            password=self.manager_password,
            decode_responses=True,
            socket_timeout=10,
            **secure,  # type: ignore[arg-type]
        )

    def bind(self, extra_addresses: Sequence[str]) -> None:
        """Answer for these endpoints too; connections already open stay open."""
        self.extra_addresses = tuple(extra_addresses)
        self.configure({"bind": " ".join((self.address, *self.extra_addresses))})

    def configure(self, values: Mapping[str, str]) -> None:
        with self.client() as client:
            for name, value in values.items():
                client.config_set(name, value)

    def set_tls(self, tls: bool) -> None:
        """Move the port from plain text to TLS or back, without a restart."""
        if tls == self.tls:
            return
        yes_no = "yes" if tls else "no"
        links = {"tls-replication": yes_no} | ({"tls-cluster": yes_no} if self.cluster else {})
        self.configure(links)
        off, on = ("port", "tls-port") if tls else ("tls-port", "port")
        with self.client() as client:
            client.config_set(off, "0")
            # the connection in hand outlives its listener
            client.config_set(on, str(self.port))
        self.tls = tls

    def set_users(self, users: Sequence[User]) -> None:
        """Exactly these users, besides the management one; `default` is switched off when not among them."""
        wanted = {user.name: user for user in users}
        wanted.setdefault("default", User("default", enabled=False))
        with self.client() as client:
            for user in wanted.values():
                client.execute_command("ACL", "SETUSER", user.name, *user.rules())
            stale = set(client.acl_users()) - set(wanted) - {MANAGER}
            if stale:
                client.acl_deluser(*stale)

    def replicate(self, primary: RedisNode | None) -> None:
        """Follow a primary, or (None) become one. For cluster mode off."""
        with self.client() as client:
            if primary is None:
                client.replicaof("NO", "ONE")
            else:
                client.replicaof(primary.address, str(primary.port))

    @property
    def died(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def stop(self) -> None:
        if self.process is not None:
            self.process.stop(5)
            self.process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


def new_password() -> str:
    return secrets.token_urlsafe(24)
