"""How well annotations agree with ground truth: matching, conflicts, figures and scores."""
