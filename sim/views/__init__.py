"""Views: functions from results to tables, figures and pages. They read and never change what they show."""
