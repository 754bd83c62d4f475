"""The HTTP server: all routes together, the live WebSocket, the client's files."""
