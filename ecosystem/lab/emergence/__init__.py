"""Does the balance of protection emerge? Sweeps of how far rights reach and how well they are enforced, sector by sector."""
