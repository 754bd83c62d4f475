"""What agents fill in when they speak with a campaign's contacts, and how the calls may come out."""
