"""Texts of people and strangers: put into SQL safely, cleaned, direct identifiers replaced."""
