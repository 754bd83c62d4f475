"""PostgreSQL: one engine, one MetaData, migrations from Python."""
