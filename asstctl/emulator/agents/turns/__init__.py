"""What happens to a turn of a session between the input that begins it and its end."""
