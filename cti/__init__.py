"""The contact centre backend on Asterisk."""
