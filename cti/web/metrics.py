"""Figures for Prometheus, read from what the service knows anyway at the moment somebody asks."""

import asyncio
from collections.abc import Iterable, Mapping

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from cti.agents.model import AgentStatus
from cti.ledger.routes import LedgerSource
from cti.prompts.repertoire import StandIn
from cti.web.desk import Desk
from cti.web.status import Metrics, StatusSource


class ServiceCollector(Collector):
    """Calls, agents, queues, readers and the service's own health."""

    def __init__(
        self, desk: Desk, status: StatusSource, ledger: LedgerSource, stand_ins: Mapping[StandIn, int]
    ) -> None:
        self._desk = desk
        self._status = status
        self._ledger = ledger
        self._stand_ins = stand_ins

    def collect(self) -> Iterable[Metric]:
        """The figures of now."""
        desk, status = self._desk, self._status()
        yield _one("cti_calls", "Calls on the board", sum(1 for _ in desk.board.calls()))
        yield _one("cti_legs", "Live channels on the board", sum(1 for _ in desk.board.legs()))
        yield _one("cti_live_clients", "Open live connections", len(desk.hub.clients))
        yield _one("cti_tasks", "Tasks of the service's event loop", len(asyncio.all_tasks()))
        yield _one("cti_asterisk_up", "Whether AMI is connected", status.ami.state == "ready")
        yield _one("cti_database_up", "Whether the database answers", status.database.state == "up")
        yield _one("cti_loop_lag_seconds", "Longest the event loop was kept busy", status.loop_lag_seconds)
        yield _one("cti_journal_ok", "Whether the disk takes the journal", status.journal.health == "ok")
        yield _one("cti_journal_position", "Last journal position", status.journal.position)
        behind = status.journal.position - status.journal.durable_position
        yield _one("cti_journal_not_durable", "Records not yet safe on disk", behind)
        if status.recorder.lag_seconds is not None:
            lag = status.recorder.lag_seconds
            yield _one("cti_recorder_lag_seconds", "How far the database is behind", lag)
        yield from self._ledger_figures()
        yield self._prompt_figures()
        agents = GaugeMetricFamily("cti_agents", "Agents by state", labels=["state"])
        states = [agent.state.status for agent in desk.board.agents()]
        for state in AgentStatus:
            agents.add_metric([state.value], states.count(state))
        yield agents
        waiting = GaugeMetricFamily("cti_queue_waiting", "Callers waiting", labels=["queue"])
        for name in desk.figures.names():
            waiting.add_metric([name], desk.figures.briefly(name).waiting)
        yield waiting

    def _prompt_figures(self) -> Metric:
        figures = CounterMetricFamily(
            "cti_prompt_stand_ins", "What was played for a sound that was missing", labels=["played"]
        )
        for stand_in in StandIn:
            figures.add_metric([stand_in.value], float(self._stand_ins.get(stand_in, 0)))
        return figures

    def _ledger_figures(self) -> Iterable[Metric]:
        ledger = self._ledger()
        yield _total("cti_ledger_channels", "Channels of Asterisk that were compared", ledger.channels)
        yield _total("cti_ledger_matched", "Of these, those with exactly one fitting leg", ledger.matched)
        yield _total("cti_gaps", "Stretches of time in which events were missed", ledger.gaps)
        yield _one("cti_ledger_unmatched", "Channels and legs that do not fit", ledger.unsettled)
        yield _one("cti_ledger_up", "Whether the comparison is up to date", ledger.state == "checking")
        yield _one("cti_ledger_broken_lines", "Lines of CEL that are no rows", ledger.broken_lines)
        if ledger.age_seconds is not None:
            age = ledger.age_seconds
            yield _one("cti_ledger_age_seconds", "How long ago that was up to which was compared", age)


def read_metrics(
    desk: Desk, status: StatusSource, ledger: LedgerSource, stand_ins: Mapping[StandIn, int]
) -> Metrics:
    """The figures of this moment; two services in one process share none."""
    registry = CollectorRegistry()
    registry.register(ServiceCollector(desk, status, ledger, stand_ins))
    return Metrics(text=generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _total(name: str, text: str, value: int) -> CounterMetricFamily:
    return CounterMetricFamily(name, text, value=float(value))


def _one(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=float(value))
