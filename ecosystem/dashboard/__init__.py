"""The dashboard: shows finished runs and starts new ones in worker processes; holds no rule of the model."""
