// Asks the server what its models take, makes a form for it, and shows each model's answer.
import { answerCard, element } from "./answers.js";

const SHOWN_NEIGHBOURS = 4;
const at = (id) => document.getElementById(id);
const state = at("state");
let models = [];
let asked = 0; // the number of the last question: answers to earlier ones are not shown

if (location.hash.startsWith("#token=")) {
  sessionStorage.setItem("token", decodeURIComponent(location.hash.slice(7)));
  history.replaceState(null, "", location.pathname);
}

async function ask(path, options = {}) {
  const token = sessionStorage.getItem("token");
  const headers = { ...options.headers, ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  return fetch(path, { ...options, headers });
}

async function start() {
  const answer = await ask("models").catch(() => null);
  if (!answer) {
    state.textContent = "The server does not answer. Start it again, and reload this page.";
    return;
  }
  at("token").hidden = answer.status !== 401;
  if (answer.status === 401) {
    at("about").textContent = "This server asks for its token.";
    state.textContent = sessionStorage.getItem("token") ? "That is not the token." : "";
    at("token-value").focus();
    return;
  }
  const value = await answer.json();
  if (!answer.ok) {
    state.textContent = value.error;
    return;
  }
  models = value.models;
  state.textContent = "";
  show(groups());
}

// Models that take pictures, sounds or texts are asked together; each model of rows has its own form.
function groups() {
  const found = new Map();
  for (const model of models) {
    const rows = model.takes === "tables" || model.takes === "numbers";
    const key = rows ? model.name : model.takes;
    found.set(key, [...(found.get(key) || []), model]);
  }
  return [...found.values()];
}

const WORDS = { pictures: "a picture", sounds: "a sound", texts: "a text", tables: "a row", numbers: "a row of numbers" };

function titleOf(group) {
  const names = group.map((model) => model.name).join(", ");
  return `${WORDS[group[0].takes]} – ${names}`;
}

function show(all) {
  const names = models.map((model) => model.name);
  at("about").textContent = names.length > 1 ? `${names.length} models answer: ${names.join(", ")}.` : `The model ${names[0]} answers.`;
  at("title").textContent = all.length > 1 ? "Ask the models" : `Ask about ${WORDS[all[0][0].takes]}`;
  document.title = at("title").textContent;
  at("choice").hidden = all.length < 2;
  at("group").replaceChildren(...all.map((group, number) => element("option", { value: number }, titleOf(group))));
  const pick = () => {
    asked += 1;
    at("answers").replaceChildren();
    state.textContent = "";
    at("inputs").replaceChildren(form(all[at("group").value || 0]));
  };
  at("group").addEventListener("change", pick);
  pick();
}

function form(group) {
  const makers = { pictures: fileForm, sounds: fileForm, texts: textForm, tables: rowForm, numbers: numbersForm };
  return makers[group[0].takes](group);
}

function fileForm(group) {
  const pictures = group[0].takes === "pictures";
  const accept = pictures ? "image/*,.dcm" : "audio/*";
  const preview = element("img", { alt: "What was sent", hidden: "" });
  const take = (file) => {
    if (!file) { return; }
    preview.hidden = !pictures;
    if (pictures) {
      URL.revokeObjectURL(preview.src);
      preview.src = URL.createObjectURL(file);
    }
    const body = new FormData();
    body.append("file", file, file.name || "pasted.png");
    send(group, { body });
  };
  preview.addEventListener("error", () => { preview.hidden = true; });
  const choose = (label, kind, extra = {}) => {
    const input = element("input", { type: "file", accept, "aria-label": label, ...extra });
    input.addEventListener("change", () => { take(input.files[0]); input.value = ""; });
    return element("span", { class: `button ${kind}` }, label, input);
  };
  const what = WORDS[group[0].takes];
  const buttons = [choose(`Choose ${what}`, "")];
  if (pictures) { buttons.push(choose("Take a photo", "plain photo", { capture: "environment" })); }
  const made = element("form", { class: "drop" }, element("div", { class: "choices" }, ...buttons),
    element("p", { class: "soft" }, pictures ? "Or drop one here, or paste it." : "Or drop one here."), preview);
  made.addEventListener("submit", (event) => event.preventDefault());
  made.addEventListener("dragover", (event) => { event.preventDefault(); made.classList.add("over"); });
  made.addEventListener("dragleave", () => made.classList.remove("over"));
  made.addEventListener("drop", (event) => {
    event.preventDefault();
    made.classList.remove("over");
    take(event.dataTransfer.files[0]);
  });
  made.take = take;
  return made;
}

document.addEventListener("paste", (event) => {
  const file = [...(event.clipboardData?.files || [])][0];
  const drop = document.querySelector("form.drop");
  if (file && drop) { drop.take(file); }
});
for (const name of ["dragover", "drop"]) { // a file dropped beside the form would replace the page
  addEventListener(name, (event) => event.preventDefault());
}

function json(value) {
  return { body: JSON.stringify(value), headers: { "Content-Type": "application/json" } };
}

function textForm(group) {
  const text = element("textarea", { required: "", maxlength: 100000 });
  const made = element("form", {}, element("label", {}, element("span", {}, "Text"), text), element("button", {}, "Ask"));
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    send(group, json({ texts: [text.value] }));
  });
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { made.requestSubmit(); }
  });
  return made;
}

