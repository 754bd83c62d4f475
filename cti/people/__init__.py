"""People and other systems that use the service: users, sessions, tokens."""
