// The page of a teaching session.

import * as api from "./api.js";
import { hasCamera, watch } from "./camera.js";
import * as classes from "./classes.js";
import * as evidence from "./evidence.js";
import { answerBars, byId, count, dropZone, fileButton, make, onPhone, save, whole } from "./parts.js";

const REFRESH = 700; // milliseconds between two looks at the accuracy while many examples are added
const TYPING = 350; // milliseconds of rest before a text is answered
let now = null; // the state

function show(state) {
  now = state;
  byId("about").textContent = `${state.folder} · ${state.backbone}`;
  byId("undo").disabled = !state.undo;
  byId("download").disabled = byId("report").disabled = !state.ready;
  byId("new-hint").hidden = state.classes.length > 1;
  byId("try-hint").hidden = state.ready;
  byId("try").hidden = !state.ready;
  if (!byId("try").children.length) byId("try").append(state.kind === "texts" ? tryTexts() : tryPictures());
  if (!state.ready) byId("answer").replaceChildren();
  classes.render(state);
  evidence.render(state);
}

function said() {
  const found = now.accuracy;
  return `${count(now.examples.length, "example")}. ` + (found ? `Accuracy ${whole(found.value)} (${whole(found.low)} to ${whole(found.high)}).` : now.missing);
}

const status = (text) => { byId("status").textContent = text; };

function complain(error) {
  const close = make("button", { type: "button", className: "plain small" }, "Dismiss");
  const item = make("li", {}, error.message, close);
  close.addEventListener("click", () => item.remove());
  byId("errors").append(item);
  if (byId("errors").children.length > 5) byId("errors").firstChild.remove();
}

// Whether something went well; what went wrong is said.
async function tell(action) {
  try {
    await action();
    return true;
  } catch (error) {
    complain(error);
    return false;
  }
}

async function change(action, text) {
  const done = await tell(async () => {
    show(await action());
    status(`${text} ${said()}`.trim());
    if (byId("answer").answerAgain) byId("answer").answerAgain();
  });
  if (!done) await api.state().then(show, () => {}); // another tab may have changed it
  return done;
}

let queue = Promise.resolve();

function add(label, files) {
  const work = queue.then(() => addAll(label, files));
  queue = work.catch(() => {});
  return work;
}

async function addAll(label, files) {
  let added = 0, looked = performance.now();
  for (const [place, file] of files.entries()) {
    if (files.length > 1) status(`Adding ${place + 1} of ${files.length} to ${label}…`);
    if (await tell(() => api.add(label, file, file.name))) added += 1;
    if (performance.now() - looked > REFRESH && place + 1 < files.length) {
      await tell(async () => show(await api.state()));
      looked = performance.now();
    }
  }
  await change(api.state, added ? `${count(added, "example")} added to ${label}.` : "");
  return added === files.length;
}

async function answer(content, shown) {
  await tell(async () => {
    const found = await api.predict(content);
    byId("answer").answerAgain = () => answer(content, shown);
    byId("answer").replaceChildren(...shown, make("p", { className: "best" }, found.classes[0].name), ...answerBars(found.classes));
  });
}

function tryFiles(files) {
  const [file] = files;
  if (!file || !now.ready) return;
  const image = make("img", { alt: `The picture that was tried: ${file.name}`, src: URL.createObjectURL(file) });
  image.addEventListener("error", () => image.remove());
  answer(file, [image]);
}

function tryPictures() {
  const line = make("div", { className: "line" }, fileButton("Choose a picture", "image/*,.heic", tryFiles));
  if (onPhone) line.append(fileButton("Photograph", "image/*", tryFiles, true));
  else if (hasCamera()) {
    const button = make("button", { type: "button", className: "plain" }, "Webcam");
    button.addEventListener("click", () => tell(() => watch("What the model says", api.predict)));
    line.append(button);
  }
  const zone = make("div", { className: "drop" }, make("p", {}, onPhone ? "A new picture:" : "Drop a new picture here, or"), line);
  dropZone(zone, tryFiles);
  return zone;
}

function tryTexts() {
  const area = make("textarea", { rows: 4, placeholder: "Write or paste a text" });
  area.setAttribute("aria-label", "A new text");
  let timer;
  area.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => area.value.trim() && answer(area.value, []), TYPING);
  });
  return area;
}

async function busy(button, text, action) {
  button.disabled = true;
  status(text);
  await tell(action);
  button.disabled = !now.ready;
  status(said());
}

byId("new-class").addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = byId("class-name").value.trim();
  if (name && await change(() => api.addClass(name), `${name} is a class now.`)) byId("class-name").value = "";
  byId("class-name").focus();
});
byId("undo").addEventListener("click", () => change(api.undo, "Undone."));
byId("download").addEventListener("click", () => busy(byId("download"), "The model and its report are being written…",
  async () => save(await api.archive(), `${now.folder}.zip`)));
byId("report").addEventListener("click", () => busy(byId("report"), "The report is being written…",
  async () => save(await api.report(), `${now.folder}.html`)));
addEventListener("dragover", (event) => event.preventDefault()); // a file beside a zone must not replace the page
addEventListener("drop", (event) => event.preventDefault());

classes.begin({ add, change, tell, said });
tell(async () => {
  show(await api.state());
  status(now.classes.length ? said() : "");
});