function numbersForm(group) {
  const line = element("input", { type: "text", required: "", placeholder: "1.5, 2, 0" });
  const made = element("form", {}, element("label", {}, element("span", {}, "Numbers, with commas between them"), line),
    element("button", {}, "Ask"));
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    send(group, json({ rows: [line.value.split(/[,;\s]+/).filter(Boolean).map(Number)] }));
  });
  return made;
}

function rowForm(group) {
  const fields = Object.entries(group[0].columns).map(([name, schema], number) => field(name, schema, number));
  const made = element("form", {}, element("p", { class: "soft" }, "What is not known stays empty."),
    element("div", { class: "fields" }, ...fields.map((one) => one.label)), element("button", {}, "Ask"));
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    send(group, json({ rows: [Object.fromEntries(fields.map((one) => [one.name, one.value()]))] }));
  });
  return made;
}

// A column of a table: its label, and a function of its value.
function field(name, schema, number) {
  const types = [schema.type].flat();
  const examples = schema.examples || [];
  let input;
  let value = () => (input.value.trim() === "" ? null : input.value);
  if (types[0] === "boolean") {
    input = element("select", {}, ...["", "true", "false"].map((word) => element("option", { value: word }, word || "not known")));
    value = () => (input.value ? input.value === "true" : null);
  } else if (types[0] === "number") {
    input = element("input", { type: "number", step: "any", placeholder: examples.length ? `such as ${examples[0]}` : "" });
    value = () => (input.value === "" ? null : Number(input.value));
  } else if (examples.length) {
    input = element("input", { type: "text", list: `names-${number}`, autocomplete: "off", placeholder: `such as ${examples[0]}` });
  } else {
    input = element(schema.description === "a text" ? "textarea" : "input", { placeholder: schema.description || "" });
  }
  const list = element("datalist", { id: `names-${number}` }, ...examples.map((one) => element("option", { value: one })));
  return { name, value, label: element("label", {}, element("span", {}, name), input, ...(input.list !== undefined ? [list] : [])) };
}

async function send(group, request) {
  const mine = ++asked;
  at("answers").replaceChildren();
  state.textContent = "Asking…";
  const together = group.length === models.length;
  const paths = together ? ["predict"] : group.map((model) => `predict/${model.name}`);
  const found = await Promise.all(paths.map((path) => answersOf(path, request)));
  if (mine !== asked) { return; }
  state.textContent = "";
  const many = models.length > 1;
  at("answers").replaceChildren(...found.flat().map((answer) => answerCard(answer, models, many, picture)));
  at("answers").scrollIntoView({ block: "nearest" });
}

// The answers of an address: one a model, or what went wrong.
async function answersOf(path, request) {
  try {
    const answer = await ask(`${path}?neighbours=${SHOWN_NEIGHBOURS}`, { method: "POST", ...request });
    const value = await answer.json();
    if (value.answers) { return value.answers; }
    return [value.predictions ? value : { error: value.error }];
  } catch {
    return [{ error: "The server does not answer. Start it again." }];
  }
}

// Small pictures need the token, too, which an address in a page could not carry.
async function picture(path, image) {
  const answer = await ask(path.slice(1)).catch(() => null);
  if (answer?.ok) { image.src = URL.createObjectURL(await answer.blob()); } else { image.remove(); }
}

at("token").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem("token", at("token-value").value);
  start();
});
start();
