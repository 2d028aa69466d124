"use strict";
for (const button of document.querySelectorAll("button.copy")) {
  const code = button.parentElement.querySelector("code");
  const say = (text) => {
    button.textContent = text;
    setTimeout(() => { button.textContent = "Copy"; }, 1600);
  };
  const select = () => {
    getSelection().selectAllChildren(code);
    say("Selected");
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    if (!navigator.clipboard) { select(); return; }
    navigator.clipboard.writeText(code.textContent).then(() => say("Copied"), select);
  });
}
const links = new Map();
for (const link of document.querySelectorAll(".contents a")) {
  links.set(link.hash.slice(1), link);
}
const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) { continue; }
    for (const link of links.values()) { link.removeAttribute("aria-current"); }
    links.get(entry.target.id).setAttribute("aria-current", "location");
  }
}, { rootMargin: "-15% 0px -75% 0px" });
for (const id of links.keys()) { seen.observe(document.getElementById(id)); }
