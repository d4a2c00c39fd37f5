#!/usr/bin/env python3
"""Counts how often each word stands in a text file.

With stdin = "json" a tool gets all its arguments as one JSON object, which is
the safe way for anything long. The result is one JSON document.
"""

import collections
import json
import re
import sys


def main() -> int:
    arguments = json.load(sys.stdin)
    path, top = arguments["path"], arguments.get("top", 10)
    counts = collections.Counter()
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                counts.update(re.findall(r"\w+", line.lower()))
    except OSError as error:
        print(f"{path}: {error.strerror}", file=sys.stderr)
        return 1
    # Equal counts are put in the order of the alphabet, so that the same file
    # gives the same result.
    common = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:top]
    json.dump({"words": counts.total(), "common": dict(common)}, sys.stdout)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
