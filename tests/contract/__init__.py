"""What every gateway adapter must do, run against a fake and, where there is one, the real thing."""
