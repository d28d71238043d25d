"""The processes of one replication group: shards of a primary and its replicas, and their endpoints.

An endpoint that AWS would move in DNS is here an address that moves from process to process.
"""

from __future__ import annotations

import itertools
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from local_cloud.data_stores.redis import RedisNode, User

SLOTS = 16384
CLUSTER_SECONDS = 30.0

NodeFactory = Callable[[str, "RedisGroup"], RedisNode]
ClusterTool = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]
"""Runs redis-cli with these arguments, signed in as the management user."""


@dataclass
class Shard:
    id: str
    nodes: list[RedisNode] = field(default_factory=list)
    primary: RedisNode = field(init=False)

    @property
    def replicas(self) -> list[RedisNode]:
        return [node for node in self.nodes if node is not self.primary]


def slot_ranges(shards: int) -> list[tuple[int, int]]:
    """Even ranges of the 16384 slots, first slot and last, in order."""
    bounds = [round(index * SLOTS / shards) for index in range(shards + 1)]
    return [(start, end - 1) for start, end in itertools.pairwise(bounds)]


class RedisGroup:
    """One replication group. Endpoints: `primary_address` and `reader_address`, or with
    `cluster` the configuration endpoint `primary_address` alone."""

    def __init__(
        self,
        name: str,
        *,
        port: int,
        tls: bool,
        cluster: bool,
        primary_address: str,
        reader_address: str,
        new_node: NodeFactory,
        cluster_tool: ClusterTool,
    ) -> None:
        self.name = name
        self.port = port
        self.tls = tls
        self.cluster = cluster
        self.primary_address = primary_address
        self.reader_address = reader_address
        self.shards: list[Shard] = []
        self.users: tuple[User, ...] = ()
        self.parameters: dict[str, str] = {}
        self.memory_bytes = 0
        self._new_node = new_node
        self._cluster_tool = cluster_tool

    # -- life -----------------------------------------------------------------------------------

    def plan(self, shards: Sequence[tuple[str, int]]) -> None:
        """Lay out (shard id, replicas) without starting anything: names and addresses are known at once."""
        for shard_id, replicas in shards:
            self.shards.append(self._plan_shard(shard_id, replicas))

    def _plan_shard(self, shard_id: str, replicas: int) -> Shard:
        shard = Shard(shard_id)
        for number in range(1, replicas + 2):
            shard.nodes.append(self._new_node(self._node_name(shard_id, number), self))
        shard.primary = shard.nodes[0]
        return shard

    def _node_name(self, shard_id: str, number: int) -> str:
        middle = f"-{shard_id}" if self.cluster else ""
        return f"{self.name}{middle}-{number:03d}"

    @property
    def nodes(self) -> list[RedisNode]:
        return [node for shard in self.shards for node in shard.nodes]

    def start(self) -> None:
        self._start(self.nodes)
        if self.cluster:
            self._form_cluster()
        else:
            for replica in self.shards[0].replicas:
                replica.replicate(self.shards[0].primary)
        self.move_endpoints()

    def _start(self, nodes: Iterable[RedisNode]) -> None:
        for node in nodes:
            node.start()
            node.configure({**self.parameters, "maxmemory": str(self.memory_bytes)})
            node.set_users(self.users)

    def remove(self) -> None:
        for node in self.nodes:
            node.remove()

    # -- endpoints ------------------------------------------------------------------------------

    def move_endpoints(self) -> None:
        """Bind each endpoint to the process that now answers for it."""
        wanted = self._endpoint_owners()
        for node in self.nodes:
            leaving = set(node.extra_addresses) - set(wanted.get(node.name, ()))
            if leaving:
                node.bind([address for address in node.extra_addresses if address not in leaving])
                self._disconnect(node, leaving)
        for node in self.nodes:
            addresses = tuple(wanted.get(node.name, ()))
            if addresses != node.extra_addresses:
                node.bind(addresses)

    def _endpoint_owners(self) -> dict[str, list[str]]:
        first = self.shards[0]
        owners = {first.primary.name: [self.primary_address]}
        if not self.cluster:
            reader = first.replicas[0] if first.replicas else first.primary
            owners.setdefault(reader.name, []).append(self.reader_address)
        return owners

    @staticmethod
    def _disconnect(node: RedisNode, addresses: Iterable[str]) -> None:
        with node.client() as client:
            for address in addresses:
                client.execute_command("CLIENT", "KILL", "LADDR", f"{address}:{node.port}")

    # -- changes --------------------------------------------------------------------------------

    def set_users(self, users: Sequence[User]) -> None:
        self.users = tuple(users)
        for node in self.nodes:
            node.set_users(self.users)

    def set_parameters(self, parameters: Mapping[str, str]) -> None:
        self.parameters = dict(parameters)
        for node in self.nodes:
            node.configure(self.parameters)

    def set_memory(self, memory_bytes: int) -> None:
        self.memory_bytes = memory_bytes
        for node in self.nodes:
            node.configure({"maxmemory": str(memory_bytes)})

    def set_tls(self, tls: bool) -> None:
        self.tls = tls
        for node in self.nodes:
            node.set_tls(tls)

    def set_replicas(self, replicas: Mapping[str, int], removing: Sequence[str] = ()) -> None:
        """Bring each named shard to that number of replicas; `removing` names nodes to let go first."""
        for shard in self.shards:
            wanted = replicas.get(shard.id, len(shard.replicas))
            while len(shard.replicas) > wanted:
                named = [node for node in shard.replicas if node.name in removing]
                self._let_go(shard, (named or shard.replicas)[-1])
            while len(shard.replicas) < wanted:
                self._add_replica(shard)
        self.move_endpoints()

    def _add_replica(self, shard: Shard) -> None:
        taken = {node.name for node in shard.nodes}
        numbers = (self._node_name(shard.id, number) for number in range(1, len(taken) + 2))
        node = self._new_node(next(name for name in numbers if name not in taken), self)
        self._start([node])
        shard.nodes.append(node)
        if self.cluster:
            self._join([node])
            self._follow(node, shard.primary)
        else:
            node.replicate(shard.primary)

    def _let_go(self, shard: Shard, node: RedisNode) -> None:
        shard.nodes.remove(node)
        if self.cluster:
            self._forget(node)
        node.remove()

    def failover(self, shard_id: str) -> None:
        """Make a replica the primary, as TestFailover does."""
        shard = next(shard for shard in self.shards if shard.id == shard_id)
        successor = shard.replicas[0]
        if self.cluster:
            with successor.client() as client:
                client.execute_command("CLUSTER", "FAILOVER")
            self._until(lambda: self._leads(successor), "the failover")
        else:
            self._promote(shard, successor)
        shard.primary = successor
        self.move_endpoints()

    @staticmethod
    def _promote(shard: Shard, successor: RedisNode) -> None:
        successor.replicate(None)
        for node in shard.nodes:
            if node is not successor and not node.died:
                node.replicate(successor)

    @staticmethod
    def _leads(node: RedisNode) -> bool:
        with node.client() as client:
            return bool(client.info("replication")["role"] == "master")

    @property
    def dead(self) -> list[RedisNode]:
        return [node for node in self.nodes if node.died]

    def revive(self, *, failover: bool) -> None:
        """Start nodes that have died; with `failover` a living replica takes over from a dead primary first."""
        for shard in self.shards:
            lost = [node for node in shard.nodes if node.died]
            living = [node for node in shard.replicas if node not in lost]
            if shard.primary in lost and living and failover and not self.cluster:
                self._promote(shard, living[0])
                shard.primary = living[0]
            for node in lost:
                node.extra_addresses = ()
            self._start(lost)
            for node in lost:
                if node is not shard.primary and not self.cluster:
                    node.replicate(shard.primary)
            if lost and self.cluster:
                self._until(lambda shard=shard: self._follow_leader(shard), "the cluster's own failover")  # type: ignore[misc]
        self.move_endpoints()

    def _follow_leader(self, shard: Shard) -> bool:
        """In cluster mode the nodes settle among themselves who leads."""
        leaders = [node for node in shard.nodes if self._leads(node)]
        if len(leaders) != 1 or not self._cluster_ok(leaders[0]):
            return False
        shard.primary = leaders[0]
        return True

    # -- cluster mode ---------------------------------------------------------------------------

    def _form_cluster(self) -> None:
        for shard, (start, end) in zip(self.shards, slot_ranges(len(self.shards)), strict=True):
            with shard.primary.client() as client:
                client.execute_command("CLUSTER", "ADDSLOTSRANGE", start, end)
        self._join(self.nodes[1:])
        for shard in self.shards:
            for replica in shard.replicas:
                self._follow(replica, shard.primary)
        self._until(lambda: all(self._cluster_ok(node) for node in self.nodes), "the cluster state")

    def _join(self, nodes: Sequence[RedisNode]) -> None:
        first = self.shards[0].primary
        with first.client() as client:
            for node in nodes:
                client.execute_command("CLUSTER", "MEET", node.address, node.port)
        members = {node.name: node for node in [*self.nodes, *nodes]}.values()
        self._until(lambda: all(self._known(node) >= len(members) for node in members), "the nodes to meet")

    def _follow(self, replica: RedisNode, primary: RedisNode) -> None:
        with replica.client() as client:
            client.execute_command("CLUSTER", "REPLICATE", self._id(primary))

    def _forget(self, node: RedisNode) -> None:
        gone = self._id(node)
        for other in self.nodes:
            if other is not node:
                with other.client() as client:
                    client.execute_command("CLUSTER", "FORGET", gone)

    @staticmethod
    def _id(node: RedisNode) -> str:
        with node.client() as client:
            return str(client.execute_command("CLUSTER", "MYID"))

    @staticmethod
    def _info(node: RedisNode) -> dict[str, str]:
        with node.client() as client:
            answer = client.execute_command("CLUSTER", "INFO")
        return dict(line.split(":") for line in answer.split())

    def _known(self, node: RedisNode) -> int:
        return int(self._info(node)["cluster_known_nodes"])

    def _cluster_ok(self, node: RedisNode) -> bool:
        return self._info(node)["cluster_state"] == "ok"

    def add_shards(self, shards: Sequence[tuple[str, int]]) -> None:
        """Start further shards and spread the slots evenly over all, data included."""
        for shard_id, replicas in shards:
            shard = self._plan_shard(shard_id, replicas)
            self._start(shard.nodes)
            self.shards.append(shard)
            self._join(shard.nodes)
            for replica in shard.replicas:
                self._follow(replica, shard.primary)
        self._rebalance("--cluster-use-empty-masters")

    def remove_shards(self, shard_ids: Sequence[str]) -> None:
        """Move the slots of these shards to the others, data included, and stop them."""
        leaving = [shard for shard in self.shards if shard.id in shard_ids]
        self.shards = [shard for shard in self.shards if shard.id not in shard_ids] + leaving
        self.move_endpoints()
        weights = [f"{self._id(shard.primary)}=0" for shard in leaving]
        self._rebalance("--cluster-weight", *weights)
        for shard in leaving:
            self.shards.remove(shard)
            for node in shard.nodes:
                self._forget(node)
        for shard in leaving:
            for node in shard.nodes:
                node.remove()

    def _rebalance(self, *options: str) -> None:
        first = self.shards[0].primary
        where = f"{first.address}:{first.port}"
        command = ["--cluster", "rebalance", where, "--cluster-threshold", "1", *options]

        def balanced() -> bool:
            # refused while the nodes still disagree about the configuration
            return self._cluster_tool(command).returncode == 0

        self._until(balanced, "the slots to be spread")
        self._until(lambda: all(self._cluster_ok(node) for node in self.nodes), "the cluster state")

    def slots(self) -> dict[str, str]:
        """Slot ranges by shard id, as the processes see them: `0-5460,10000-10010`."""
        with self.shards[0].primary.client() as client:
            answer = client.execute_command("CLUSTER", "SLOTS")
        ranges: dict[str, list[str]] = {}
        for start, end, primary, *_ in sorted(answer):
            ranges.setdefault(primary[0], []).append(f"{start}-{end}")
        return {shard.id: ",".join(ranges.get(shard.primary.address, [])) for shard in self.shards}

    @staticmethod
    def _until(condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + CLUSTER_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {CLUSTER_SECONDS:.0f} s for {what}")
            time.sleep(0.05)
