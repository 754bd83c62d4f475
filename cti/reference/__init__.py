"""Reference tables: products, prices, branches; kept by an admin, asked by flows."""
