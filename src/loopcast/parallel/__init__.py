"""The same jobs here, in processes, or on Ray."""
