"""Who is not to be called: one list, asked by everything that dials."""
