// How good the model is on examples that it has not seen.

import { bar, byId, count, make, whole } from "./parts.js";

const MOST = 10; // classes in the table

export function render(state) {
  const inside = state.accuracy ? figures(state) : [make("p", {}, state.missing)];
  const cautions = state.cautions.map((text) => make("p", { className: "caution" }, text));
  const open = byId("evidence").querySelector("details[open]") !== null;
  byId("evidence").replaceChildren(...inside, ...cautions);
  const details = byId("evidence").querySelector("details");
  if (details) details.open = open;
}

function figures(state) {
  const { value, low, high } = state.accuracy;
  const wrong = state.examples.filter((each) => each.answer !== each.class).length;
  const parts = [
    make("p", { className: "figure" }, whole(value)),
    make("p", { className: "hint" }, `95 % interval ${whole(low)} to ${whole(high)}. Each of ${count(state.examples.length, "example")} `
      + `is answered by a model that has not seen it: ${wrong ? `${wrong} wrong` : "none wrong"}. `
      + `${low > state.constant ? "Better" : "Not clearly better"} than always the largest class, ${whole(state.constant)}.`),
  ];
  for (const each of state.classes) {
    if (each.recall) parts.push(bar(each.name, each.recall.value, whole(each.recall.value)));
  }
  if (wrong && state.confusion.classes.length <= MOST) parts.push(confusions(state.confusion));
  return parts;
}

function confusions({ classes, counts }) {
  const heads = classes.map((name) => make("th", { scope: "col" }, name));
  const rows = classes.map((name, row) => make("tr", {}, make("th", { scope: "row" }, name),
    ...classes.map((_, column) => make("td", { className: row === column ? "right" : counts[row][column] ? "off" : "" },
      String(counts[row][column])))));
  const table = make("table", {}, make("thead", {}, make("tr", {}, make("td", {}, "is \u2193 says \u2192"), ...heads)), make("tbody", {}, ...rows));
  const scroll = make("div", { className: "scroll", tabIndex: 0, role: "region", ariaLabel: "Confusions" }, table);
  return make("details", {}, make("summary", {}, "Which classes are confused"), scroll);
}
