"""Agents: their states, wrap-up, pause reasons and devices."""
