"""Flows in the database of a service that has not been started yet."""

import json
from collections.abc import Mapping
from typing import Any

from cti.db.engine import open_engine
from cti.flows.document import flow_of
from cti.ivr.library.flow_book import new_version
from cti.ivr.library.flow_store import register_shipped
from cti.ivr.model import InboundRoute
from cti.ivr.store import write_inbound_numbers


def flow_text(flow: Mapping[str, Any]) -> str:
    """The text of a flow: JSON is YAML."""
    whole = {"kind": "inbound", "title": {"en": "A flow of a test", "zh-CN": "测试流程"}, **flow}
    return json.dumps(whole, ensure_ascii=False)


async def store_flow(
    url: str, flow: Mapping[str, Any], *, dnis: str, queue: str, language: str = "en"
) -> str:
    """Makes it the active version of its flow, to which a dialled number leads; returns the version."""
    new = new_version(text := flow_text(flow), flow_of(text))
    route = InboundRoute(dnis=dnis, queue=queue, flow=new.flow, language=language)
    async with open_engine(url) as engine, engine.begin() as connection:
        await register_shipped(connection, [new])
        await write_inbound_numbers(connection, [route])
    return new.version
