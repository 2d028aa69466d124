"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
const made = (tag, text, style) => {
  const element = document.createElement(tag);
  if (text !== undefined) { element.textContent = text; }
  if (style) { element.className = style; }
  return element;
};
const rows = data.rows;
const between = ";";
const shownClasses = data.classes.length <= 9 ? data.classes : null; // else the likeliest of each row
let decisions = {}; // by number of the row: {action, label}
let history = []; // [number, the decision before]
let here = 0;

try { // where storage is forbidden, progress lasts as long as the page
  const kept = JSON.parse(localStorage.getItem(data.key));
  if (kept && typeof kept === "object") { decisions = kept; }
} catch { decisions = {}; }
const remember = () => {
  try { localStorage.setItem(data.key, JSON.stringify(decisions)); } catch { /* see above */ }
};

const words = (label) => {
  if (data.kind === "numbers") { return label.split(between).map((n) => String(+Number(n).toPrecision(5))).join("; "); }
  return label === "" ? "no tag" : label.split(between).join(", ");
};
const probability = (row, name) => {
  const share = row.predicted[name];
  return share === undefined || data.kind === "numbers" ? "" : `${Math.round(100 * share)} %`;
};
const told = (decision) => {
  if (!decision) { return "not yet"; }
  if (decision.action === "relabel") { return `changed to ${words(decision.label)}`; }
  return decision.action === "keep" ? "kept" : "removed";
};
const tagsOf = (number) => {
  const decision = decisions[number];
  const label = decision && decision.action === "relabel" ? decision.label : rows[number].label;
  return new Set(label.split(between).filter((tag) => tag !== ""));
};

const decide = (action, label, stay) => {
  const row = rows[here];
  history.push([here, decisions[here]]);
  const same = action === "relabel" && label === row.label;
  decisions[here] = same ? { action: "keep" } : { action, ...(action === "relabel" ? { label } : {}) };
  remember();
  paint(here);
  if (stay) { show(here); } else { show(following(here)); }
};
const following = (number) => { // the next one that is not decided; at the end, the one itself
  const order = [...rows.keys()].map((step) => (number + 1 + step) % rows.length);
  const open = order.find((other) => !decisions[other]);
  return open === undefined ? Math.min(number + 1, rows.length - 1) : open;
};
const undo = () => {
  const last = history.pop();
  if (!last) { return; }
  const [number, before] = last;
  if (before) { decisions[number] = before; } else { delete decisions[number]; }
  remember();
  paint(number);
  show(number);
};
const choose = (name) => {
  if (data.kind !== "tags") { decide("relabel", name); return; }
  const tags = tagsOf(here);
  if (tags.has(name)) { tags.delete(name); } else { tags.add(name); }
  decide("relabel", data.classes.filter((tag) => tags.has(tag)).join(between), true);
};

const picture = (row, style) => {
  if (row.picture) {
    const image = made("img");
    image.src = row.picture;
    image.alt = row.item;
    return image;
  }
  return row.text ? made(style === "row" ? "span" : "blockquote", row.text, style === "row" ? "row-text" : "") : null;
};
const offered = (row) => shownClasses || Object.keys(row.predicted);
const drawClasses = (row) => {
  const place = at("classes");
  place.replaceChildren();
  if (data.kind === "numbers") {
    const label = made("label", data.classes.join(between));
    const input = made("input");
    input.value = row.suggestion;
    input.inputMode = data.classes.length > 1 ? "text" : "decimal";
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") { setNumbers(input); }
      if (event.key === "Escape") { input.blur(); }
    });
    const button = made("button", "Set");
    button.type = "button";
    button.addEventListener("click", () => setNumbers(input));
    label.append(input);
    place.append(label, button);
    return;
  }
  const current = data.kind === "tags" ? tagsOf(here) : null;
  const decision = decisions[here];
  offered(row).forEach((name, number) => {
    const button = made("button", name);
    button.type = "button";
    const share = probability(row, name);
    if (share) { button.append(made("small", share)); }
    if (number < 9) {
      button.append(made("kbd", String(number + 1)));
      button.setAttribute("aria-keyshortcuts", String(number + 1));
    }
    const pressed = current ? current.has(name) : Boolean(decision && decision.label === name);
    button.setAttribute("aria-pressed", String(pressed));
    button.addEventListener("click", () => choose(name));
    place.append(button);
  });
  if (!shownClasses && data.kind === "classes") {
    const label = made("label", "another");
    const select = made("select");
    select.append(new Option("choose …", ""));
    data.classes.forEach((name) => select.append(new Option(name, name)));
    select.addEventListener("change", () => { if (select.value) { choose(select.value); } });
    label.append(select);
    place.append(label);
  }
};
const setNumbers = (input) => {
  const cells = input.value.split(between).map((cell) => cell.trim().replace(",", "."));
  const fine = cells.length === data.classes.length && cells.every((cell) => cell !== "" && Number.isFinite(Number(cell)));
  input.setCustomValidity(fine ? "" : `Write ${data.classes.length === 1 ? "a number" : `${data.classes.length} numbers with ; between them`}.`);
  if (!fine) { input.reportValidity(); return; }
  input.blur();
  decide("relabel", cells.join(between));
};

