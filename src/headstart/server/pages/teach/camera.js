// The camera of the machine in a dialog: pictures one by one, or looked at all the time.

import { answerBars, byId } from "./parts.js";

const SIDE = 480; // pixels: more than most backbones read
const PAUSE = 250; // milliseconds between two looks

export const hasCamera = () => Boolean(navigator.mediaDevices && navigator.mediaDevices.getUserMedia);

function frame(video) {
  const scale = SIDE / Math.min(video.videoWidth, video.videoHeight);
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(video.videoWidth * Math.min(1, scale));
  canvas.height = Math.round(video.videoHeight * Math.min(1, scale));
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
}

async function started() {
  try {
    return await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
  } catch (error) {
    const why = error.name === "NotAllowedError" ? "Allow it in the browser's settings of this page" : "None was found";
    throw new Error(`The camera can't be used. ${why}, or choose files.`);
  }
}

async function opened(title) {
  const dialog = byId("camera"), video = byId("camera-video");
  byId("camera-title").textContent = title;
  byId("camera-said").textContent = "";
  byId("camera-answer").replaceChildren();
  byId("camera-take").disabled = true;
  const stream = await started();
  video.srcObject = stream;
  dialog.showModal();
  dialog.addEventListener("close", () => {
    stream.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
  }, { once: true });
  await video.play();
  return { dialog, video };
}

// Each picture that is taken goes to `taken`, which answers with what is said of it.
export async function takePictures(title, taken) {
  const { dialog, video } = await opened(title), button = byId("camera-take");
  button.hidden = button.disabled = false;
  button.onclick = async () => {
    button.disabled = true;
    try {
      byId("camera-said").textContent = await taken(await frame(video));
    } finally {
      button.disabled = false;
      button.focus();
    }
  };
  button.focus();
  await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
}

// What `answer` says of what the camera sees, until the dialog is closed.
export async function watch(title, answer) {
  const { dialog, video } = await opened(title);
  byId("camera-take").hidden = true;
  try {
    while (dialog.open) {
      const found = await answer(await frame(video));
      byId("camera-answer").replaceChildren(...answerBars(found.classes));
      await new Promise((done) => setTimeout(done, PAUSE));
    }
  } finally {
    dialog.close();
  }
}

byId("camera-close").addEventListener("click", () => byId("camera").close());
