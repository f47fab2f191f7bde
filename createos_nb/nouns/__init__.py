"""The nouns as a client offers them: the contract's operations, and what the platform has no single call for."""
