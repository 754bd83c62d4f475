"""Asterisk's own ledger (CEL, queue_log): what fills gaps, and what our record is held against."""
