"""Faults that worlds are made up with: one file a fault; a file that is added here is found by itself.

Each holds functions marked with `@fault`. Such a function is given a `Draft`, puts apps into it, and says what is the
matter with them, how it shows, and what puts it right. All chance comes from `draft.random`.
"""
