"""Routes, one module per noun. They read parameters, ask core or the repository, and answer."""
