"""A DB instance's life: its states, its pending changes, and the server that follows them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from local_cloud.data_stores.postgresql import PostgresServer
from local_cloud.data_stores.transition import Transition

if TYPE_CHECKING:
    from moto.rds.models import DBInstance

# moto's name of what waits for the maintenance window unless applied at once: the API's name of it
PENDING_NAMES = {
    "allocated_storage": "AllocatedStorage",
    "backup_retention_period": "BackupRetentionPeriod",
    "ca_certificate_identifier": "CACertificateIdentifier",
    "db_instance_class": "DBInstanceClass",
    "db_port_number": "Port",
    "db_subnet_group_name": "DBSubnetGroupName",
    "dedicated_log_volume": "DedicatedLogVolume",
    "enable_iam_database_authentication": "IAMDatabaseAuthenticationEnabled",
    "engine_version": "EngineVersion",
    "iops": "Iops",
    "license_model": "LicenseModel",
    "multi_az": "MultiAZ",
    "storage_throughput": "StorageThroughput",
    "storage_type": "StorageType",
}
Work = Callable[[], None]


@dataclass
class Database:
    instance: DBInstance
    server: PostgresServer
    settings: Callable[[DBInstance], tuple[bool, dict[str, str]]]
    """(TLS forced, parameters) that the instance's parameter group asks for."""
    changed: Callable[[DBInstance], None]
    """Called when pending changes have become present ones."""
    pending: dict[str, Any] = field(default_factory=dict)
    parameter_group_changed: bool = False
    pending_reboot: bool = False
    """A static parameter or another group waits for a reboot."""
    transition: Transition | None = None
    _arrive: Callable[[], None] | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def __post_init__(self) -> None:
        self.instance.__dict__["pending_modified_values"] = {}

    # -- states ---------------------------------------------------------------------------------

    def begin(
        self,
        status: str,
        work: Work,
        seconds: float,
        *,
        then: str = "available",
        flush: bool = False,
        finally_: Work | None = None,
    ) -> None:
        """Leave the present state; on arrival apply what was pending (`flush`) or call `finally_`."""

        def arrive() -> None:
            if flush:
                self._flush()
            self.instance.__dict__["pending_modified_values"] = self._shown()
            self.instance.status = then
            if finally_:
                finally_()

        self.instance.status = status
        self._arrive = arrive
        self.transition = Transition(f"{self.instance.db_instance_identifier}: {status}", work, seconds)

    def settle(self) -> None:
        """Arrive in the next state if it is time."""
        with self._lock:
            transition = self.transition
            if transition is None or not transition.finished:
                return
            self.transition = None
            if transition.failed:
                self.instance.status = "failed"
            elif self._arrive:
                self._arrive()

    # -- changes --------------------------------------------------------------------------------

    def defer(self, values: Mapping[str, Any]) -> None:
        """Remember changes; what equals the present value is no change, and takes back a pending one."""
        for name, value in values.items():
            if value is None:
                continue
            if value == self._current(name):
                self.pending.pop(name, None)
            else:
                self.pending[name] = value
        self.instance.__dict__["pending_modified_values"] = self._shown()

    def _current(self, name: str) -> Any:
        if name == "db_port_number":
            return self.instance.port
        if name == "db_subnet_group_name":
            group = self.instance.__dict__.get("db_subnet_group")
            return group.name if group else None
        return getattr(self.instance, name, None)

    def _shown(self) -> dict[str, Any]:
        return {PENDING_NAMES[name]: value for name, value in self.pending.items()}

    def _flush(self) -> None:
        for name, value in self.pending.items():
            setattr(self.instance, "port" if name == "db_port_number" else name, value)
        self.pending = {}
        self.changed(self.instance)

    def plan(self, password: str | None, master: str, *, pending: bool) -> Work | None:
        """What the server has to do for a modification; None when nothing changes for it."""
        if not password and not self.parameter_group_changed and not (pending and self.pending):
            return None
        moved = pending and "db_port_number" in self.pending
        group_changed, self.parameter_group_changed = self.parameter_group_changed, False

        def work() -> None:
            if password:
                self.server.set_password(master, password)
            if group_changed:
                self.apply_parameters()
                self.pending_reboot = True
            if moved:
                self.server.port = self.pending["db_port_number"]
                self.restart()

        return work

    def apply_parameters(self) -> None:
        force_ssl, parameters = self.settings(self.instance)
        self.server.reconfigure(force_ssl=force_ssl, parameters=parameters)

    def restart(self) -> None:
        self.server.stop()
        self.server.force_ssl, self.server.parameters = self.settings(self.instance)
        self.server.start()
        self.pending_reboot = False
