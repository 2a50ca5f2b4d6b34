<?php
// Parses each line, removes _internalNotes, sets debugMode to false, serialises; prints items per second.
// The flags are those with which Cockpit stores its documents.
$lines = file($argv[1], FILE_IGNORE_NEW_LINES);
$start = hrtime(true);
$size = 0;
foreach ($lines as $line) {
    $item = json_decode($line, true);
    unset($item['_internalNotes']);
    $item['debugMode'] = false;
    $size += strlen(json_encode($item, JSON_UNESCAPED_UNICODE));
}
echo round(count($lines) / ((hrtime(true) - $start) / 1e9)), "\n";
