"""Every problem that the API can answer with, in both languages."""
