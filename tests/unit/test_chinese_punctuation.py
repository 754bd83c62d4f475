"""Chinese texts have Chinese punctuation, wherever somebody may read them."""

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
_CHINESE: Final = "\u4e00-\u9fff“”「」"
#: Western marks beside a Chinese character or a placeholder that follows one; a list of examples or what is
#: written in files has its own rules, and a space after the mark.
_WESTERN: Final = re.compile(
    rf"(?<=[{_CHINESE})])[,;:!?](?=[{_CHINESE}{{])|(?<=[{_CHINESE}])[,;:!?](?=[\"'`])|(?<=[}}0-9A-Za-z%)])[,;:!?](?=[{_CHINESE}])"
)
FILES: Final = [
    *sorted((ROOT / "cti").rglob("*.py")),
    *sorted((ROOT / "web" / "src").rglob("*zh-CN*.ts")),
    *sorted((ROOT / "ivr_flows").rglob("*.yaml")),
]


@pytest.mark.parametrize(
    "western", ["已停止,请稍候", "没有任务 {task_id},或您无权查看", "“号码”:见页面", '"未完;"']
)
def test_a_western_mark_in_a_chinese_text_is_found(western: str) -> None:
    assert _WESTERN.search(western)


def test_chinese_texts_have_chinese_punctuation() -> None:
    assert len(FILES) > 300
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in FILES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if _WESTERN.search(line)
    ]
    assert found == [], "\n".join(found)
