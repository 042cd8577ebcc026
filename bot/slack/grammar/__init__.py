"""What people type, read into frozen values or a `Mistake`. Pure; what a value may do is the services' to judge."""
