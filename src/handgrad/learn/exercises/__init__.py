"""The exercises, one file each; `docs/learn/teaching.md` describes what such a file defines."""
