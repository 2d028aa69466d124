// A row of a table as numbers: codes of names, NaN where nothing is known.
const DAY = 86400000;
const TRUTH = { true: "True", yes: "True", t: "True", y: "True", false: "False", no: "False", f: "False", n: "False" };
const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

function number(cell, column) {
  let name = cell;
  if (column.kind === "numeric") return Number(cell) - column.origin;
  if (column.kind === "boolean") name = TRUTH[cell.toLowerCase()] ?? cell;
  if (column.kind === "date") {
    const moment = new Date(`${cell.replace(" ", "T")}${cell.length > 10 ? "" : "T00:00"}Z`), days = moment / DAY;
    if (column.part === "days") return days - column.origin;
    name = { month: String(moment.getUTCMonth() + 1), weekday: WEEKDAYS[(moment.getUTCDay() + 6) % 7],
      hour: String(moment.getUTCHours()) }[column.part];
  }
  const place = column.categories.indexOf(name);
  return place < 0 ? column.categories.length : place;
}

export function encode(cells, rule) {
  const missing = new Set(rule.missing);
  return Float32Array.from(rule.columns, (column) => {
    const cell = (cells[column.name] ?? "").trim();
    return missing.has(cell) ? NaN : number(cell, column);
  });
}
