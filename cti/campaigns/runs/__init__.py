"""Campaigns that run: orders, figures, forecasts."""
