"""Figures for Prometheus, read from what the service knows anyway at the moment somebody asks."""

import asyncio
from collections.abc import Iterable

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from cti.agents.model import AgentStatus
from cti.web.desk import Desk
from cti.web.status import StatusSource


class ServiceCollector(Collector):
    """Calls, agents, queues, readers and the service's own health."""

    def __init__(self, desk: Desk, status: StatusSource) -> None:
        self._desk = desk
        self._status = status

    def collect(self) -> Iterable[Metric]:
        """The figures of now."""
        desk, status = self._desk, self._status()
        yield _one("cti_calls", "Calls on the board", sum(1 for _ in desk.board.calls()))
        yield _one("cti_legs", "Live channels on the board", sum(1 for _ in desk.board.legs()))
        yield _one("cti_live_clients", "Open live connections", len(desk.hub.clients))
        yield _one("cti_tasks", "Tasks of the service's event loop", len(asyncio.all_tasks()))
        yield _one("cti_asterisk_up", "Whether AMI is connected", status.ami.state == "ready")
        yield _one("cti_database_up", "Whether the database answers", status.database.state == "up")
        yield _one("cti_journal_position", "Last journal position", status.journal.position)
        behind = status.journal.position - status.journal.durable_position
        yield _one("cti_journal_not_durable", "Records not yet safe on disk", behind)
        if status.recorder.lag_seconds is not None:
            lag = status.recorder.lag_seconds
            yield _one("cti_recorder_lag_seconds", "How far the database is behind", lag)
        agents = GaugeMetricFamily("cti_agents", "Agents by state", labels=["state"])
        states = [agent.state.status for agent in desk.board.agents()]
        for state in AgentStatus:
            agents.add_metric([state.value], states.count(state))
        yield agents
        waiting = GaugeMetricFamily("cti_queue_waiting", "Callers waiting", labels=["queue"])
        for name in desk.figures.names():
            waiting.add_metric([name], desk.figures.briefly(name).waiting)
        yield waiting


def registry_for(desk: Desk, status: StatusSource) -> CollectorRegistry:
    """A registry of its own, so that two services in one process do not share figures."""
    registry = CollectorRegistry()
    registry.register(ServiceCollector(desk, status))
    return registry


def _one(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=float(value))
