#!/bin/sh
# Prints the supported Pythons that run here and can make a virtual environment, newest first, one a line.
# A file of that name may not run (a shim of pyenv without that version) or lack venv (Debian's python3).
check='import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, int(sys.argv[1])))'
for minor in 14 13 12 11; do
  IFS=:
  for folder in $PATH; do
    for python in "$folder/python3.$minor" "$folder/python3"; do
      if [ -x "$python" ] && "$python" -c "$check" "$minor" 2>/dev/null; then
        echo "$python"
        break 2
      fi
    done
  done
done
