"""What the gateway adapters decide on their own: the HTTP policy and the reading of answers."""
