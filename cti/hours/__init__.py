"""Opening hours and holidays: calendars that an admin keeps and flows ask."""
