"""What stands at the head of every file that is written for the user."""

HEADER = """\
/* SPDX-License-Identifier: 0BSD
 *
 * Permission to use, copy, modify, and/or distribute this file for any purpose with or without fee
 * is hereby granted. It comes without any warranty.
 */"""
# The same for files whose comments begin with #.
HASHED = "\n".join(f"# {line.strip('/* ')}".rstrip() for line in HEADER.splitlines()[:-1])
