#!/bin/sh
# gzip and jq: $1 is the folder, $2 a file of event names.
names=$(jq -R . "$2" | jq -c -s 'map({key: ., value: true}) | from_entries')
find "$1" -name '*.gz' -print0 | xargs -0 gzip -dc | jq -c --argjson names "$names" '.Records[] | select($names[.eventName])'
