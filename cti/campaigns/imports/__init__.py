"""Contacts into campaigns: out of files, out of customers, drawn at random; each can be undone as a whole."""
