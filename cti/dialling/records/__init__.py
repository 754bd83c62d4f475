"""What PostgreSQL knows of dialling: contacts, attempts, decisions, limits and the lease."""
