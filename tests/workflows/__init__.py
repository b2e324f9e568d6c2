"""GitHub's workflows: what they may do, and that what they run is what runs here."""
