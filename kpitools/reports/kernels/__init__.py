"""Kernels for reports: each report has one of its own, ready at once, that shares nothing with any other."""
