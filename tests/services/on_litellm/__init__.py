"""Services with a real LiteLLM proxy in the gateway's place."""
