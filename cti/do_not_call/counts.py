"""What counts, as text: also for whoever speaks with PostgreSQL without SQLAlchemy."""

from typing import Final

#: What `COUNTS_SQL` is about.
LISTED_SQL: Final = (
    "do_not_call_entries LEFT JOIN do_not_call_imports"
    " ON do_not_call_imports.id = do_not_call_entries.import_id"
)
#: The one definition of what counts: neither removed, nor of an import that was undone, nor expired.
COUNTS_SQL: Final = (
    "(do_not_call_entries.removed_at IS NULL AND do_not_call_imports.undone_at IS NULL"
    " AND NOT coalesce(do_not_call_entries.expires_at <= now(), false))"
)
