"""Who calls: customer records, phone numbers, and the record that is on the agent's page before he says hello."""