const buttons = []; // of the overview
const paint = (number) => {
  const decision = decisions[number];
  const button = buttons[number];
  const now = button.querySelector(".now");
  now.textContent = decision ? told(decision) : "";
  now.classList.toggle("removed", Boolean(decision && decision.action === "remove"));
  const done = Object.keys(decisions).filter((key) => rows[key]).length;
  at("bar").style.width = `${(100 * done) / rows.length}%`;
  at("bar").parentElement.setAttribute("aria-valuenow", String(done));
  at("count").textContent = `${done} of ${rows.length} decided`;
  at("save").disabled = done === 0;
};
const show = (number) => {
  buttons[here].removeAttribute("aria-current");
  here = number;
  const row = rows[here];
  buttons[here].setAttribute("aria-current", "true");
  at("sample").replaceChildren(picture(row, "large") || made("div", "no picture", "blank"));
  at("item").textContent = row.item;
  const parts = { label: row.label, suggestion: row.suggestion };
  for (const [id, label] of Object.entries(parts)) {
    at(id).textContent = words(label);
    const share = data.kind === "classes" ? probability(row, label) : "";
    if (share) { at(id).append(made("small", share)); }
  }
  at("decision").textContent = told(decisions[here]);
  at("decision").classList.toggle("open", !decisions[here]);
  at("place").textContent = `row ${here + 1} of ${rows.length}`;
  at("back").disabled = here === 0;
  at("next").disabled = here === rows.length - 1;
  at("undo").disabled = history.length === 0;
  drawClasses(row);
};

rows.forEach((row, number) => {
  const button = made("button");
  button.type = "button";
  button.append(picture(row, "row") || "");
  button.append(made("span", `${words(row.label)} → ${words(row.suggestion)}`, "was"), made("span", "", "now"));
  button.setAttribute("aria-label", `Row ${number + 1}, ${row.item}: ${words(row.label)}, perhaps ${words(row.suggestion)}`);
  button.addEventListener("click", () => { show(number); at("decide").scrollIntoView({ block: "nearest" }); });
  buttons.push(button);
  const entry = made("li");
  entry.append(button);
  at("rows").append(entry);
});

const actions = {
  keep: () => { // tags that were just switched stay as they are
    const decision = decisions[here];
    if (data.kind === "tags" && decision && decision.action === "relabel") { show(following(here)); } else { decide("keep"); }
  },
  take: () => decide("relabel", rows[here].suggestion),
  remove: () => decide("remove"),
  undo,
  back: () => show(Math.max(0, here - 1)),
  next: () => show(Math.min(rows.length - 1, here + 1)),
};
for (const [id, act] of Object.entries(actions)) { at(id).addEventListener("click", act); }
document.addEventListener("click", (event) => { // Enter keeps a label; it shall not press what was clicked last
  const button = event.target.closest("button");
  if (button && event.detail > 0) { button.blur(); }
});
const keys = { Enter: "keep", k: "keep", s: "take", x: "remove", u: "undo", ArrowLeft: "back", ArrowRight: "next" };
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select, input")) { return; }
  if (event.key === "Enter" && event.target.matches("button, a")) { return; } // which it presses
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (keys[key]) {
    event.preventDefault();
    actions[keys[key]]();
  } else if (/^[1-9]$/.test(key) && data.kind !== "numbers") {
    const name = offered(rows[here])[Number(key) - 1];
    if (name !== undefined) { choose(name); }
  }
});

const quoted = (text) => (/^'*[=+@\t\r-]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text); // no formula
const cell = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
at("save").addEventListener("click", () => {
  const lines = [["item", "old_label", "new_label", "action"]];
  rows.forEach((row, number) => {
    const decision = decisions[number];
    if (decision) { lines.push([row.item, row.label, decision.label || "", decision.action]); }
  });
  const text = lines.map((line) => `${line.map(quoted).map(cell).join(",")}\n`).join("");
  const link = made("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = data.file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
});

at("desk").hidden = false;
rows.forEach((_, number) => paint(number));
show(rows.findIndex((_, number) => !decisions[number]) === -1 ? 0 : following(rows.length - 1));
