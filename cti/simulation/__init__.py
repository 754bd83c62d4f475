"""Simulated callers and phones that speak SIP and RTP with a real Asterisk and tell what they did."""
