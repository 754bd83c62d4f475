"""Small workbooks, written by hand so that they can be as odd as need be."""

import io
import zipfile
from collections.abc import Sequence

_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_BOOK = (
    f'<workbook {_MAIN} xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '{properties}<sheets><sheet name="One" sheetId="1" r:id="rId7"/>'
    '<sheet name="Two" sheetId="2" r:id="rId8"/></sheets></workbook>'
)
_LINKS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId7" Target="{target}"/></Relationships>'
)


def workbook(
    rows: str,
    *,
    texts: Sequence[str] = (),
    styles: str = "",
    properties: str = "",
    target: str = "worksheets/sheet1.xml",
    parts: dict[str, bytes] | None = None,
) -> bytes:
    """An archive with one sheet of these rows (XML), shared texts (XML of each item) and styles."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", _BOOK.replace("{properties}", properties))
        archive.writestr("xl/_rels/workbook.xml.rels", _LINKS.replace("{target}", target))
        archive.writestr(
            "xl/worksheets/sheet1.xml", f"<worksheet {_MAIN}><sheetData>{rows}</sheetData></worksheet>"
        )
        if texts:
            items = "".join(f"<si>{text}</si>" for text in texts)
            archive.writestr("xl/sharedStrings.xml", f"<sst {_MAIN}>{items}</sst>")
        if styles:
            archive.writestr("xl/styles.xml", f"<styleSheet {_MAIN}>{styles}</styleSheet>")
        for name, content in (parts or {}).items():
            archive.writestr(name, content)
    return out.getvalue()
