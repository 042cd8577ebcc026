"""What attackers and mishaps try: forged requests, edited payloads, pings, and secrets that leak."""
