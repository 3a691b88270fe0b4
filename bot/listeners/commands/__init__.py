"""`/relance`, one file a subcommand; `relance` chooses among them."""
