"""Flows and their versions: kept, checked, tried, drawn; which one callers get."""
