"""Where keys live: one file per provider, all speaking the protocol in `base`."""
