"""Who may ask for what: credentials, entitlements, rates, same origin, audit."""
