"""From an event to rows: journal, board and PostgreSQL in step, nothing twice and nothing left out."""
