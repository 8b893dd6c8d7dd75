"""Many trainings: who runs them, on what data, where they are kept, and which are the best."""
