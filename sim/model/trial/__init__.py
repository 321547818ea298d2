"""The trial: sites, enrolment, follow-up, control arm, read-out and chance of success, as functions of arrays."""
