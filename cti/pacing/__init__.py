"""How many dials to launch now, from what is known alone: pure."""
