"""A company at work for days and months, with a gateway that lies: what Purser's limits hold against, and how well."""
