"""How many dials to launch now, and why: figures for programs, one line for people."""

from enum import StrEnum
from typing import Final, Literal

import msgspec


class LaunchReason(StrEnum):
    """What the number of dials followed from."""

    #: Agents choose their calls themselves.
    PREVIEW = "preview"
    #: One dial for each agent who is free.
    PROGRESSIVE = "progressive"
    #: So many dials for each idle agent.
    RATIO = "ratio"
    #: As many as find an agent with the probability that is asked for.
    RISK = "risk"
    #: Too few dials have been seen yet: one for each agent who is free.
    LEARNING = "learning"
    #: One more abandoned call would cross the cap: one for each agent who is free until answers allow it.
    BUDGET = "budget"
    #: No more lines are free.
    LINES = "lines"
    #: Nobody is there to take calls.
    NO_AGENTS = "no_agents"
    #: Asterisk has not been heard of for too long.
    NO_NEWS = "no_news"


class Launch(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How many dials to launch now; what was not looked at is None."""

    dials: int
    reason: LaunchReason
    idle: int
    waiting: int
    ringing: int
    #: Agents expected to become free by the time at which a dial that is launched now is answered.
    free_soon: float | None = None
    #: Answers expected by then from the dials in flight.
    answers_expected: float | None = None
    #: Probability that the last dial (when none is launched: one more) finds no agent in time.
    risk: float | None = None
    #: The highest risk that was acceptable.
    threshold: float | None = None
    #: For how long Asterisk has not been heard.
    silence_seconds: float = 0.0


_EN: Final[dict[LaunchReason, str]] = {
    LaunchReason.PREVIEW: "agents choose their calls",
    LaunchReason.PROGRESSIVE: "one for each free agent, {idle} idle, {waiting} answers waiting, "
    "{ringing} ringing",
    LaunchReason.RATIO: "fixed ratio, {idle} idle, {waiting} answers waiting, {ringing} ringing",
    LaunchReason.RISK: "{idle} idle, {free_soon:.1f} agents free soon, {answers_expected:.1f} answers "
    "expected, risk {risk:.1%} of θ {threshold:.1%}",
    LaunchReason.LEARNING: "still learning, one for each free agent, {idle} idle, {ringing} ringing",
    LaunchReason.BUDGET: "one more abandoned call would cross the cap, one for each free agent, "
    "{idle} idle, {ringing} ringing",
    LaunchReason.LINES: "no more lines are free",
    LaunchReason.NO_AGENTS: "no agent takes calls",
    LaunchReason.NO_NEWS: "nothing heard of Asterisk for {silence_seconds:.0f} s",
}
_ZH: Final[dict[LaunchReason, str]] = {
    LaunchReason.PREVIEW: "由坐席自行选择呼叫",
    LaunchReason.PROGRESSIVE: "每个空闲坐席一路，空闲 {idle}，等待接听 {waiting}，振铃 {ringing}",
    LaunchReason.RATIO: "固定比例，空闲 {idle}，等待接听 {waiting}，振铃 {ringing}",
    LaunchReason.RISK: "空闲 {idle}，即将空闲 {free_soon:.1f}，预计接通 {answers_expected:.1f}，"
    "风险 {risk:.1%}，上限 θ {threshold:.1%}",
    LaunchReason.LEARNING: "仍在学习，每个空闲坐席一路，空闲 {idle}，振铃 {ringing}",
    LaunchReason.BUDGET: "再放弃一路就会超过上限，每个空闲坐席一路，空闲 {idle}，振铃 {ringing}",
    LaunchReason.LINES: "没有空闲线路",
    LaunchReason.NO_AGENTS: "没有可接听的坐席",
    LaunchReason.NO_NEWS: "{silence_seconds:.0f} 秒未收到 Asterisk 的消息",
}


def launch_line(launch: Launch, language: Literal["zh", "en"]) -> str:
    """The launch as one readable line: ``12 dials: 3 idle, 9.2 agents free soon, …``."""
    figures = {name: getattr(launch, name) for name in Launch.__struct_fields__}
    if language == "zh":
        return f"拨出 {launch.dials} 路：{_ZH[launch.reason].format_map(figures)}"
    dials = "1 dial" if launch.dials == 1 else f"{launch.dials} dials"
    return f"{dials}: {_EN[launch.reason].format_map(figures)}"
