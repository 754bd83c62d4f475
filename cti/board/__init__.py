"""The board: what goes on in the contact centre now, as a pure fold over Asterisk's events."""
