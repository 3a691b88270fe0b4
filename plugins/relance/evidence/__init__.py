"""Evidence: what was said to a payer, proved; kept as long as it may be; handed over when others go on."""
