// References by drop, paste or choice: one after another, each with its progress and what became of it.

function line(list, name) {
  const item = document.createElement("li");
  const progress = document.createElement("progress");
  const words = document.createElement("span");
  progress.max = 1;
  progress.value = 0;
  progress.setAttribute("aria-label", `Upload of ${name}`);
  item.append(`${name} `, progress, " ", words);
  list.append(item);
  return {
    advance(share) { progress.value = share; },
    end(text, isRefused) {
      progress.remove();
      words.textContent = text;
      item.classList.toggle("refused", isRefused);
    },
  };
}

// `fetch` does not tell how much has been sent.
function send(address, file, advance) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (event) => advance(event.loaded / event.total));
    request.addEventListener("loadend", () => {
      if (request.status === 201) return resolve(null);
      let detail = request.status === 0 ? "The service does not answer." : `The service answered ${request.status}.`;
      try { detail = JSON.parse(request.responseText).detail ?? detail; } catch { /* It is no problem of ours. */ }
      resolve(detail);
    });
    request.open("POST", address);
    request.send(file);
  });
}

/** Makes a form take pictures. */
export function takeUploads(form, folder) {
  const list = form.querySelector("[data-results]");
  const zone = form.querySelector("[data-zone]");
  const input = form.querySelector("input[type=file]");
  let turn = Promise.resolve();

  const take = (files) => {
    const keep = form.querySelector("[data-keep]").checked ? "&keepNormals=true" : "";
    for (const file of files) {
      const shown = line(list, file.name);
      const address = `/api/v1/folders/${folder}/images?name=${encodeURIComponent(file.name)}${keep}`;
      turn = turn.then(async () => {
        const problem = await send(address, file, shown.advance);
        shown.end(problem ?? "Stored; it is the reference now.", problem !== null);
      });
    }
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    take(input.files);
    form.reset();
  });
  input.addEventListener("change", () => form.requestSubmit());
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      if (!event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      zone.classList.add("over");
    });
  }
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) zone.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    zone.classList.remove("over");
    if (event.dataTransfer.files.length === 0) return;
    event.preventDefault();
    take(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => {
    const files = event.clipboardData?.files ?? [];
    if (files.length > 0) take(files);
  });
}
