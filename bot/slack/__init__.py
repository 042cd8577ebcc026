"""How people speak to Purser. Parses, asks one service, renders; decides nothing."""
