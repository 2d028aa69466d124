// The classes with their examples: cards that are kept, so that nothing flickers and the focus stays.

import * as api from "./api.js";
import { hasCamera, takePictures } from "./camera.js";
import { byId, count, dropZone, fileButton, make, onPhone, percent } from "./parts.js";

const cards = new Map(); // by class
const thumbs = new Map(); // by number of the example
let page; // what the page does with a change

export function begin(given) {
  page = given;
}

export function render(state) {
  const names = new Set(state.classes.map((each) => each.name));
  for (const [name, card] of cards) if (!names.has(name)) { card.element.remove(); cards.delete(name); }
  for (const each of state.classes) {
    if (!cards.has(each.name)) cards.set(each.name, card(each.name, state.kind));
    const { element, counted, list } = cards.get(each.name);
    counted.textContent = count(each.examples, "example");
    place(byId("classes"), element, state.classes.indexOf(each));
    renderExamples(list, state, each.name);
  }
  const numbers = new Set(state.examples.map((each) => each.number));
  for (const [number, thumb] of thumbs) if (!numbers.has(number)) { thumb.item.remove(); thumbs.delete(number); }
}

function place(parent, element, index) {
  if (parent.children[index] !== element) parent.insertBefore(element, parent.children[index] || null);
}

function renderExamples(list, state, name) {
  const own = state.examples.filter((each) => each.class === name).reverse(); // the newest first
  own.forEach((example, index) => {
    if (!thumbs.has(example.number)) thumbs.set(example.number, thumb(example, state.kind));
    const { item, button, said } = thumbs.get(example.number);
    const wrong = example.answer !== undefined && example.answer !== example.class;
    button.classList.toggle("wrong", wrong);
    said.textContent = wrong ? `says ${example.answer}` : "";
    button.setAttribute("aria-label", label(example, wrong));
    button.onclick = () => open(example, state);
    place(list, item, index);
  });
}

function label(example, wrong) {
  const found = wrong ? `, answered as ${example.answer} when left out` : "";
  return `${example.text ? example.text.slice(0, 60) : example.name} of ${example.class}${found}: look, move or delete`;
}

function card(name, kind) {
  const counted = make("span", { className: "count" });
  const list = make("ul", { className: kind === "texts" ? "thumbs texts" : "thumbs" });
  const rename = make("button", { type: "button", className: "plain small" }, "Rename");
  const remove = make("button", { type: "button", className: "plain small" }, "Delete");
  rename.setAttribute("aria-label", `Rename ${name}`);
  remove.setAttribute("aria-label", `Delete the class ${name}`);
  const title = make("h3", {}, name);
  const head = make("header", {}, title, counted);
  const element = make("article", { className: "card class" }, head, kind === "texts" ? writing(name) : choosing(name), list,
    make("div", { className: "line" }, rename, remove));
  element.setAttribute("aria-label", `Class ${name}`);
  rename.addEventListener("click", () => renaming(name, head, title));
  remove.addEventListener("click", async () => {
    await page.change(() => api.deleteClass(name), `${name} deleted.`);
    if (!cards.has(name)) byId("undo").focus();
  });
  dropZone(element, (files) => page.add(name, files), (number) => page.change(() => api.move(number, name), `Moved to ${name}.`));
  return { element, counted, list };
}

function choosing(name) {
  const line = make("div", { className: "line" }, fileButton("Choose pictures", "image/*,.heic", (files) => page.add(name, files)));
  if (onPhone) line.append(fileButton("Photograph", "image/*", (files) => page.add(name, files), true));
  else if (hasCamera()) {
    const button = make("button", { type: "button", className: "plain" }, "Webcam");
    button.addEventListener("click", () => page.tell(() => takePictures(`Pictures of ${name}`, async (picture) => {
      await page.add(name, [new File([picture], "webcam.jpg")]);
      return page.said();
    })));
    line.append(button);
  }
  return make("div", { className: "drop" }, make("p", {}, onPhone ? "Pictures of it:" : "Drop pictures here, or"), line);
}

function writing(name) {
  const area = make("textarea", { rows: 3, required: true });
  area.setAttribute("aria-label", `A text of ${name}`);
  const form = make("form", {}, area, make("div", { className: "line wrap" }, make("button", {}, "Add text"),
    fileButton("Choose .txt files", ".txt,text/plain", (files) => page.add(name, files))));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const words = area.value.trim();
    if (words && await page.add(name, [new File([words], "")])) area.value = "";
    area.focus();
  });
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  return form;
}

function renaming(name, head, title) {
  if (head.querySelector("form")) return;
  const input = make("input", { type: "text", value: name, maxLength: 80, required: true });
  input.setAttribute("aria-label", `New name of ${name}`);
  const form = make("form", { className: "line" }, input, make("button", {}, "Save"));
  const end = () => { form.remove(); title.hidden = false; };
  title.hidden = true;
  head.prepend(form);
  input.select();
  input.addEventListener("keydown", (event) => { if (event.key === "Escape") end(); });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const to = input.value.trim();
    if (to === name || await page.change(() => api.renameClass(name, to), `${name} is called ${to} now.`)) end();
  });
}

function thumb(example, kind) {
  const said = make("span", { className: "said" });
  const shown = kind === "texts" ? make("span", { className: "words" }, example.text) : picture(example.number);
  const button = make("button", { type: "button", className: "thumb", draggable: true }, shown, said);
  button.addEventListener("dragstart", (event) => event.dataTransfer.setData("text/x-example", String(example.number)));
  return { item: make("li", {}, button), button, said };
}

function picture(number) {
  const image = make("img", { alt: "", loading: "lazy", draggable: false });
  if (!api.hasToken()) image.src = `examples/${number}/picture`;
  else api.picture(number).then((content) => { image.src = URL.createObjectURL(content); }, () => {});
  return image;
}

function open(example, state) {
  const dialog = byId("example"), select = byId("example-class");
  byId("example-title").textContent = example.name;
  byId("example-shown").replaceChildren(state.kind === "texts" ? example.text : picture(example.number));
  const copy = example.copy ? " A near duplicate of another example." : "";
  byId("example-said").textContent = (example.answer === undefined ? "" :
    `Without it the model says ${example.answer} (${percent(example.probability)}).`) + copy;
  select.replaceChildren(...state.classes.map((each) => make("option", { selected: each.name === example.class }, each.name)));
  select.onchange = async () => {
    await page.change(() => api.move(example.number, select.value), `Moved to ${select.value}.`);
    dialog.close();
  };
  byId("example-delete").onclick = async () => {
    const { item } = thumbs.get(example.number) || {};
    const next = item?.nextElementSibling || item?.previousElementSibling;
    await page.change(() => api.remove(example.number), `${example.name} deleted.`);
    dialog.close();
    if (!thumbs.has(example.number)) (next?.querySelector("button") || byId("undo")).focus();
  };
  dialog.showModal();
}

byId("example-close").addEventListener("click", () => byId("example").close());
