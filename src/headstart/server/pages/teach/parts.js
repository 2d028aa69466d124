// Elements of the page, and how numbers are written.

export const byId = (id) => document.getElementById(id);

export function make(tag, settings = {}, ...inside) {
  const found = Object.assign(document.createElement(tag), settings);
  found.append(...inside);
  return found;
}

export const percent = (share) => `${(100 * share).toFixed(share > 0.9995 || share < 0.0005 ? 0 : 1)}\u00a0%`;
export const whole = (share) => `${Math.round(100 * share)}\u00a0%`;
export const count = (number, thing) => `${number.toLocaleString("en")} ${thing}${number === 1 ? "" : "s"}`;

export function bar(name, share, shown) {
  const line = make("i", { ariaHidden: "true" });
  line.style.setProperty("--share", `${100 * share}%`);
  return make("div", { className: "bar" }, make("span", {}, name), make("b", {}, shown), line);
}

export function answerBars(classes) {
  return classes.slice(0, 8).map((each) => bar(each.name, each.probability, percent(each.probability)));
}

export function save(content, name) {
  const url = URL.createObjectURL(content);
  const link = make("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}

// What is dropped on an element: files go to `files`, the number of an example of this page to `example`.
export function dropZone(element, files, example = () => {}) {
  const wanted = (event) => [...event.dataTransfer.types].some((type) => type === "Files" || type === "text/x-example");
  element.addEventListener("dragover", (event) => {
    if (!wanted(event)) return;
    event.preventDefault();
    element.classList.add("over");
  });
  element.addEventListener("dragleave", (event) => {
    if (!element.contains(event.relatedTarget)) element.classList.remove("over");
  });
  element.addEventListener("drop", (event) => {
    if (!wanted(event)) return;
    event.preventDefault();
    element.classList.remove("over");
    const number = event.dataTransfer.getData("text/x-example");
    if (number) example(Number(number));
    else files([...event.dataTransfer.files]);
  });
}

// A button that opens the files of the machine, or with `capture` the camera of a phone.
export function fileButton(title, accept, files, capture = false) {
  const input = make("input", { type: "file", accept, multiple: !capture });
  if (capture) input.setAttribute("capture", "environment");
  input.addEventListener("change", () => {
    files([...input.files]);
    input.value = "";
  });
  return make("label", { className: "button plain" }, title, input);
}

export const onPhone = matchMedia("(pointer: coarse)").matches;
