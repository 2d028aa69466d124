// The server of the session: every answer, or an error in words.

const KEY = "token";
if (location.hash.startsWith("#token=")) {
  sessionStorage.setItem(KEY, decodeURIComponent(location.hash.slice(7)));
  history.replaceState(null, "", location.pathname);
}
let token = sessionStorage.getItem(KEY) || "";

async function asked() {
  const dialog = document.getElementById("token");
  if (!dialog.open) dialog.showModal();
  await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
  token = document.getElementById("token-value").value;
  sessionStorage.setItem(KEY, token);
}

async function send(path, method, body, json) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  headers["Content-Type"] = json ? "application/json" : "application/octet-stream";
  try {
    return await fetch(path, { method, headers, body: json ? JSON.stringify(body) : body });
  } catch {
    throw new Error("The session does not answer. Was headstart teach ended? What was added until then is kept.");
  }
}

async function request(path, method = "GET", body = undefined, json = false) {
  let answer = await send(path, method, body, json);
  while (answer.status === 401) {
    await asked();
    answer = await send(path, method, body, json);
  }
  for (let tries = 0; answer.status === 503 && tries < 20; tries += 1) {
    await new Promise((done) => setTimeout(done, 500));
    answer = await send(path, method, body, json);
  }
  if (answer.ok) return answer;
  let text = `The server answered ${answer.status}.`;
  try {
    text = (await answer.json()).error || text;
  } catch { /* no JSON: the status says enough */ }
  throw new Error(text);
}

const value = async (...given) => (await request(...given)).json();
const blob = async (...given) => (await request(...given)).blob();

export const hasToken = () => token !== "";
export const state = () => value("state");
export const addClass = (name) => value("classes", "POST", { name }, true);
export const renameClass = (name, to) => value("classes/rename", "POST", { name, to }, true);
export const deleteClass = (name) => value("classes/delete", "POST", { name }, true);
export const add = (label, content, name) =>
  value(`examples?${new URLSearchParams({ class: label, name })}`, "POST", content);
export const remove = (number) => value(`examples/${number}`, "DELETE");
export const move = (number, label) => value(`examples/${number}/class`, "POST", { class: label }, true);
export const undo = () => value("undo", "POST");
export const predict = (content) => value("predict", "POST", content);
export const picture = (number) => blob(`examples/${number}/picture`);
export const archive = () => blob("download", "POST");
export const report = () => blob("report", "POST");
