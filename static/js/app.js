// Dialogs, menus, theme, keyboard. Enhancements only: every page works without them.

const on = (type, selector, act) =>
  document.addEventListener(type, (event) => {
    const found = event.target.closest?.(selector);
    if (found) act(event, found);
  });

// <dialog>: invoker commands where the browser has them, the same attributes by hand where not.
if (!("command" in HTMLButtonElement.prototype)) {
  on("click", "[commandfor]", (event, button) => {
    const dialog = document.getElementById(button.getAttribute("commandfor"));
    if (button.getAttribute("command") === "show-modal") dialog.showModal();
    else dialog.close();
  });
}

// A fragment swapped into a dialog opens it; the first faulty field, else the marked one, takes the focus.
// A form in a dialog that changed the page behind it is done: the dialog closes.
document.addEventListener("htmx:afterSwap", (event) => {
  const dialog = event.target.closest("dialog");
  if (dialog && event.target.childElementCount) {
    if (!dialog.open) dialog.showModal();
    (event.target.querySelector("[aria-invalid=true]") ?? event.target.querySelector("[data-autofocus]"))?.focus();
  } else if (!dialog && event.detail.requestConfig?.elt.closest("dialog")) {
    event.detail.requestConfig.elt.closest("dialog").close();
    document.getElementById("main").focus();
  }
});

// A form that came back as a whole page says first what is wrong with it.
document.querySelector("main [aria-invalid=true]")?.focus();

// A secret shown once must not outlive its dialog.
document.addEventListener("close", (event) => event.target.querySelector("[data-purge]")?.replaceChildren(), true);

// The tab one is on may stand outside a narrow window.
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// Menus are <details>: one click outside or Escape closes them.
const openMenus = () => document.querySelectorAll("details.menu[open]");
document.addEventListener("click", (event) => {
  for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const menu of openMenus()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  }
  const search = document.querySelector("input[type=search]");
  if (event.key === "/" && search && !event.target.closest("input, textarea, select, dialog")) {
    event.preventDefault();
    search.focus();
  }
});

// Theme: at once, and remembered by the same post that works without JavaScript.
on("click", "button[name=theme]", (event, button) => {
  event.preventDefault();
  const root = document.documentElement;
  if (button.value) root.dataset.theme = button.value;
  else delete root.dataset.theme;
  for (const other of button.form.elements) {
    if (other.name === "theme") other.setAttribute("aria-pressed", String(other === button));
  }
  fetch(button.form.action, {
    method: "POST",
    body: new FormData(button.form, button),
    headers: { "HX-Request": "true" }, // the page is here already: no need to send it again
  });
});
