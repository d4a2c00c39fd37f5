#!/bin/sh
# Prints how much disk a folder and each entry in it takes, the largest last.
# A tool is any program: arguments come in as argv, the result goes to
# standard output, remarks to standard error, and an exit code other than 0 is
# a failure.
set -eu

folder=$1
[ -d "$folder" ] || {
    echo "not a folder: $folder" >&2
    exit 1
}
echo "measuring $folder" >&2
du -ak -d 1 "$folder" | sort -n
