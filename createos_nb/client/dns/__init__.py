"""DNS records that a domain needs, and what name servers answer about them."""
