// Times that are typed are those of the viewer, as all that are shown. The service reads and writes them in UTC.

const two = (number) => String(number).padStart(2, "0");

/** As a browser's field for a date and a time has it. */
function local(utc) {
  const at = new Date(`${utc}Z`);
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const seconds = at.getSeconds() === 0 ? "" : `:${two(at.getSeconds())}`;
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}${seconds}`;
}

/** Makes a form show and take local times; a page without one is left alone. */
export function takeLocalTimes(form) {
  const fields = [...form?.querySelectorAll("input[type=datetime-local]") ?? []];
  for (const field of fields) {
    if (field.defaultValue !== "") field.value = local(field.defaultValue);
    field.closest("label").querySelector("[data-zone]").remove();
  }
  form?.addEventListener("formdata", ({ formData }) => {
    for (const { name, value } of fields) {
      if (value !== "") formData.set(name, new Date(value).toISOString().replace(".000Z", "Z"));
    }
  });
}
