"""A campaign's definition as the YAML file that says the same. Pure."""

from typing import Any

import msgspec
import yaml

from cti.campaigns.model import CampaignDefinition


def definition_text(definition: CampaignDefinition) -> str:
    """The file that `cti campaign apply` makes this campaign of; words that say nothing are left out."""
    words = _saying(msgspec.to_builtins(definition))
    for name in ("dispositions", "form"):
        if name in words:
            words[name] = [_saying(one) for one in words[name]]
    text: str = yaml.safe_dump(words, allow_unicode=True, sort_keys=False, default_flow_style=None, width=120)
    return text


def _saying(words: dict[str, Any]) -> dict[str, Any]:
    return {name: word for name, word in words.items() if word not in (None, {}, [])}
