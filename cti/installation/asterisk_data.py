"""Asterisk's data folder: what the package brings (documentation, English core sounds) and our own prompts.

It is made of links to the package's files, so that it costs nothing and follows an upgrade; our prompts lie
in ``sounds/<language>/cti``, and the digits, where the package has none, in ``sounds/<language>/digits``.
"""

from pathlib import Path

from cti.installation.asterisk_files import AsteriskPlan

#: Where packages keep Asterisk's data: the first that has the documentation, which modules need to load.
_PLACES = ("usr/share/asterisk", "var/lib/asterisk", "usr/local/share/asterisk")
_ENGLISH = ("en_US_f_Allison", "en_US", "en")


def link_data(plan: AsteriskPlan, prompts: Path) -> None:
    """Fill the data folder of ``plan``; ``prompts`` has a folder ``zh`` and a folder ``en`` of recordings."""
    data = plan.home / "data"
    source = next(
        (place for name in _PLACES if (place := plan.program_root / name / "documentation").is_dir()), None
    )
    if source is not None:
        _link(data / "documentation", source)
        for language in _ENGLISH:
            sounds = source.parent / "sounds" / language
            if sounds.is_dir():
                for entry in sounds.iterdir():
                    _link(data / "sounds" / "en" / entry.name, entry)
                break
    for language in ("zh", "en"):
        folder = data / "sounds" / language
        folder.mkdir(parents=True, exist_ok=True)
        _link(folder / "cti", prompts / language)
        if not (folder / "digits").exists():
            _link(folder / "digits", prompts / language / "digits")


def _link(link: Path, target: Path) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    if link.is_symlink():
        if link.readlink() == target:
            return
        link.unlink()
    if not link.exists():
        link.symlink_to(target)
