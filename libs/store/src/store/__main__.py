"""`python -m store`: migrate the database named by TAPELINE_POSTGRES. Used by images and by hand."""

import os
import sys

from store.migrate import migrate

if __name__ == "__main__":
    dsn = os.environ.get("TAPELINE_POSTGRES")
    if not dsn:
        sys.exit("TAPELINE_POSTGRES is not set: give the address, e.g. postgresql://user@host:5432/tapeline")
    sys.stdout.write(f"schema ops is at version {migrate(dsn)}\n")
