import * as ort from "./ort/ort.wasm.min.mjs";
import { encode } from "./encode.js";
import { prepare } from "./resize.js";
import { ids } from "./tokenize.js";

const SHOWN = 8; // outputs that are listed
const $ = (id) => document.getElementById(id);
const add = (parent, tag, values = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), values);
  made.append(...children);
  parent.append(made);
  return made;
};
let told, session, tokenizer;

// RGB of a picture, upright and on white
export async function pixels(file) {
  const options = { imageOrientation: "from-image", colorSpaceConversion: "none", premultiplyAlpha: "none" };
  const bitmap = await createImageBitmap(file, options);
  const canvas = Object.assign(document.createElement("canvas"), { width: bitmap.width, height: bitmap.height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  const rgb = new Uint8Array((data.length / 4) * 3);
  for (let from = 0, to = 0; from < data.length; from += 4) {
    rgb[to++] = data[from];
    rgb[to++] = data[from + 1];
    rgb[to++] = data[from + 2];
  }
  return { data: rgb, width: canvas.width, height: canvas.height };
}

const tensors = {
  pictures: async (file) => {
    const rule = told.input;
    return new ort.Tensor("uint8", prepare(await pixels(file), rule), [1, 3, ...rule.size]);
  },
  texts: async (text) => {
    const found = ids(text, tokenizer, told.input);
    return new ort.Tensor("int64", BigInt64Array.from(found, BigInt), [1, found.length]);
  },
  tables: async (cells) => {
    const found = encode(cells, told.input);
    return new ort.Tensor("float32", found, [1, found.length]);
  },
};

// the outputs for a picture, a text or the cells of a row
export async function predict(item) {
  const found = await session.run({ x: await tensors[told.input.kind](item) });
  return Array.from(Object.values(found)[0].data);
}

async function answer(item) {
  $("state").textContent = "The model is reading…";
  try {
    const begun = performance.now(), outputs = await predict(item);
    show(item, outputs);
    $("state").textContent = `Answered in ${Math.round(performance.now() - begun)} ms.`;
  } catch (error) {
    $("answer").hidden = true;
    $("state").textContent = `This can't be read: ${error.message ?? error}`;
  }
}

// the class that headstart says: by the threshold, if there is one; "unsure" below a probability
export function label(outputs, said = told) {
  const best = outputs.indexOf(Math.max(...outputs)), positive = said.labels.indexOf(said.positive);
  if (outputs[best] < said.abstain_below) return "unsure";
  if (positive < 0) return said.labels[best];
  return said.labels[outputs[positive] >= said.threshold ? positive : 1 - positive];
}

function show(item, outputs) {
  const place = $("answer"), kind = told.label_kind;
  place.replaceChildren();
  place.hidden = false;
  if (item instanceof Blob) add(place, "img", { src: URL.createObjectURL(item), alt: "The picture that was read" });
  const said = add(place, "div", { className: "said" });
  let order = outputs.map((_, n) => n);
  if (kind !== "numbers") order = order.sort((a, b) => outputs[b] - outputs[a]).slice(0, SHOWN);
  const heading = {
    classes: kind === "classes" && label(outputs),
    tags: told.labels.filter((_, n) => outputs[n] >= 0.5).join(", ") || "no tag",
  }[kind];
  if (heading) add(said, "h2", { textContent: heading });
  for (const n of order) {
    const value = kind === "numbers" ? Number(outputs[n].toPrecision(5)) : `${(100 * outputs[n]).toFixed(1)} %`;
    const row = add(said, "div", { className: "bar" }, add(said, "span", { textContent: told.labels[n] }),
      add(said, "b", { textContent: value }));
    if (kind !== "numbers") add(row, "i").style.setProperty("--share", `${100 * outputs[n]}%`);
  }
}

function fileButton(parent, text, className, capture) {
  const label = add(parent, "label", { className, textContent: text });
  const input = add(label, "input", { type: "file", accept: "image/*" });
  if (capture) input.setAttribute("capture", "environment");
  input.addEventListener("change", () => input.files[0] && answer(input.files[0]));
}

const forms = {
  pictures: (form) => {
    form.className = "drop";
    const choices = add(form, "div", { className: "choices" });
    fileButton(choices, "Choose a picture", "button", false);
    if (matchMedia("(pointer: coarse)").matches) fileButton(choices, "Take a photo", "button plain", true);
    add(form, "div", { textContent: "or drop one here" });
    for (const name of ["dragover", "dragleave", "drop"]) {
      form.addEventListener(name, (event) => {
        event.preventDefault();
        form.classList.toggle("over", name === "dragover");
        if (name === "drop" && event.dataTransfer.files[0]) answer(event.dataTransfer.files[0]);
      });
    }
  },
  texts: (form) => {
    const label = add(form, "label", {}, add(form, "span", { textContent: "Text" }));
    const area = add(label, "textarea", { name: "text", required: true });
    add(form, "button", { textContent: "Predict" });
    return () => answer(area.value);
  },
  tables: (form) => {
    const fields = add(form, "div", { className: "fields" }), seen = new Set();
    for (const column of told.input.columns) {
      if (seen.has(column.name)) continue;
      seen.add(column.name);
      const label = add(fields, "label", {}, add(fields, "span", { textContent: column.name }));
      if (column.categories.length && !column.part) {
        const choice = add(label, "select", { name: column.name });
        for (const name of ["", ...column.categories]) add(choice, "option", { value: name, textContent: name || "not known" });
      } else {
        const hint = column.kind === "date" ? "2026-01-31 12:00" : "a number";
        add(label, "input", { type: "text", name: column.name, placeholder: hint,
          inputMode: column.kind === "numeric" ? "decimal" : "text" });
      }
    }
    add(form, "button", { textContent: "Predict" });
    return () => answer(Object.fromEntries(new FormData(form)));
  },
};

async function start() {
  ort.env.wasm.wasmPaths = new URL("./ort/", import.meta.url).href;
  ort.env.wasm.numThreads = 1; // more need headers that a plain file server does not send
  told = await (await fetch("model.json")).json();
  if (told.input.kind === "texts") tokenizer = await (await fetch("tokenizer.json")).json();
  const names = told.labels.slice(0, 12).join(", "), more = told.labels.length - 12;
  $("title").textContent = document.title = told.title;
  $("about").textContent = `Predicts ${told.label_kind}: ${names}${more > 0 ? ` and ${more} more` : ""}. Backbone ${told.backbone}.`;
  session = await ort.InferenceSession.create("model.onnx", { executionProviders: ["wasm"] });
  const form = $("input"), submit = forms[told.input.kind](form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit?.();
  });
  form.hidden = false;
  $("state").textContent = "Ready.";
  window.predict = predict;
}

start().catch((error) => {
  $("state").textContent = `The model can't be loaded: ${error.message ?? error}`;
});
