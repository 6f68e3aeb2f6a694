// Connecting a camera: a test of what the form says, its steps, and the first picture as the reference.
import { problemInWords } from "../live/events.js";

const NUMBERS = ["everySeconds", "maxWidth"];

/** What the form says, as the API takes it. */
function cameraIn(form) {
  const camera = { watchFrozen: form.elements.watchFrozen.checked };
  for (const { name, value } of form.querySelectorAll("input[name]:not([type=checkbox])")) {
    const text = name === "password" ? value : value.trim();
    if (text !== "") camera[name] = NUMBERS.includes(name) ? Number(text) : text;
  }
  return camera;
}

function pictureOf({ picture, contentType }) {
  const bytes = Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0));
  return new Blob([bytes], { type: contentType });
}

/** Makes the test beside a form work; what comes of it is shown in `result`. */
export function offerTest(form, result, folder) {
  const button = form.querySelector("[data-camera-test]");
  const words = result.querySelector("[data-words]");
  const steps = result.querySelector("[data-steps]");
  const image = result.querySelector("img");
  const frame = image.parentElement;
  const store = result.querySelector("[data-store]");
  let picture = null;

  const show = (test) => {
    const lines = [...(test.steps ?? []).map((step) => [step, false]), ...(test.failure ? [[test.failure, true]] : [])];
    steps.replaceChildren(...lines.map(([text, isFailure]) => {
      const line = document.createElement("li");
      line.textContent = `${isFailure ? "Failed" : "OK"}: ${text}`;
      line.classList.toggle("refused", isFailure);
      return line;
    }));
    words.textContent = test.failure ? "The test failed." : "Pictures come.";
    picture = test.picture ? pictureOf(test) : null;
    if (picture === null) return;
    URL.revokeObjectURL(image.src);
    image.src = URL.createObjectURL(picture);
    frame.hidden = store.hidden = false;
    store.disabled = false;
  };

  const test = async () => {
    if (!form.reportValidity()) return;
    result.hidden = false;
    frame.hidden = store.hidden = true;
    steps.replaceChildren();
    words.textContent = "Testing. This may take 40 seconds.";
    button.disabled = true;
    const body = JSON.stringify(cameraIn(form));
    const response = await fetch(`/api/v1/folders/${folder}/camera/test`, { method: "POST", body }).catch(() => null);
    if (response?.ok) show(await response.json());
    else words.textContent = response === null ? "The service does not answer." : await problemInWords(response);
    button.disabled = false;
  };

  const storeReference = async () => {
    store.disabled = true;
    const [, kind] = picture.type.split("/");
    const at = new Date().toISOString().slice(0, 19).replace(/[^0-9]/g, "");
    const address = `/api/v1/folders/${folder}/images?name=camera-${at}.${kind}`;
    const response = await fetch(address, { method: "POST", body: picture }).catch(() => null);
    if (response?.ok) {
      words.textContent = "It is the reference now.";
      store.hidden = true;
      return;
    }
    words.textContent = response === null ? "The service does not answer." : await problemInWords(response);
    store.disabled = false;
  };

  button.hidden = false;
  button.addEventListener("click", test);
  store.addEventListener("click", storeReference);
}
