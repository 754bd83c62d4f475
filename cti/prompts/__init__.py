"""What callers hear: the texts of prompts, the sounds made of them, and how a value is said in sounds."""
