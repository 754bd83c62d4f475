"""Standing a whole system up on one machine: Asterisk, PostgreSQL, secrets, prompts, and a check."""
