"""Who calls: customer records, phone numbers, and the record on the agent's page before he says hello."""
