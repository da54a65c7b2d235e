// Short messages in the corner, and copying to the clipboard.

const SHOWN_MS = 5000;

function toast(text, kind = "ok") {
  const region = document.getElementById("toasts");
  const message = document.createElement("p");
  message.className = `toast ${kind}`;
  message.textContent = text;
  // an open modal makes the rest of the page inert, so the region moves into it
  (document.querySelector("dialog:modal") ?? document.body).append(region);
  region.append(message);
  setTimeout(() => message.remove(), SHOWN_MS);
}

// a dialog that is closed or emptied must not take the region along
document.addEventListener("close", () => document.body.append(document.getElementById("toasts")), true);

// the server's `HX-Trigger: {"toast": {"text": …, "kind": …}}` arrives as an event
document.addEventListener("toast", (event) => toast(event.detail.text, event.detail.kind));
for (const failure of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(failure, () => toast(document.body.dataset.offline, "bad"));
}
document.addEventListener("htmx:responseError", () => toast(document.body.dataset.failed, "bad"));
for (const message of document.querySelectorAll("#toasts .toast")) setTimeout(() => message.remove(), SHOWN_MS);

// The asynchronous clipboard needs https or localhost; on a plain-http network the old command still copies.
async function write(text, near) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = Object.assign(document.createElement("textarea"), { value: text, className: "sr" });
    near.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  const source = document.querySelector(button.dataset.copy);
  if (await write((source.value ?? source.textContent).trim(), button.parentElement)) {
    button.classList.add("is-copied");
    toast(button.dataset.copied);
    setTimeout(() => button.classList.remove("is-copied"), 1600);
  } else {
    getSelection().selectAllChildren(source);
    toast(button.dataset.uncopied, "bad");
  }
});
