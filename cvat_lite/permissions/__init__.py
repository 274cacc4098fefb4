"""Who may do what: rules as data, and one small engine."""
