"""What must be true before the first resource: read-only look-ups, and errors that name the setting and the fix."""
