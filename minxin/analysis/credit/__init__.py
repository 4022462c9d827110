"""Statistics and rules of the credit half."""
