"""Logs without a screen: lines in little memory, their levels, fields, times and order, filters, and how they look."""
