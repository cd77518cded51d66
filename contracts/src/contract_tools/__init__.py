"""Makes everything that is derived from `contracts/topics/*.json`, and checks it. Not used at run time."""
