"""Use cases: a decision, its state, its ledger row and its outbox rows in one transaction."""
