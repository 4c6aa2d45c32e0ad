"""The door for a user's script."""
