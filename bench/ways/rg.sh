#!/bin/sh
# ripgrep -z on one thread, anchored on the key: $1 is the folder, $2 a file of event names.
rg -z -j 1 --no-ignore --no-messages -o -I "\"eventName\":\"($(paste -s -d '|' "$2"))\"" "$1"
