"""Published evidence: the ledger and its pooling."""
