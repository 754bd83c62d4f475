"""The thin layer under all routes: routing, roles, validation, problems, OpenAPI, idempotency."""
