// Making the latest frame the reference: exactly the picture that was looked at.
import { problemInWords } from "../live/events.js";

/** Makes an offer work: its dialog shows the latest frame, and stores it once that was confirmed. */
export function offerFrame(element, dialog, folder) {
  const image = dialog.querySelector("img");
  const words = dialog.querySelector("[data-words]");
  const store = dialog.querySelector("[data-store]");
  let frame = null;

  const open = async () => {
    words.textContent = "";
    frame = null;
    store.disabled = true;
    image.hidden = true;
    dialog.showModal();
    const response = await fetch(`/api/v1/folders/${folder}/frame`).catch(() => null);
    if (!response?.ok) {
      words.textContent = response === null ? "The service does not answer." : await problemInWords(response);
      return;
    }
    frame = { at: response.headers.get("stored-at"), picture: await response.blob() };
    URL.revokeObjectURL(image.src);
    image.src = URL.createObjectURL(frame.picture);
    image.hidden = false;
    store.disabled = false;
  };

  const confirm = async () => {
    store.disabled = true;
    const [, kind] = frame.picture.type.split("/");
    const name = `frame-${frame.at.slice(0, 19).replace(/[^0-9]/g, "")}.${kind}`;
    const keep = dialog.querySelector("[data-keep]").checked ? "&keepNormals=true" : "";
    const address = `/api/v1/folders/${folder}/images?name=${name}${keep}`;
    const response = await fetch(address, { method: "POST", body: frame.picture }).catch(() => null);
    if (response?.ok) return dialog.close();
    words.textContent = response === null ? "The service does not answer." : await problemInWords(response);
    store.disabled = false;
  };

  element.querySelector("[data-open]").addEventListener("click", open);
  store.addEventListener("click", confirm);
}
