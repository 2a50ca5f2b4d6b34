// Parses each line, removes _internalNotes, sets debugMode to false, serialises; prints items per second.
import { readFileSync } from "node:fs";

const lines = readFileSync(process.argv[2], "utf8").trimEnd().split("\n");
const start = performance.now();
let size = 0;
for (const line of lines) {
  const item = JSON.parse(line);
  delete item._internalNotes;
  item.debugMode = false;
  // Others serialise to bytes, so the string is encoded too.
  size += Buffer.from(JSON.stringify(item)).length;
}
console.log(Math.round((lines.length / (performance.now() - start)) * 1000));
