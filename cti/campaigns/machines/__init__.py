"""What machine detection heard in a campaign, and what people say of it."""
