"""Terraform for AI assistants."""
